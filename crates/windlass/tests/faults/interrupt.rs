//! SIGINT and SIGTERM, in every stage and beside them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use windlass_record::{Event, Outcome, StepRecord};

use crate::fixture::{Ended, Fixture, find, manifest};
use crate::live::Live;
use crate::pty::{CTRL_C, pty};
use crate::shop::{ci, script, with_steps};

/// Hangs, with a child in the same session and one in a session of its own, and says so by a file. What a shell starts with `&` does not
/// listen to SIGINT unless it is told to: nobody is to wait here until that is killed.
const HANG: &str =
    "listen='env --default-signal=INT'; $listen setsid sleep 1000 & $listen sleep 1000 & touch hanging; wait";

/// A build script, a test or a program that does as `hang.sh` says.
const RUN_HANG: &str = "std::process::Command::new(\"sh\").arg(\"hang.sh\").status().unwrap();";

/// The package `app` with `hang.sh`, so far used by nobody.
fn app() -> Fixture {
    let it = Fixture::app();
    it.file("hang.sh", HANG);
    it
}

/// In front of the real cargo stands one that hangs when it is given `word`.
fn hanging_cargo(it: &Fixture, word: &str, mut command: Command) -> Command {
    let cargo = find("cargo").unwrap();
    let hang = format!("for it; do [ \"$it\" = {word} ] && exec sh '{}'; done", it.path("hang.sh").display());
    script(&it.path("bin/cargo"), &format!("{hang}\nexec '{}' \"$@\"", cargo.display()));
    let path = std::env::join_paths([it.path("bin"), "/".into()]).unwrap();
    let path = format!("{}{}", path.to_str().unwrap(), std::env::var("PATH").unwrap());
    command.env("PATH", path);
    command
}

/// Sends the signal once something hangs.
fn interrupted(it: &Fixture, signal: &str, command: &mut Command) -> Ended {
    let mut live = Live::start(command);
    live.wait_for_file(&it.path("hanging"));
    live.signal(signal);
    let ended = live.ended();
    fs::remove_file(it.path("hanging")).unwrap();
    ended
}

/// Interrupts a run while `stage` hangs, by either signal, and compares how the steps in the record ended.
fn check(it: &Fixture, stage: &str, command: impl Fn() -> Command, steps: &[(&str, Outcome)]) {
    let files = listed(&it.root());
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let ended = interrupted(it, signal, &mut command());
        assert_eq!(ended.code, Some(128 + number), "{signal} in `{stage}`\n{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("interrupted"), "{}", ended.stdout);
        let record = it.record();
        assert_eq!(record.run.interrupted_by, Some(number), "{signal} in `{stage}`");
        let ended: Vec<_> = record.steps.iter().map(|step| (&*step.name, step.outcome.clone())).collect();
        assert_eq!(ended, steps, "{signal} in `{stage}`");
        assert!(record.step(stage).unwrap().started_ms.is_some());
        assert!(record.step(stage).unwrap().log.is_some());
        assert_eq!(listed(&it.root()), files, "files that were not there before");
        let run = it.path("target/windlass/latest");
        assert_eq!(listed(&run), ["junit.xml", "logs", "record.json", "report.html"]);
        let n_started = record.steps.iter().filter(|step: &&StepRecord| step.started_ms.is_some()).count();
        assert_eq!(listed(&run.join("logs")).len(), n_started);
    }
}

/// The names in a directory, without cargo's.
fn listed(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "target").collect();
    names.sort();
    names
}

#[test]
fn in_fmt() {
    let it = app();
    script(&it.path("rustfmt.sh"), "[ \"$1\" = --version ] && exec rustfmt --version; exec sh hang.sh");
    let command = || {
        let mut command = ci(&it, "fmt", &[]);
        command.env("RUSTFMT", it.path("rustfmt.sh"));
        command
    };
    check(&it, "fmt", command, &[("fmt", Outcome::Interrupted)]);
}

#[test]
fn in_lock() {
    let it = app();
    let command = || hanging_cargo(&it, "update", ci(&it, "clippy", &[]));
    command();
    check(&it, "lock", command, &[("lock", Outcome::Interrupted), ("clippy", Outcome::Interrupted)]);
}

#[test]
fn in_clippy_build_and_doc() {
    let interrupt = |stage| {
        let it = app();
        it.file("build.rs", &format!("fn main() {{\n    {RUN_HANG}\n}}\n"));
        let steps = [("lock", Outcome::Passed), (stage, Outcome::Interrupted)];
        check(&it, stage, || ci(&it, stage, &[]), &steps);
    };
    ["clippy", "build", "doc"].into_iter().for_each(interrupt);
}

#[test]
fn in_test() {
    let it = app();
    it.file("tests/slow.rs", &format!("#[test]\nfn slow() {{\n    {RUN_HANG}\n}}\n"));
    let steps = [("lock", Outcome::Passed), ("build", Outcome::Passed), ("test", Outcome::Interrupted)];
    check(&it, "test", || ci(&it, "test", &[]), &steps);
}

#[test]
fn in_doctest() {
    let it = app();
    it.file("src/lib.rs", &format!("//! ```\n//! {RUN_HANG}\n//! ```\n"));
    let steps = [("lock", Outcome::Passed), ("doctest", Outcome::Interrupted)];
    check(&it, "doctest", || ci(&it, "doctest", &[]), &steps);
}

#[test]
fn in_a_step_of_the_workspaces_own() {
    let it = with_steps(&[("first", "true"), ("slow", HANG), ("later", "true")]);
    let steps = [("first", Outcome::Passed), ("slow", Outcome::Interrupted), ("later", Outcome::Interrupted)];
    check(&it, "slow", || ci(&it, "first,slow,later", &[]), &steps);
}

#[test]
fn while_a_harness_is_asked_for_its_tests() {
    let it = app();
    it.file("Cargo.toml", &manifest("app", "[[test]]\nname = \"custom\"\nharness = false\n"));
    it.file("tests/custom.rs", &format!("fn main() {{\n    {RUN_HANG}\n}}\n"));
    it.file(".config/windlass.toml", "[[ci.step]]\nname = \"own\"\nrun = \"true\"\n");
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let ended = interrupted(&it, signal, &mut ci(&it, "test,own", &[]));
        assert_eq!(ended.code, Some(128 + number), "{}{}", ended.stdout, ended.stderr);
        let record = it.record();
        assert_eq!(record.run.interrupted_by, Some(number));
        let ended: Vec<_> = record.steps.iter().map(|step| (&*step.name, step.outcome.clone())).collect();
        let (passed, interrupted) = (Outcome::Passed, Outcome::Interrupted);
        assert_eq!(
            ended,
            [("lock", passed.clone()), ("build", passed), ("test", interrupted.clone()), ("own", interrupted)]
        );
        // Nobody knows yet what nextest can list.
        assert!(!record.run.notes.iter().any(|note| note.contains("cannot list")), "{:?}", record.run.notes);
    }
}

#[test]
fn before_a_harness_is_asked_for_its_tests() {
    let it = app();
    it.file("Cargo.toml", &manifest("app", "[[test]]\nname = \"custom\"\nharness = false\n"));
    it.file("tests/custom.rs", "fn main() {}\n");
    it.file("build.rs", &format!("fn main() {{\n    {RUN_HANG}\n}}\n"));
    let steps = [("lock", Outcome::Passed), ("build", Outcome::Interrupted), ("test", Outcome::Interrupted)];
    check(&it, "build", || ci(&it, "test", &[]), &steps);
    // Who follows the events hears the end of each step, and once.
    let events = interrupted(&it, "INT", &mut ci(&it, "test", &["--json"])).stdout;
    let events = events.lines().map(|line| serde_json::from_str(line).unwrap());
    let finished: Vec<_> =
        events.filter_map(|event| if let Event::Finished { step, .. } = event { Some(step) } else { None }).collect();
    assert_eq!(finished, ["lock", "build", "test"]);
}

#[test]
fn while_the_plan_is_made_there_is_nothing_to_record() {
    let it = app();
    // What cargo is asked first, and the versions of the tools.
    for word in ["metadata", "--version", "clippy", "nextest"] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            for task in ["ci", "doctor", "setup"] {
                let ended = interrupted(&it, signal, &mut hanging_cargo(&it, word, it.command(&[task])));
                assert_eq!(ended.code, Some(code), "`{task}` at `{word}`: {}{}", ended.stdout, ended.stderr);
                assert!(ended.stderr.contains("interrupted"), "`{task}` at `{word}`: {}", ended.stderr);
                assert_eq!(ended.stdout, "", "`{task}` at `{word}`");
            }
        }
    }
    assert!(!it.path("target").exists());
}

#[test]
fn no_lockfile_is_left_where_there_was_none() {
    let it = app();
    fs::remove_file(it.path("Cargo.lock")).unwrap();
    it.file("build.rs", &format!("fn main() {{\n    {RUN_HANG}\n}}\n"));
    let steps =
        [("build", Outcome::Interrupted), ("lock", Outcome::Skipped { reason: "there is no Cargo.lock".into() })];
    check(&it, "build", || ci(&it, "build,lock", &[]), &steps);
}

#[test]
fn a_signal_counts_for_more_than_a_failure_and_an_error() {
    let it = with_steps(&[("bad", "exit 7"), ("slow", HANG)]);
    let error = "[[ci.step]]\nname = \"gone\"\nrun = [\"no-such-program\"]\n";
    it.file(".config/windlass.toml", &format!("{error}{}", it.read(".config/windlass.toml")));
    let ended = interrupted(&it, "TERM", &mut ci(&it, "gone,bad,slow", &["--keep-going"]));
    assert_eq!(ended.code, Some(143));
    assert_eq!(it.outcome("bad"), Outcome::Failed { code: 7 });
    assert!(matches!(it.outcome("gone"), Outcome::Error { .. }));
    assert_eq!(it.outcome("slow"), Outcome::Interrupted);
}

#[test]
fn a_hang_up_ends_the_run_too() {
    let it = with_steps(&[("slow", HANG)]);
    assert_eq!(interrupted(&it, "HUP", &mut ci(&it, "slow", &[])).code, Some(129));
    assert_eq!(it.record().run.interrupted_by, Some(1));
}

#[test]
fn a_step_may_clean_up_and_hears_of_the_signal_once() {
    let script = "trap 'echo bye; exit 0' INT; touch hanging; while :; do sleep 0.05; done";
    let it = with_steps(&[("tidy", script)]);
    assert_eq!(interrupted(&it, "INT", &mut ci(&it, "tidy", &[])).code, Some(130));
    // It ended well, but nobody knows what it would have said.
    assert_eq!(it.outcome("tidy"), Outcome::Interrupted);
    assert_eq!(it.log("tidy"), "bye\n");
    let counting =
        "trap 'n=$((n + 1)); echo $n' INT; touch hanging; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.05; done";
    let it = with_steps(&[("count", &format!("sh -c '{}'; true", counting.replace('\'', "'\\''")))]);
    assert_eq!(interrupted(&it, "INT", &mut ci(&it, "count", &[])).code, Some(130));
    assert_eq!(it.log("count"), "1\n");
}

#[test]
fn a_step_that_does_not_listen_is_ended_all_the_same() {
    let it = with_steps(&[("deaf", "trap '' INT TERM HUP; touch hanging; setsid sleep 1000 & sleep 1000")]);
    assert_eq!(interrupted(&it, "INT", &mut ci(&it, "deaf", &[])).code, Some(130));
    assert_eq!(it.outcome("deaf"), Outcome::Interrupted);
}

#[test]
fn ctrl_c_at_a_terminal_ends_windlass_and_not_the_shell_around_it() {
    let it = with_steps(&[("slow", HANG)]);
    let line = format!("{} ci --stage slow; echo $? > code", env!("CARGO_BIN_EXE_windlass"));
    let mut live = Live::start(pty(&line).current_dir(it.root()).stdin(Stdio::piped()));
    let mut keyboard = live.stdin();
    live.wait_for_file(&it.path("hanging"));
    std::io::Write::write_all(&mut keyboard, CTRL_C).unwrap();
    let ended = live.ended();
    assert_eq!(it.read("code"), "130\n", "{}", ended.stdout);
    assert_eq!(it.record().run.interrupted_by, Some(2));
    assert_eq!(it.outcome("slow"), Outcome::Interrupted);
}
