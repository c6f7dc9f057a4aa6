//! What took longest.

use windlass_record::{Record, StepRecord, TestRecord};

/// What is faster than this is not worth a reader's time.
const WORTH_IT_MS: u64 = 1000;

/// The slowest steps, slowest first, if there is more than one to compare.
pub(crate) fn steps(record: &Record, most: usize) -> Vec<&StepRecord> {
    let started: Vec<_> = record.steps.iter().filter(|step| step.started_ms.is_some()).collect();
    if started.len() < 2 {
        return Vec::new();
    }
    slowest(started, StepRecord::took_ms, most)
}

/// The slowest tests, slowest first.
pub(crate) fn tests(record: &Record, most: usize) -> Vec<&TestRecord> {
    slowest(record.tests.iter().collect(), |test| test.wall_ms, most)
}

fn slowest<T>(mut all: Vec<&T>, wall_ms: impl Fn(&T) -> u64, most: usize) -> Vec<&T> {
    all.retain(|it| wall_ms(it) >= WORTH_IT_MS);
    all.sort_by_key(|it| std::cmp::Reverse(wall_ms(it)));
    all.truncate(most);
    all
}
