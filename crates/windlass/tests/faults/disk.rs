//! Target directories that cannot be written to. The file systems are mounted in a namespace of their own, so that they
//! are real and no permission of root's gets around them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use windlass_record::{Outcome, Record};

use crate::fixture::{Ended, Fixture, clean};
use crate::live::run;
use crate::shop::{ci, with_steps};

/// A workspace with `target/` and `tmp/`, the system's temporary directory from its point of view.
fn prepared(steps: &[(&str, &str)]) -> Fixture {
    let it = with_steps(steps);
    fs::create_dir(it.path("target")).unwrap();
    fs::create_dir(it.path("tmp")).unwrap();
    it
}

/// `windlass ci` of these stages, after `mounts` in a namespace of its own.
fn mounted(it: &Fixture, mounts: &str, stages: &str) -> Command {
    let mut command = clean("unshare");
    let line = format!("{mounts} || exit 99; exec {} ci --stage {stages}", env!("CARGO_BIN_EXE_windlass"));
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &line]).current_dir(it.root());
    command.env("TMPDIR", it.path("tmp"));
    command
}

/// The record in the temporary directory, which standard error has named.
fn fallen_back(it: &Fixture, ended: &Ended, why: &str) -> (PathBuf, Record) {
    assert_ne!(ended.code, Some(99), "a namespace to mount a file system in cannot be had here: {}", ended.stderr);
    let dirs: Vec<_> = fs::read_dir(it.path("tmp")).unwrap().flatten().map(|entry| entry.path()).collect();
    let [dir] = dirs.as_slice() else { panic!("{dirs:?}\n{}\n{}", ended.stdout, ended.stderr) };
    let said = format!("the record of this run goes to `{}`\n", dir.display());
    assert!(ended.stderr.contains(&said) && ended.stderr.contains(why), "{}", ended.stderr);
    assert!(ended.stdout.contains(&format!("record: {}\n", dir.join("record.json").display())), "{}", ended.stdout);
    assert!(dir.join("report.html").exists() && dir.join("junit.xml").exists());
    (dir.clone(), Record::from_json(&fs::read_to_string(dir.join("record.json")).unwrap()).unwrap())
}

const STEPS: &[(&str, &str)] = &[("good", "echo fine"), ("bad", "echo wrong; exit 1")];

#[test]
fn a_read_only_target_directory_gets_a_record_elsewhere_and_exit_code_3() {
    for (stages, code) in [("good", 3), ("good,bad", 1)] {
        let it = prepared(STEPS);
        let ended = run(&mut mounted(&it, "mount -t tmpfs -o ro tmpfs target", stages));
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        let (dir, record) = fallen_back(&it, &ended, "Read-only file system");
        assert_eq!(record.step("good").unwrap().outcome, Outcome::Passed);
        // The logs are there too.
        let log = record.step("good").unwrap().log.clone().unwrap();
        assert_eq!(fs::read_to_string(dir.join(log.file)).unwrap(), "fine\n");
        assert_eq!(fs::read_dir(it.path("target")).unwrap().count(), 0);
    }
}

#[test]
fn a_file_in_place_of_the_directory_of_the_runs_does_the_same() {
    for (stages, code) in [("good", 3), ("good,bad", 1)] {
        let it = prepared(STEPS);
        it.file("target/windlass", "");
        let ended = run(ci(&it, stages, &[]).env("TMPDIR", it.path("tmp")));
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        fallen_back(&it, &ended, "target/windlass");
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_gets_a_record_elsewhere() {
    for (stages, code) in [("good", 3), ("good,bad", 1)] {
        let it = prepared(STEPS);
        let full = "mount -t tmpfs -o size=64k tmpfs target && { head -c 70000 /dev/zero > target/fill; true; } 2>&-";
        let ended = run(&mut mounted(&it, full, stages));
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        let (_, record) = fallen_back(&it, &ended, "No space left on device");
        assert_eq!(record.step("good").unwrap().outcome, Outcome::Passed);
    }
}

#[test]
fn a_disk_that_a_step_fills_gets_a_record_elsewhere_that_counts_what_the_log_lacks() {
    let flood = "head -c 3000000 /dev/zero | tr '\\0' x";
    let steps = [("flood", flood), ("bad", "exit 1")];
    for (stages, code) in [("flood", 3), ("flood,bad", 1)] {
        let it = prepared(&steps);
        let ended = run(&mut mounted(&it, "mount -t tmpfs -o size=256k tmpfs target", stages));
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        let (dir, record) = fallen_back(&it, &ended, "logs/flood.log`: No space left on device");
        let flood = record.step("flood").unwrap();
        assert_eq!(flood.outcome, Outcome::Passed);
        let log = flood.log.clone().unwrap();
        assert_eq!(log.written_bytes, 3_000_000);
        assert!((3_000_000 - 256 * 1024..3_000_000).contains(&log.omitted_bytes), "{log:?}");
        // What there is of it has moved on with the record.
        let kept = fs::read(dir.join(&log.file)).unwrap();
        assert_eq!(kept.len() as u64, log.written_bytes - log.omitted_bytes);
        assert!(kept.iter().all(|byte| *byte == b'x'));
        assert!(!ended.stdout.contains(it.path("target").to_str().unwrap()), "{}", ended.stdout);
    }
}

#[test]
fn with_nowhere_to_write_at_all_it_says_so() {
    let it = prepared(STEPS);
    it.file("target/windlass", "");
    let ended = run(ci(&it, "good", &[]).env("TMPDIR", it.path("no/such/directory")));
    assert_eq!((ended.code, &*ended.stdout), (Some(3), ""));
    assert!(ended.stderr.contains("target/windlass") && ended.stderr.contains("no/such/directory"), "{}", ended.stderr);
}
