//! What the engine says while it runs a plan.

use serde::{Deserialize, Serialize};

use crate::{Log, Outcome};

/// One thing that happened to one step. Times are milliseconds since the run began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Its command was started.
    Started {
        /// The step.
        step: String,
        /// When.
        at_ms: u64,
    },
    /// It is a service, and those that need it may start.
    Ready {
        /// The step.
        step: String,
        /// When.
        at_ms: u64,
    },
    /// It wrote something.
    Output {
        /// The step.
        step: String,
        /// When.
        at_ms: u64,
        /// Whole lines, standard output and standard error as they came; bytes that are no UTF-8 are replaced.
        text: String,
    },
    /// It ended, or it is certain that it will not start.
    Finished {
        /// The step.
        step: String,
        /// When.
        at_ms: u64,
        /// How it ended.
        outcome: Outcome,
        /// Its log, if it was started.
        log: Option<Log>,
    },
}
