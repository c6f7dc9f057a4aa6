//! Records to draw.

use windlass_record::{Diagnostic, Level, Log, Machine, Outcome, Record, Run, StepRecord, TestOutcome, TestRecord};
use windlass_report::Logs;

fn step(name: &str, command: &str, started_ms: u64, wall_ms: u64, outcome: Outcome) -> StepRecord {
    let log = Log { file: format!("logs/{name}.log"), written_bytes: 2048, omitted_bytes: 0 };
    StepRecord {
        started_ms: Some(started_ms),
        wall_ms,
        outcome,
        log: Some(log),
        uses: if command.starts_with("cargo") { vec!["cargo".into()] } else { Vec::new() },
        ..StepRecord::planned(name, name, command)
    }
}

/// A lint of clippy at a line of `crates/ledger/src/entry.rs`.
pub(crate) fn lint(line: u32, code: &str, message: &str, level: Level) -> Diagnostic {
    Diagnostic {
        level,
        code: Some(code.into()),
        message: message.into(),
        package: Some("ledger".into()),
        file: Some("crates/ledger/src/entry.rs".into()),
        line: Some(line),
        column: Some(9),
    }
}

/// A test that passed in `wall_ms`.
pub(crate) fn test(binary: &str, name: &str, wall_ms: u64) -> TestRecord {
    TestRecord {
        step: "test".into(),
        binary: binary.into(),
        name: name.into(),
        outcome: TestOutcome::Passed,
        wall_ms,
        message: None,
        output: None,
        rerun: None,
    }
}

/// A test that failed with `message` at a line of `crates/ledger/src/balance.rs`.
pub(crate) fn failed_test(binary: &str, name: &str, line: u32, message: &str) -> TestRecord {
    let output = format!(
        "running 1 test\n\nthread '{name}' panicked at crates/ledger/src/balance.rs:{line}:9:\n{message}\n\u{1b}[2mnote: run with \
         `RUST_BACKTRACE=1` environment variable to display a backtrace\u{1b}[0m\n"
    );
    TestRecord {
        outcome: TestOutcome::Failed,
        message: Some(message.lines().next().unwrap_or_default().into()),
        output: Some(output),
        rerun: Some(format!("cargo nextest run -E 'binary_id(={binary}) & test(={name})'")),
        ..test(binary, name, 1340)
    }
}

/// A run with a failure of every kind, and all that can be said about a run.
pub(crate) fn failing() -> (Record, Logs) {
    let mut run = Run::new("20261122T174500Z-4711", "ci", "/home/ada/ledger");
    run.started_unix_ms = 1_795_369_500_000;
    run.windlass = "0.1.0".into();
    run.ci = "none".into();
    run.machine = Machine { os: "linux".into(), arch: "x86_64".into(), cpus: 8 };
    run.tools = [("cargo", "1.95.0"), ("cargo-nextest", "0.9.140"), ("rustfmt", "1.9.0")]
        .map(|(tool, version)| (tool.to_owned(), version.to_owned()))
        .into();
    run.notes = vec!["nextest's profile is `default`; the workspace has no nextest config".into()];

    let mut clippy = step(
        "clippy",
        "cargo clippy --workspace --all-targets --locked -- -D warnings",
        700,
        14_320,
        Outcome::Failed { code: 101 },
    );
    clippy.expected_ms = Some(11_800);
    clippy.diagnostics = vec![
        lint(42, "clippy::needless_return", "unneeded `return` statement", Level::Error),
        lint(42, "clippy::needless_return", "unneeded `return` statement", Level::Error),
        lint(97, "dead_code", "function `rebalance` is never used", Level::Error),
    ];
    let mut build = step("build", "cargo test --workspace --no-run --locked", 15_020, 21_900, Outcome::Passed);
    build.expected_ms = Some(24_000);
    build.diagnostics = vec![lint(97, "dead_code", "function `rebalance` is never used", Level::Warning)];
    let mut tests =
        step("test", "cargo nextest run --workspace --locked", 36_920, 42_100, Outcome::Failed { code: 100 });
    tests.expected_ms = Some(39_000);
    tests.needs = vec!["build".into()];
    let mut doctest = step("doctest", "cargo test --doc --workspace --locked", 79_020, 9_400, Outcome::Passed);
    doctest.notes = vec!["`ledger-cli` has no library, so it has no doctests".into()];
    let mut smoke = step("smoke", "sh -c './smoke.sh'", 36_920, 30_000, Outcome::TimedOut { after_s: 30 });
    smoke.needs = vec!["build".into()];
    let mut doc = step(
        "doc",
        "cargo doc --workspace --no-deps --locked",
        88_420,
        3_050,
        Outcome::Error { reason: "cannot start `cargo`: No such file or directory".into() },
    );
    doc.expected_ms = Some(12_400);
    let steps = vec![
        step("fmt", "cargo fmt --check", 0, 420, Outcome::Passed),
        StepRecord::skipped("lock", "the workspace has no Cargo.lock"),
        clippy,
        build,
        tests,
        doctest,
        smoke,
        doc,
        StepRecord { stage: "deploy".into(), ..StepRecord::skipped("deploy", "`smoke` timed out") },
    ];
    let mut record = Record::new(run, steps);
    let flaky = TestRecord { outcome: TestOutcome::Flaky, ..test("ledger::http", "retries_after_reset", 2_410) };
    record.tests = vec![
        test("ledger", "balance::starts_at_zero", 4),
        failed_test(
            "ledger",
            "balance::adds_up",
            58,
            "assertion `left == right` failed: after two entries\n  left: 12\n right: 21",
        ),
        test("ledger", "entry::round_trips", 5_020),
        flaky,
        failed_test(
            "ledger::http",
            "posts_an_entry",
            112,
            "called `Result::unwrap()` on an `Err` value: ConnectionRefused",
        ),
    ];
    record.finish(91_470, None);
    let tails = [
        ("smoke", "waiting for http://127.0.0.1:8080/health\n\u{1b}[33mstill waiting\u{1b}[0m\nstill waiting\n"),
        ("test", "     Summary [  42.1s] 5 tests run: 3 passed (1 flaky), 2 failed, 0 skipped\n"),
    ];
    let tails = tails.map(|(step, text)| (step.to_owned(), text.to_owned())).into();
    (record, Logs { dir: "target/windlass/runs/20261122T174500Z-4711".into(), tails })
}

/// One record in which each step has another outcome, all of them.
pub(crate) fn every_outcome() -> Record {
    let outcomes = [
        Outcome::Passed,
        Outcome::Failed { code: 101 },
        Outcome::TimedOut { after_s: 3600 },
        Outcome::Killed { signal: 9 },
        Outcome::Error { reason: "cannot start `x`".into() },
        Outcome::Skipped { reason: "not asked for".into() },
        Outcome::Interrupted,
    ];
    let steps = outcomes.into_iter().enumerate().map(|(i, outcome)| step(&format!("s{i}"), "cargo x", 0, 10, outcome));
    let mut record = Record::new(Run::new("1", "ci", "/ws"), steps.collect());
    record.finish(10, Some(2));
    record
}
