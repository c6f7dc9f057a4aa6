//! Workspaces without a lockfile, and with one that does not fit.

use windlass_record::Outcome;

use crate::fixture::{Fixture, manifest};

#[test]
fn without_a_lockfile_no_command_is_locked_which_is_said_and_none_is_left_behind() {
    let it = Fixture::app();
    std::fs::remove_file(it.path("Cargo.lock")).unwrap();

    it.windlass(&["ci"]).exits(0);
    let record = it.record();
    for step in &record.steps {
        assert!(!step.command.contains("--locked"), "{}", step.command);
    }
    assert_eq!(it.outcome("lock"), Outcome::Skipped { reason: "there is no Cargo.lock".into() });
    assert!(record.run.notes.iter().any(|note| note.starts_with("no Cargo.lock: no command gets `--locked`")));
    assert!(!it.path("Cargo.lock").exists());

    // Neither is it when something fails.
    it.file("src/lib.rs", "mod missing;\n");
    it.windlass(&["ci", "--stage", "build"]).exits(1);
    assert!(!it.path("Cargo.lock").exists());
}

#[test]
fn a_stale_lockfile_fails_its_stage_alone_and_stays_as_it_is() {
    let it = Fixture::app();
    it.file("Cargo.toml", &manifest("app", "[dependencies]\nother = { path = \"other\" }\n"));
    it.file("other/Cargo.toml", &manifest("other", ""));
    it.file("other/src/lib.rs", "");
    let before = it.read("Cargo.lock");

    let ended = it.windlass(&["ci"]).exits(1);
    assert_eq!(it.read("Cargo.lock"), before);
    assert!(it.outcome("lock").is_failure());
    assert!(it.passed("fmt"));
    for stage in ["clippy", "build", "doctest", "doc"] {
        let reason = "needs `lock`, which did not pass".to_owned();
        assert_eq!(it.outcome(stage), Outcome::Skipped { reason }, "{stage}");
    }
    assert!(matches!(it.outcome("test"), Outcome::Skipped { .. }));
    assert!(ended.stdout.contains("`ci.skip = [\"lock\"]` in .config/windlass.toml relaxes this"), "{}", ended.stdout);
    assert_ne!(it.shell(&it.record().step("lock").unwrap().command).code, Some(0));
}
