use windlass_record::{Outcome, Record, Run, StepRecord};
use windlass_report::{Logs, ansi, github, html, summary};

use crate::records::{every_outcome, failed_test, failing, lint};

#[test]
fn failures_come_first_and_the_verdict_last() {
    let (record, logs) = failing();
    insta::assert_snapshot!(summary::text(&record, &logs, false), @r#"
    ✗ clippy  failed with exit code 101
      crates/ledger/src/entry.rs:42:9 (ledger)
        error[clippy::needless_return]: unneeded `return` statement
      crates/ledger/src/entry.rs:97:9 (ledger)
        error[dead_code]: function `rebalance` is never used
      rerun: cargo clippy --workspace --all-targets --locked -- -D warnings
      log: target/windlass/runs/20261122T174500Z-4711/logs/clippy.log
      help: `ci.warnings = "allow"` or `ci.skip = ["clippy"]` in .config/windlass.toml relaxes this

    ✗ test  failed with exit code 100
      ledger balance::adds_up  1.3 s
        crates/ledger/src/balance.rs:58:9
        assertion `left == right` failed: after two entries
        | thread 'balance::adds_up' panicked at crates/ledger/src/balance.rs:58:9:
        | assertion `left == right` failed: after two entries
        |   left: 12
        |  right: 21
        | note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
        rerun: cargo nextest run -E 'binary_id(=ledger) & test(=balance::adds_up)'
      ledger::http posts_an_entry  1.3 s
        crates/ledger/src/balance.rs:112:9
        called `Result::unwrap()` on an `Err` value: ConnectionRefused
        | thread 'posts_an_entry' panicked at crates/ledger/src/balance.rs:112:9:
        | called `Result::unwrap()` on an `Err` value: ConnectionRefused
        | note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
        rerun: cargo nextest run -E 'binary_id(=ledger::http) & test(=posts_an_entry)'
      rerun: cargo nextest run --workspace --locked
      log: target/windlass/runs/20261122T174500Z-4711/logs/test.log
      help: `ci.exclude` (for a package) or `ci.skip = ["test"]` in .config/windlass.toml relaxes this

    ✗ smoke  timed out after 30 s
      | waiting for http://127.0.0.1:8080/health
      | still waiting
      | still waiting
      rerun: sh -c './smoke.sh'
      log: target/windlass/runs/20261122T174500Z-4711/logs/smoke.log
      help: `timeout-s` of the `[[ci.step]]` named `smoke` in .config/windlass.toml relaxes this

    ✗ doc  error: cannot start `cargo`: No such file or directory
      rerun: cargo doc --workspace --no-deps --locked
      log: target/windlass/runs/20261122T174500Z-4711/logs/doc.log
      help: `ci.skip = ["doc"]` in .config/windlass.toml relaxes this

    slowest stages
           42.1 s  test
           30.0 s  smoke
           21.9 s  build
           14.3 s  clippy
            9.4 s  doctest

    slowest tests
            5.0 s  ledger entry::round_trips
            2.4 s  ledger::http retries_after_reset
            1.3 s  ledger balance::adds_up
            1.3 s  ledger::http posts_an_entry

    skipped
      lock: the workspace has no Cargo.lock
      deploy: `smoke` timed out

    notes
      nextest's profile is `default`; the workspace has no nextest config
      doctest: `ledger-cli` has no library, so it has no doctests

    failed: 3 steps failed, 1 with an error, 3 passed, 2 skipped; 2 of 5 tests failed, 1 flaky; total 1 min 31 s, critical path fmt > clippy > build > test > doctest > doc 1 min 31 s
    "#);
}

#[test]
fn what_a_test_said_is_not_pushed_out_by_a_backtrace_in_any_report() {
    let (mut record, logs) = failing();
    let mut test = failed_test("ledger", "balance::adds_up", 58, "the cause");
    let frames: String =
        (0..200).map(|n| format!("{n:4}: ledger::balance\n             at ./src/lib.rs:{n}:1\n")).collect();
    let output = test.output.unwrap();
    test.output =
        Some(format!("{output}stack backtrace:\n{frames}note: Some details are omitted, run with x\nafter it\n"));
    record.tests = vec![test];
    for text in [
        summary::text(&record, &logs, false),
        github::step_summary(&record, &logs),
        html::page(&record, &logs).split("<script").next().unwrap().to_owned(),
    ] {
        let (_, said) = text.split_once("thread ").unwrap();
        assert!(said.contains("the cause") && said.contains("after it"), "{text}");
        assert!(!text.contains("backtrace:") && !text.contains("running 1 test"), "{text}");
    }
}

#[test]
fn errors_that_name_no_place_are_shown_by_the_end_of_the_log_and_annotated_once() {
    let (mut record, mut logs) = failing();
    record.steps.truncate(3);
    record.tests.clear();
    let clippy = &mut record.steps[2];
    clippy.diagnostics.truncate(1);
    (clippy.diagnostics[0].file, clippy.diagnostics[0].package) = (None, None);
    (clippy.diagnostics[0].line, clippy.diagnostics[0].column, clippy.diagnostics[0].code) = (None, None, None);
    clippy.diagnostics[0].message = "failed to select a version for `dep`.".into();
    let log = "error: failed to select a version for `dep`.\n    ... required by package `app v0.1.0`\n";
    logs.tails = [("clippy".to_owned(), log.to_owned())].into();
    let text = summary::text(&record, &logs, false);
    assert!(
        text.starts_with(
            r#"✗ clippy  failed with exit code 101
  | error: failed to select a version for `dep`.
  |     ... required by package `app v0.1.0`
  rerun: cargo clippy --workspace --all-targets --locked -- -D warnings
  log: target/windlass/runs/20261122T174500Z-4711/logs/clippy.log
  help: `ci.skip = ["clippy"]` in .config/windlass.toml relaxes this
"#
        ),
        "{text}"
    );
    assert!(github::step_summary(&record, &logs).contains("... required by package"));
    // Where the log has been cut, the error is said.
    logs.tails = [("clippy".to_owned(), "    ... required by package `app v0.1.0`\n".to_owned())].into();
    let text = summary::text(&record, &logs, false);
    assert!(text.contains("\n  error: failed to select a version for `dep`.\n  |     ... required"), "{text}");
    assert_eq!(github::annotations(&record, None), ["::error title=error::failed to select a version for `dep`."]);
}

#[test]
fn a_stale_lockfile_comes_with_the_command_that_mends_it() {
    let (mut record, logs) = failing();
    let stale = "cannot update the lock file /ws/Cargo.lock because --locked was passed to prevent this";
    record.steps[2].diagnostics = vec![lint(1, "x", stale, windlass_record::Level::Error)];
    let remedy = "`cargo update --workspace` brings the lockfile in line with the manifests";
    assert!(summary::text(&record, &logs, false).contains(&format!("  help: {remedy}\n")));
    assert!(github::step_summary(&record, &logs).contains(&format!("Help: {remedy}.\n")));
    assert!(html::page(&record, &logs).contains("brings the lockfile in line with the manifests.</p>"));
}

#[test]
fn a_green_run_is_short() {
    let mut record =
        Record::new(Run::new("1", "ci", "/ws"), vec![StepRecord::planned("fmt", "fmt", "cargo fmt --check")]);
    record.steps[0].outcome = Outcome::Passed;
    record.steps[0].started_ms = Some(0);
    record.steps[0].wall_ms = 420;
    record.finish(500, None);
    let text = summary::text(&record, &Logs::default(), false);
    assert_eq!(text, "passed: 1 step passed; total 0.50 s, critical path fmt 0.42 s\n");
}

#[test]
fn an_interrupted_run_says_how_far_it_was() {
    let mut record = Record::new(Run::new("1", "ci", "/ws"), Vec::new());
    record.steps = vec![StepRecord::planned("test", "test", "cargo t"), StepRecord::planned("doc", "doc", "cargo doc")];
    record.steps[0].started_ms = Some(0);
    record.steps[0].wall_ms = 12_300;
    record.finish(12_310, Some(15));
    insta::assert_snapshot!(summary::text(&record, &Logs::default(), false), @r#"
    interrupted
      test: after 12.3 s
      doc: before it started

    interrupted: 2 steps interrupted; total 12.3 s, critical path test 12.3 s
    "#);
}

#[test]
fn color_changes_nothing_but_the_color() {
    for (record, logs) in [failing(), (every_outcome(), Logs::default())] {
        assert_eq!(ansi::strip(&summary::text(&record, &logs, true)), summary::text(&record, &logs, false));
    }
}

#[test]
fn a_flood_of_failures_is_cut_with_the_number_left_out() {
    let (mut record, logs) = failing();
    record.tests = (0..500).map(|n| failed_test("ledger", &format!("t{n}"), n + 1, "no")).collect();
    record.steps[2].diagnostics =
        (0..300).map(|line| lint(line, "dead_code", "unused", windlass_record::Level::Error)).collect();
    let text = summary::text(&record, &logs, false);
    assert!(text.contains("and 490 more failed tests\n"), "{text}");
    assert!(text.contains("and 290 more errors\n"), "{text}");
    assert!(text.lines().count() < 200);
}
