//! What the caller knows of a run's logs.

use std::collections::BTreeMap;

use windlass_record::StepRecord;

/// Where the logs of a run lie, and how they end. A report reads no files, so its caller does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    /// The directory of the run, as it is shown to a reader.
    pub dir: String,
    /// The last lines of the logs of red steps, by the step's name.
    pub tails: BTreeMap<String, String>,
}

impl Logs {
    /// The path of a step's log, if it has one.
    pub(crate) fn path(&self, step: &StepRecord) -> Option<String> {
        let file = &step.log.as_ref()?.file;
        Some(if self.dir.is_empty() { file.clone() } else { format!("{}/{file}", self.dir.trim_end_matches('/')) })
    }

    /// The end of a step's log; empty if the caller gave none.
    pub(crate) fn tail(&self, step: &StepRecord) -> &str {
        self.tails.get(&step.name).map_or("", String::as_str)
    }
}
