//! `.config/windlass.toml`, key by key. The workspace's own steps have a file of their own.

use windlass_record::Outcome;

use crate::fixture::{Fixture, LIB, manifest};

#[test]
fn an_excluded_package_is_left_out_where_its_platform_is_and_listed_with_its_reason() {
    let it = Fixture::empty();
    it.file("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"app\", \"always\", \"here\", \"elsewhere\"]\n");
    it.file("app/Cargo.toml", &manifest("app", ""));
    it.file("app/src/lib.rs", LIB);
    for name in ["always", "here", "elsewhere"] {
        it.file(&format!("{name}/Cargo.toml"), &manifest(name, ""));
        it.file(&format!("{name}/src/lib.rs"), "compile_error!(\"not here\");\n");
    }
    it.file("elsewhere/src/lib.rs", LIB);
    let config = "[ci]
exclude = [
    { package = \"always\", reason = \"it is a sketch\" },
    { package = \"here\", platform = \"cfg(unix)\", reason = \"it needs a registry of Windows\" },
    { package = \"elsewhere\", platform = \"cfg(windows)\", reason = \"it needs epoll\" },
]
";
    it.file(".config/windlass.toml", config);
    let it = it.locked();

    let ended = it.windlass(&["ci", "--stage", "build,fmt"]).exits(0);
    let record = it.record();
    assert_eq!(record.step("fmt").unwrap().command, "cargo fmt --check -p app -p elsewhere");
    let build = "cargo test --no-run --workspace --exclude always --exclude here --locked";
    assert!(record.step("build").unwrap().command.ends_with(build), "{}", record.step("build").unwrap().command);
    for line in
        ["package `always` is not run: it is a sketch", "package `here` is not run: it needs a registry of Windows"]
    {
        assert!(record.run.notes.iter().any(|note| note == line), "{:?}", record.run.notes);
        assert!(ended.stdout.contains(line), "{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("it needs epoll"), "{}", ended.stdout);

    it.file(".config/windlass.toml", "[ci]\nexclude = [{ package = \"alwys\", reason = \"a slip\" }]\n");
    let refused = it.windlass(&["ci", "--dry-run"]).exits(2).stderr;
    assert!(refused.contains(".config/windlass.toml:2: `ci.exclude`: `alwys` is excluded"), "{refused}");
    assert!(refused.contains("did you mean `always`?"), "{refused}");
}

#[test]
fn features_are_those_of_the_crates_or_a_list_or_all() {
    let it = Fixture::app();
    it.file("Cargo.toml", &manifest("app", "[features]\none = []\ntwo = []\n"));
    it.file(
        "src/lib.rs",
        "//! A library.\n\n#[cfg(not(feature = \"one\"))]\ncompile_error!(\"`one` is off\");\n\n\
         #[cfg(feature = \"two\")]\ncompile_error!(\"`two` is on\");\n",
    );
    let build = |it: &Fixture| (it.windlass(&["ci", "--stage", "build"]).code, it.log("build"));

    let (code, log) = build(&it);
    assert!(code == Some(1) && log.contains("`one` is off"), "{log}");
    it.file(".config/windlass.toml", "[ci]\nfeatures = [\"one\"]\n");
    let (code, log) = build(&it);
    assert_eq!(code, Some(0), "{log}");
    it.file(".config/windlass.toml", "[ci]\nfeatures = \"all\"\n");
    let (code, log) = build(&it);
    assert!(code == Some(1) && log.contains("`two` is on"), "{log}");
    let planned = it.windlass(&["ci", "--dry-run"]).exits(0).stdout;
    for stage in ["cargo clippy", "cargo test --no-run", "cargo nextest run", "cargo test --doc", "cargo doc"] {
        let line = planned.lines().find(|line| line.contains(stage)).unwrap();
        assert!(line.contains("--all-features"), "{line}");
    }
}

#[test]
fn a_stage_that_the_configuration_skips_is_listed_and_runs_when_it_is_asked_for() {
    let it = Fixture::app();
    it.file("src/lib.rs", "pub  fn badly_formatted( ) { }\n");
    let config = "[ci]\nskip = [\"fmt\", \"clippy\", \"build\", \"test\", \"doctest\", \"doc\"]\n";
    it.file(".config/windlass.toml", config);

    let ended = it.windlass(&["ci"]).exits(0);
    let reason = "skipped by `ci.skip` in .config/windlass.toml";
    assert_eq!(it.outcome("fmt"), Outcome::Skipped { reason: reason.into() });
    assert!(ended.stdout.contains(&format!("  fmt: {reason}\n")), "{}", ended.stdout);
    assert!(it.passed("lock"));

    it.windlass(&["ci", "--stage", "fmt"]).exits(1);
    assert!(it.outcome("fmt").is_failure());

    it.file(".config/windlass.toml", "[ci]\nskip = [\"build\"]\n");
    let refused = it.windlass(&["ci", "--dry-run"]).exits(2).stderr;
    assert!(refused.contains("`build` cannot be skipped by `ci.skip` in .config/windlass.toml"), "{refused}");
    assert!(refused.contains("`test` needs it"), "{refused}");
}
