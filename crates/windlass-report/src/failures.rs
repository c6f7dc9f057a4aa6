//! What went wrong in a run, stage by stage.

use windlass_record::{Diagnostic, Level, Record, StepRecord, TestRecord};

use crate::diagnostics::distinct;

/// A step that is red or whose tests failed.
pub(crate) struct Failure<'a> {
    pub(crate) step: &'a StepRecord,
    /// Errors that its tool reported, each once.
    pub(crate) errors: Vec<&'a Diagnostic>,
    /// Tests that failed in it.
    pub(crate) tests: Vec<&'a TestRecord>,
}

impl Failure<'_> {
    /// Whether neither its tool nor a test says what went wrong.
    pub(crate) fn is_unexplained(&self) -> bool {
        self.errors.is_empty() && self.tests.is_empty()
    }

    /// Whether it takes its log to know what went wrong: what is said of no place, such as why cargo finds no version, is said
    /// in lines that follow.
    pub(crate) fn needs_log(&self) -> bool {
        self.tests.is_empty() && self.errors.iter().all(|error| error.file.is_none())
    }
}

/// The failures, in the order of the steps.
pub(crate) fn failures(record: &Record) -> Vec<Failure<'_>> {
    let of_step = |step| Failure {
        step,
        errors: distinct(step.diagnostics.iter().filter(|it| it.level == Level::Error && step.outcome.is_red())),
        tests: record.failed_tests().filter(|test| test.step == step.name).collect(),
    };
    let failures = record.steps.iter().map(of_step);
    failures.filter(|failure| failure.step.outcome.is_red() || !failure.tests.is_empty()).collect()
}
