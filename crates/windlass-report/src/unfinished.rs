//! Steps that say nothing about the code, because they did not run to their end.

use windlass_record::{Outcome, Record};

use crate::duration;

/// The steps that were not run, each with the reason.
pub(crate) fn skipped(record: &Record) -> Vec<(&str, String)> {
    let reasons = record.steps.iter().map(|step| match &step.outcome {
        Outcome::Skipped { reason } => Some((step.name.as_str(), reason.clone())),
        _ => None,
    });
    reasons.flatten().collect()
}

/// The steps that the end of the run cut off, each with how far it was.
pub(crate) fn interrupted(record: &Record) -> Vec<(&str, String)> {
    let steps = record.steps.iter().filter(|step| step.outcome == Outcome::Interrupted);
    let how_far = |started: Option<u64>, wall_ms| match started {
        Some(_) => format!("after {}", duration::text(wall_ms)),
        None => "before it started".to_owned(),
    };
    steps.map(|step| (step.name.as_str(), how_far(step.started_ms, step.wall_ms))).collect()
}
