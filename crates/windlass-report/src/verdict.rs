//! A run in one word, and in one line.

use windlass_record::{Outcome, Record, TestOutcome};

use crate::duration;

/// How a run ended, as its exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    Error,
    Interrupted,
}

impl Verdict {
    pub(crate) fn of(record: &Record) -> Self {
        match record.exit_code() {
            0 if record.steps.iter().any(|step| step.outcome == Outcome::Interrupted) => Self::Interrupted,
            0 => Self::Passed,
            1 => Self::Failed,
            3 => Self::Error,
            _ => Self::Interrupted,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
        }
    }
}

/// `1 step failed, 6 passed; 2 of 2110 tests failed, 1 flaky`.
pub(crate) fn counts(record: &Record) -> String {
    let steps = |wanted: fn(&Outcome) -> bool| record.steps.iter().filter(|step| wanted(&step.outcome)).count();
    let kinds = [
        (steps(Outcome::is_failure), "failed"),
        (steps(|it| matches!(it, Outcome::Error { .. })), "with an error"),
        (steps(|it| *it == Outcome::Interrupted), "interrupted"),
        (steps(|it| *it == Outcome::Passed), "passed"),
        (steps(|it| matches!(it, Outcome::Skipped { .. })), "skipped"),
    ];
    let found = kinds.iter().filter(|(n, _)| *n > 0).enumerate();
    let parts = found.map(|(place, (n, what))| match (place, n) {
        (0, 1) => format!("1 step {what}"),
        (0, n) => format!("{n} steps {what}"),
        (_, n) => format!("{n} {what}"),
    });
    let steps = parts.collect::<Vec<_>>().join(", ");
    let steps = if steps.is_empty() { "no steps".to_owned() } else { steps };
    if record.tests.is_empty() { steps } else { format!("{steps}; {}", tests(record)) }
}

fn tests(record: &Record) -> String {
    let all = record.tests.len();
    let noun = if all == 1 { "test" } else { "tests" };
    let flaky = record.tests.iter().filter(|test| test.outcome == TestOutcome::Flaky).count();
    let text = match record.failed_tests().count() {
        0 => format!("{all} {noun} passed"),
        failed => format!("{failed} of {all} {noun} failed"),
    };
    if flaky > 0 { format!("{text}, {flaky} flaky") } else { text }
}

/// `total 42.1 s, critical path build > test 31.0 s`.
pub(crate) fn times(record: &Record) -> String {
    let total = format!("total {}", duration::text(record.run.wall_ms));
    if record.run.critical_path.is_empty() {
        return total;
    }
    let path = record.run.critical_path.join(" > ");
    format!("{total}, critical path {path} {}", duration::text(record.run.critical_path_ms))
}
