//! Tools that somebody kills.

use std::fs;

use windlass_record::Outcome;

use crate::fixture::{Fixture, clean};
use crate::live::Live;
use crate::shop::ci;

/// The direct children of a process.
fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let text: String = tasks.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default()).collect();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[test]
fn a_tool_that_is_killed_fails_its_stage_and_takes_what_it_started_with_it() {
    let it = Fixture::app();
    it.file("hang.sh", "setsid sleep 1000 & sleep 1000 & touch hanging; wait");
    it.file("build.rs", "fn main() { std::process::Command::new(\"sh\").arg(\"hang.sh\").status().unwrap(); }");
    it.file(".config/windlass.toml", "[[ci.step]]\nname = \"own\"\nrun = \"true\"\n");
    let mut live = Live::start(&mut ci(&it, "test,own", &[]));
    live.wait_for_file(&it.path("hanging"));
    let cargo = children(live.pid());
    assert_eq!(cargo.len(), 1, "one cargo runs");
    assert!(clean("kill").args(["-s", "KILL", &cargo[0].to_string()]).status().unwrap().success());
    let ended = live.ended();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("✗ build  killed by signal 9\n"), "{}", ended.stdout);
    assert_eq!(it.outcome("build"), Outcome::Killed { signal: 9 });
    assert_eq!(it.outcome("test"), Outcome::Skipped { reason: "needs `build`, which did not pass".into() });
    assert_eq!(it.outcome("own"), Outcome::Passed);
    assert_eq!(it.record().run.interrupted_by, None);
}

#[test]
fn a_test_that_is_killed_fails_alone() {
    let it = Fixture::app();
    let suicide = "std::process::Command::new(\"sh\").args([\"-c\", \"kill -9 $PPID\"]).status().unwrap();";
    it.file("tests/dies.rs", &format!("#[test]\nfn dies() {{\n    {suicide}\n}}\n\n#[test]\nfn lives() {{}}\n"));
    let mut live = Live::start(&mut ci(&it, "test", &[]));
    live.wait_for_text("test: started");
    let ended = live.ended();
    assert_eq!(ended.code, Some(1));
    assert!(matches!(it.outcome("test"), Outcome::Failed { .. }));
    let record = it.record();
    let failed: Vec<_> = record.failed_tests().map(|test| &*test.name).collect();
    assert_eq!(failed, ["dies"]);
    assert_eq!(record.tests.len(), 3);
    assert!(ended.stdout.contains("SIGKILL") || ended.stdout.contains("signal 9"), "{}", ended.stdout);
}

#[test]
fn the_tests_of_a_killed_nextest_are_not_those_of_the_run_before() {
    let it = Fixture::app();
    it.windlass(&["test"]).exits(0);
    let hang =
        "std::fs::write(\"hanging\", \"\").unwrap();\n    std::thread::sleep(std::time::Duration::from_secs(1000));";
    it.file("tests/hangs.rs", &format!("#[test]\nfn hangs() {{\n    {hang}\n}}\n"));
    let mut live = Live::start(&mut ci(&it, "test", &[]));
    live.wait_for_file(&it.path("hanging"));
    let nextest = children(live.pid());
    assert_eq!(nextest.len(), 1, "one nextest runs");
    assert!(clean("kill").args(["-s", "KILL", &nextest[0].to_string()]).status().unwrap().success());
    assert_eq!(live.ended().code, Some(1));
    assert_eq!(it.outcome("test"), Outcome::Killed { signal: 9 });
    assert_eq!(it.record().tests, []);
}
