//! What the arguments and the environment change.

use std::fs;

use windlass_record::Event;

use crate::fixture::{Fixture, LIB, ended};

#[test]
fn a_stage_brings_what_it_needs_and_nothing_else() {
    let it = Fixture::app();
    let cases = [
        (["--stage", "test"], &["lock", "build", "test"][..]),
        (["--stage", "fmt"], &["fmt"]),
        (["--stage", "doc,fmt"], &["fmt", "lock", "doc"]),
    ];
    for (args, expected) in cases {
        let planned = it.windlass(&[&["ci", "--dry-run", "--json"], &args[..]].concat()).exits(0).stdout;
        let planned: serde_json::Value = serde_json::from_str(&planned).unwrap();
        let names = planned["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_stage_that_is_unknown_or_needed_is_refused_with_what_would_be_right() {
    let it = Fixture::app();
    let cases: [(&[&str], &str); 4] = [
        (&["--stage", "docs"], "`--stage docs`: there is no such stage; did you mean `doc`?"),
        (&["--skip", "clipy"], "`--skip clipy`: there is no such stage; did you mean `clippy`?"),
        (&["--skip", "build"], "`build` cannot be skipped by --skip: `test` needs it; skip both or none"),
        (
            &["--stage", "fmt", "--skip", "fmt"],
            "`fmt` is asked for by `--stage` and skipped by --skip; drop one of the two",
        ),
    ];
    for (args, message) in cases {
        let refused = it.windlass(&[&["ci"], args].concat()).exits(2);
        assert_eq!(refused.stderr, format!("error: {message}\n"));
    }
    assert!(!it.path("target").exists());

    let planned = it.windlass(&["ci", "--dry-run", "--skip", "build,test"]).exits(0).stdout;
    assert!(planned.contains("build is not run: skipped by --skip"), "{planned}");
}

#[test]
fn a_plan_is_printed_whole_and_nothing_is_written() {
    let it = Fixture::app();
    fs::remove_file(it.path("Cargo.lock")).unwrap();
    let text = it.windlass(&["ci", "--dry-run"]).exits(0);
    let script = it.windlass(&["ci", "--explain"]).exits(0);
    let json = it.windlass(&["ci", "--dry-run", "--json"]).exits(0);
    let mut left: Vec<_> = fs::read_dir(it.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["Cargo.toml", "rust-toolchain.toml", "src"]);

    assert!(text.stdout.contains("lock is not run: there is no Cargo.lock"), "{}", text.stdout);
    let tool_config = it.path("target/windlass/nextest.toml");
    assert!(script.stdout.contains(&format!("\ncat > {} <<", tool_config.display())), "{}", script.stdout);
    assert!(script.stdout.contains("\n[profile.default.junit]\n"), "{}", script.stdout);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(json["files"].get(tool_config.to_str().unwrap()).is_some(), "{json}");
}

#[test]
fn an_explanation_is_ready_to_paste_before_any_run() {
    let it = Fixture::app();
    let script = it.windlass(&["ci", "--explain"]).exits(0).stdout;
    it.shell(&format!("set -e\n{script}")).exits(0);
    assert!(it.path("target/nextest/default/junit.xml").exists());
    assert!(it.path("target/doc/app/index.html").exists());
}

#[test]
fn with_json_standard_output_is_events_and_nothing_else() {
    let it = Fixture::app();
    it.file("src/lib.rs", "pub  fn badly_formatted( ) { }\n");
    let ended = ended(it.command(&["ci", "--stage", "fmt,lock", "--json"]).env("CI", "true")).exits(1);
    let events: Vec<Event> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let finished = events.iter().filter(|event| matches!(event, Event::Finished { .. })).count();
    assert_eq!(finished, 2);
    assert!(events.iter().any(|event| matches!(event, Event::Output { text, .. } if text.contains("badly_formatted"))));
    assert!(ended.stderr.contains("✗ fmt"), "{}", ended.stderr);
}

#[test]
fn github_gets_groups_annotations_and_a_summary() {
    let it = Fixture::app();
    it.file("src/lib.rs", "//! A library.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    return a + b;\n}\n");
    it.file("summary.md", "# What was there before\n");
    let mut command = it.command(&["ci", "--stage", "clippy"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", it.path("summary.md"));
    let out = ended(&mut command).exits(1).stdout;
    assert!(out.contains("ci: github (suggested by GITHUB_ACTIONS)"), "{out}");
    assert!(out.contains("::group::clippy") && out.contains("::endgroup::"), "{out}");
    let annotations: Vec<_> = out.lines().filter(|line| line.starts_with("::error ")).collect();
    // Once, although clippy says it of the library and of its tests.
    let [annotation] = annotations.as_slice() else { panic!("{annotations:#?}") };
    assert!(annotation.contains("file=src/lib.rs,line=5"), "{annotation}");
    let summary = it.read("summary.md");
    assert!(summary.starts_with("# What was there before\n") && summary.contains("clippy"), "{summary}");
}

#[test]
fn output_without_a_last_line_feed_hides_no_command_from_github() {
    let it = Fixture::app();
    let step = |name, rest| format!("[[ci.step]]\nname = \"{name}\"\nrun = \"printf {name}-is-open\"\n{rest}");
    it.file(".config/windlass.toml", &(step("a", "") + &step("b", "uses = []\n")));
    let out = it.windlass(&["ci", "--stage", "a,b", "--ci", "github"]).exits(0).stdout;
    assert!(out.contains("a-is-open\n::") && out.contains("b-is-open\n::"), "{out}");
    assert!(!out.contains("\n\n::"), "{out}");
}

#[test]
fn a_summary_that_cannot_be_written_costs_neither_the_record_nor_the_exit_code() {
    let it = Fixture::app();
    for (source, code) in [(LIB, 3), ("pub  fn badly_formatted( ) { }\n", 1)] {
        it.file("src/lib.rs", source);
        let mut command = it.command(&["ci", "--stage", "fmt", "--ci", "github"]);
        let ended = ended(command.env("GITHUB_STEP_SUMMARY", it.path("no/such/summary.md"))).exits(code);
        assert!(ended.stderr.starts_with("error: cannot append to `"), "{}", ended.stderr);
        assert!(ended.stdout.contains("\nrecord: "), "{}", ended.stdout);
        assert_eq!(it.passed("fmt"), code == 3);
    }
}

#[test]
fn what_the_environment_suggests_is_overridden() {
    let it = Fixture::app();
    let run = |ci: &[&str]| {
        let args = [&["ci", "--stage", "lock"], ci].concat();
        ended(it.command(&args).env("GITHUB_ACTIONS", "true")).exits(0).stdout
    };
    let gitlab = run(&["--ci", "gitlab"]);
    assert!(gitlab.contains("section_start:") && gitlab.contains("section_end:"), "{gitlab}");
    assert!(gitlab.contains("ci: gitlab (--ci)") && !gitlab.contains("::group::"), "{gitlab}");
    assert_eq!(it.record().run.ci, "gitlab");
    let none = run(&["--ci", "none"]);
    assert!(!none.contains("::") && !none.contains("section_"), "{none}");
    let planned = run(&["--dry-run"]);
    assert!(planned.contains("ci: github (suggested by GITHUB_ACTIONS)"), "{planned}");
}
