//! Steps that fail, hang, flood, crash or cannot be started.

use std::fs;

use windlass_record::Outcome;

use crate::fixture::{Fixture, clean, manifest};
use crate::live::run;
use crate::shop::{ci, with_steps};

#[test]
fn a_failing_step_is_an_answer_and_its_exit_code_is_in_the_record() {
    let it = with_steps(&[("good", "true"), ("bad", "echo 'nothing to see' >&2; exit 7"), ("after", "true")]);
    let ended = run(&mut ci(&it, "good,bad,after", &[]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("✗ bad  failed with exit code 7\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("nothing to see\n"), "{}", ended.stdout);
    assert_eq!(it.outcome("good"), Outcome::Passed);
    assert_eq!(it.outcome("bad"), Outcome::Failed { code: 7 });
    assert_eq!(it.outcome("after"), Outcome::Passed);
    assert_eq!(it.record().run.interrupted_by, None);
}

#[test]
fn a_hanging_step_is_stopped_at_its_timeout_with_all_it_started() {
    // A child that ignores being asked, one in a session of its own, and one whose parent is gone.
    let script = "(trap '' TERM; sleep 1000) & setsid sleep 1000 & setsid sh -c 'sleep 1000 &' & sleep 1000";
    let it = with_steps(&[("hang", script)]);
    it.file(".config/windlass.toml", &format!("{}timeout-s = 1\n", it.read(".config/windlass.toml")));
    let ended = run(&mut ci(&it, "hang", &[]));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("✗ hang  timed out after 1 s\n"), "{}", ended.stdout);
    assert_eq!(it.outcome("hang"), Outcome::TimedOut { after_s: 1 });
    assert!(it.record().step("hang").unwrap().wall_ms >= 1000);
}

#[test]
fn what_a_passing_step_leaves_running_is_stopped_and_named_in_the_record() {
    let it = with_steps(&[("leave", "setsid sleep 1000 >/dev/null 2>&1 & sleep 0.2")]);
    let ended = run(&mut ci(&it, "leave", &[]));
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    if cfg!(target_os = "linux") {
        let notes = it.record().run.notes;
        assert!(notes.iter().any(|note| note.contains("outlived their steps: `sleep`")), "{notes:?}");
    }
}

/// As in a container that was entered with `nsenter`: who leads the session and the process group has no number there.
#[test]
fn a_run_whose_session_is_led_from_another_pid_namespace_is_a_run_like_others() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let it = with_steps(&[("leave", "setsid sleep 1000 >/dev/null 2>&1 & sleep 0.2")]);
    let mut command = clean("unshare");
    let line = format!("{} ci --stage leave; exit $?", env!("CARGO_BIN_EXE_windlass"));
    command.args(["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "sh", "-c", &line]);
    let ended = run(command.current_dir(it.root()));
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(it.record().run.notes.iter().any(|note| note.contains("`sleep`")), "{:?}", it.record().run.notes);
}

#[test]
fn of_300_megabytes_the_log_keeps_head_and_tail_and_the_record_counts_the_rest() {
    const LIMIT_BYTES: u64 = 256 << 20;
    let it = with_steps(&[("flood", "echo first; head -c 300000000 /dev/zero | tr '\\0' x; echo; echo last; exit 1")]);
    let ended = run(&mut ci(&it, "flood", &[]));
    assert_eq!(ended.code, Some(1));
    // The end of the log, not all of it, is drawn.
    assert!(ended.stdout.contains("last\n") && ended.stdout.len() < 1 << 20, "{} bytes", ended.stdout.len());
    let record = it.record();
    let log = record.step("flood").unwrap().log.clone().unwrap();
    assert_eq!((log.written_bytes, log.omitted_bytes), (300_000_012, 300_000_012 - LIMIT_BYTES));
    let latest = it.path("target/windlass/latest");
    let bytes = fs::read(latest.join(log.file)).unwrap();
    assert!(bytes.starts_with(b"first\nxxx") && bytes.ends_with(b"xxx\nlast\n"));
    let marker = format!("\n[windlass: {} bytes left out here", log.omitted_bytes);
    assert!(bytes[usize::try_from(LIMIT_BYTES / 2).unwrap()..].starts_with(marker.as_bytes()));
    assert_eq!(fs::read_dir(latest.join("logs")).unwrap().count(), 1);
    assert!(fs::metadata(latest.join("report.html")).unwrap().len() < 4 << 20);
}

#[test]
fn output_that_is_no_text_is_kept_byte_by_byte_and_shown_with_replacements() {
    let it = with_steps(&[("bytes", r"printf 'caf\351 \000 \033[31mred\033[0m\n'; exit 1")]);
    let ended = run(&mut ci(&it, "bytes", &[]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("caf\u{fffd}"), "{}", ended.stdout);
    let log = it.record().step("bytes").unwrap().log.clone().unwrap();
    let bytes = fs::read(it.path("target/windlass/latest").join(log.file)).unwrap();
    assert_eq!(bytes, b"caf\xe9 \0 \x1b[31mred\x1b[0m\n");
    let events = run(&mut ci(&it, "bytes", &["--json"])).stdout;
    let output = events.lines().find(|line| line.contains(r#""event":"output""#)).unwrap();
    assert!(output.contains("caf\u{fffd} \\u0000"), "{output}");
}

#[test]
fn a_step_that_a_signal_ends_says_which() {
    let it = with_steps(&[("crash", "kill -9 $$")]);
    let ended = run(&mut ci(&it, "crash", &[]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("✗ crash  killed by signal 9\n"), "{}", ended.stdout);
    assert_eq!(it.outcome("crash"), Outcome::Killed { signal: 9 });
}

#[test]
fn a_program_that_is_not_there_is_an_error_of_windlass_and_names_it() {
    let it = with_steps(&[]);
    it.file(".config/windlass.toml", "[[ci.step]]\nname = \"e2e\"\nrun = [\"no-such-program\", \"--all\"]\n");
    let ended = run(&mut ci(&it, "e2e", &[]));
    assert_eq!(ended.code, Some(3));
    let reason = "cannot start `no-such-program`: no such program on `PATH`";
    assert!(ended.stdout.contains(&format!("✗ e2e  error: {reason}\n")), "{}", ended.stdout);
    assert_eq!(it.outcome("e2e"), Outcome::Error { reason: reason.to_owned() });
}

#[test]
fn where_a_failure_and_an_error_meet_the_failure_counts() {
    let it = with_steps(&[("bad", "exit 7")]);
    let error = "[[ci.step]]\nname = \"gone\"\nrun = [\"no-such-program\"]\n";
    it.file(".config/windlass.toml", &format!("{error}{}", it.read(".config/windlass.toml")));
    assert_eq!(run(&mut ci(&it, "bad,gone", &["--keep-going"])).code, Some(1));
    // Neither is stopped by the other, and with one alone its own code holds.
    assert!(matches!(it.outcome("gone"), Outcome::Error { .. }));
    assert_eq!(it.outcome("bad"), Outcome::Failed { code: 7 });
    assert_eq!(run(&mut ci(&it, "gone", &[])).code, Some(3));
    // What comes first in the plan is all there is when the first that is red stops the run.
    assert_eq!(run(&mut ci(&it, "bad,gone", &["--fail-fast"])).code, Some(3));
    assert!(matches!(it.outcome("bad"), Outcome::Skipped { .. }));
}

#[test]
fn the_first_failure_stops_the_run_also_before_the_harnesses_are_known() {
    let it = Fixture::app();
    it.file("Cargo.toml", &manifest("app", "[[test]]\nname = \"custom\"\nharness = false\n"));
    it.file("tests/custom.rs", "fn main() { broken }\n");
    let ended = run(&mut ci(&it, "test,doctest", &["--fail-fast"]));
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(matches!(it.outcome("build"), Outcome::Failed { .. }));
    let reason = "`build` did not pass, and the run stops at the first that does not";
    for step in ["test", "doctest"] {
        assert_eq!(it.outcome(step), Outcome::Skipped { reason: reason.into() });
        assert!(ended.stdout.contains(&format!("{step}: skipped: {reason}\n")), "{}", ended.stdout);
    }
}
