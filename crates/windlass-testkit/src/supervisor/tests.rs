//! A program that says what the supervisor says, and a socket that somebody listens on: how it is found and started. What it
//! gives is tested where there are servers.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::{Supervisor, target_dir};
use crate::run::Run;

/// A place for a run, whose `windlass` is a shell script.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        let place = Self { dir };
        let program = place.path("windlass");
        let text = format!("#!/bin/sh\ncd '{}'\necho \"$@\" >> starts\n{script}\n", place.path("").display());
        // By another process: none that is started meanwhile holds it open, and it can be executed.
        let write = ["-c", "printf %s \"$1\" > \"$2\" && chmod +x \"$2\"", "sh", &text, program.to_str().unwrap()];
        assert!(Command::new("sh").args(write).status().unwrap().success());
        fs::write(place.path("state/program"), program.to_str().unwrap()).unwrap();
        for n in 1..=2 {
            let given = format!(r#"{{"windlass.socket":{:?}}}"#, place.path(&format!("socket{n}")));
            fs::write(place.path(&format!("given{n}.json")), given).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn supervisor(&self) -> Supervisor {
        let run = Run { key: "run".into(), owner: std::process::id(), is_unique: true };
        Supervisor { state: self.path("state"), run, path: None, manifest_dir: Some("/ws/shop".into()) }
    }

    fn n_starts(&self) -> usize {
        fs::read_to_string(self.path("starts")).unwrap_or_default().lines().count()
    }

    /// Listens on the socket of its first start, or its second.
    fn listen(&self, n: usize) -> UnixListener {
        UnixListener::bind(self.path(&format!("socket{n}"))).unwrap()
    }
}

/// Says that it is ready after a while, and stays for as long as the process that owns it, or a minute.
const READY: &str = "echo some noise\nsleep 0.1\necho \"services ready: $PWD/given$(grep -c . starts).json\"\n\
                     for _ in $(seq 600); do kill -0 \"$6\" || exit; sleep 0.1; [ -e stop ] && exit; done";

#[test]
fn of_many_tests_one_starts_it_and_all_find_it() {
    let place = Place::new(READY);
    let _listener = place.listen(1);
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            place.supervisor().connect().unwrap().0
        };
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        for asked in asking {
            assert_eq!(asked.join().unwrap(), place.path("socket1"));
        }
    });
    let starts = fs::read_to_string(place.path("starts")).unwrap();
    let own = std::process::id();
    assert_eq!(starts, format!("services supervise --manifest-path /ws/shop/Cargo.toml --owner {own}\n"));
    fs::write(place.path("stop"), "").unwrap();
}

#[test]
fn where_nobody_listens_any_more_it_is_started_anew() {
    let place = Place::new(&format!("rm -f stop\n{READY}"));
    let first = place.listen(1);
    let _second = place.listen(2);
    assert_eq!(place.supervisor().connect().unwrap().0, place.path("socket1"));
    // It ends: first nobody listens, then the process has gone.
    drop(first);
    fs::write(place.path("stop"), "").unwrap();
    assert_eq!(place.supervisor().connect().unwrap().0, place.path("socket2"));
    fs::write(place.path("stop"), "").unwrap();
}

#[test]
fn one_that_a_killed_test_has_started_is_waited_for() {
    let place = Place::new(READY);
    let _listener = place.listen(1);
    fs::create_dir(place.path("state/runs")).unwrap();
    // The test that started it is gone: it holds no lock, and does not wait.
    let (mut child, _) = place.supervisor().start().unwrap();
    place.supervisor().connect().unwrap();
    assert_eq!(place.n_starts(), 1);
    fs::write(place.path("stop"), "").unwrap();
    child.wait().unwrap();
}

#[test]
fn what_it_says_when_it_fails_is_said_to_every_test_of_the_run_and_it_fails_once() {
    let place = Place::new("echo 'service `postgres` is not declared' >&2; echo 'help: x' >&2; exit 2");
    for _ in 0..2 {
        let text = place.supervisor().connect().unwrap_err().text;
        let (first, said) = text.split_once('\n').unwrap();
        assert!(first.starts_with("the services of this run could not be started: `"), "{first}");
        assert!(first.ends_with("` ended with exit status: 2"), "{first}");
        assert_eq!(said, "  | service `postgres` is not declared\n  | help: x");
    }
    assert_eq!(place.n_starts(), 1);
}

#[test]
fn that_programs_are_not_at_hand_is_told_from_other_failures() {
    for (said, not_at_hand) in [("services not at hand: postgres", true), ("services ready: /nowhere", false)] {
        let problem = Place::new(&format!("echo '{said}'; exit 3")).supervisor().connect().unwrap_err();
        assert_eq!(problem.not_at_hand, not_at_hand, "{}", problem.text);
    }
}

/// By cargo, which compiles it: an xtask that says what that of windlass says.
#[test]
fn where_no_windlass_is_at_hand_the_xtask_is_compiled_and_started() {
    let place = Place::new("");
    fs::remove_file(place.path("state/program")).unwrap();
    fs::create_dir(place.path("state/runs")).unwrap();
    let _listener = place.listen(1);
    let main = format!(
        "fn main() {{\n    println!(\"services ready: {{}}\", {:?});\n    \
         while !std::path::Path::new({:?}).exists() {{ std::thread::sleep(std::time::Duration::from_millis(10)); }}\n}}\n",
        place.path("given1.json"),
        place.path("stop")
    );
    let files = [
        (".cargo/config.toml", "[alias]\nxtask = \"run --quiet --package xtask --\"\n"),
        ("Cargo.toml", "[workspace]\nmembers = [\"xtask\"]\nresolver = \"3\"\n"),
        ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\nedition = \"2024\"\n# Of windlass.\n"),
        ("xtask/src/main.rs", &main),
    ];
    for (path, text) in files {
        let path = place.path("ws").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let supervisor = Supervisor { manifest_dir: Some(place.path("ws")), ..place.supervisor() };
    let (mut child, command) = supervisor.start().unwrap();
    assert!(command.contains(" xtask services supervise --manifest-path "), "{command}");
    assert_eq!(supervisor.connect().unwrap().0, place.path("socket1"));
    fs::write(place.path("stop"), "").unwrap();
    child.wait().unwrap();
}

#[test]
fn one_that_was_killed_is_started_again() {
    let place = Place::new("kill -9 $$");
    for _ in 0..2 {
        let text = place.supervisor().connect().unwrap_err().text;
        assert!(text.contains("ended with signal: 9"), "{text}");
    }
    assert_eq!(place.n_starts(), 2);
}

#[test]
fn a_run_whose_key_may_come_again_remembers_no_failure() {
    let place = Place::new("exit 2");
    let mut supervisor = place.supervisor();
    supervisor.run.is_unique = false;
    for _ in 0..2 {
        assert!(supervisor.connect().is_err());
    }
    assert_eq!(place.n_starts(), 2);
}

#[test]
fn a_windlass_that_leases_nothing_is_too_old() {
    let place = Place::new(READY);
    fs::write(place.path("given1.json"), r#"{"postgres.url":"x"}"#).unwrap();
    let text = place.supervisor().connect().unwrap_err().text;
    assert!(text.contains("older than windlass-testkit\nhelp: update windlass"), "{text}");
    fs::write(place.path("stop"), "").unwrap();
}

#[test]
fn the_target_directory_is_above_the_program_or_in_the_workspace_of_its_package() {
    let dir = tempfile::tempdir().unwrap();
    let (target, package) = (dir.path().join("ws/target"), dir.path().join("ws/shop"));
    fs::create_dir_all(&target).unwrap();
    let found = |exe: &Path| target_dir(exe, Some(&package)).map_err(|problem| problem.text);
    let inside = target.join("debug/deps/shop-1");
    let doctest = dir.path().join("rustdoctest/rust_out");
    let text = found(&inside).unwrap_err();
    assert!(text.contains("`.rustc_info.json`\nhelp: "), "{text}");
    fs::write(target.join("CACHEDIR.TAG"), "").unwrap();
    for exe in [&inside, &doctest] {
        assert_eq!(found(exe).unwrap(), target);
    }
}
