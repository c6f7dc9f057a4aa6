//! What happened to one step.

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Unique in its run.
    pub name: String,
    /// The stage it is part of.
    pub stage: String,
    /// The line that does the same in a shell, in the workspace's root; empty where there was nothing to run.
    pub command: String,
    /// Steps that had to pass before it.
    pub needs: Vec<String>,
    /// Exclusive resources it held.
    pub uses: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds from the start of the run to its start; absent if it was not started.
    pub started_ms: Option<u64>,
    /// Milliseconds from its start to its end.
    pub wall_ms: u64,
    /// Milliseconds from its start until others could use it; absent if it is no service, or was never ready.
    pub ready_ms: Option<u64>,
    /// Milliseconds it took when it last passed; absent if it never did.
    pub expected_ms: Option<u64>,
    /// Its log; absent if it was not started.
    pub log: Option<Log>,
    /// What its tool said about places in the code, in the order of the log.
    pub diagnostics: Vec<Diagnostic>,
    /// What a reader should know besides, such as "nextest found no tests".
    pub notes: Vec<String>,
}

impl StepRecord {
    /// A step that has not been started yet; if the run ends now, it was interrupted.
    pub fn planned(name: impl Into<String>, stage: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            stage: stage.into(),
            command: command.into(),
            needs: Vec::new(),
            uses: Vec::new(),
            outcome: Outcome::Interrupted,
            started_ms: None,
            wall_ms: 0,
            ready_ms: None,
            expected_ms: None,
            log: None,
            diagnostics: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A step that there was no reason to plan.
    pub fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Self {
        let name = name.into();
        Self { outcome: Outcome::Skipped { reason: reason.into() }, ..Self::planned(name.clone(), name, "") }
    }

    /// Milliseconds that others waited for it: to its end, or, for a service, until it was ready.
    pub fn took_ms(&self) -> u64 {
        self.ready_ms.unwrap_or(self.wall_ms)
    }

    /// Milliseconds from the start of the run until nobody waited for it any more; absent if it was not started.
    pub fn done_ms(&self) -> Option<u64> {
        self.started_ms.map(|started| started + self.took_ms())
    }
}

/// Where the output of a step is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The file, relative to the directory of the run.
    pub file: String,
    /// Bytes that the step wrote.
    pub written_bytes: u64,
    /// Bytes of these that are not in the file. Those beyond its limit are named where they would stand; the others could
    /// not be written.
    pub omitted_bytes: u64,
}

/// What a tool said about a place in the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// The code or lint, such as `E0308` or `clippy::needless_return`.
    pub code: Option<String>,
    /// One line.
    pub message: String,
    /// The package that was being compiled, where the tool named one.
    pub package: Option<String>,
    /// The file, relative to the workspace's root where it lies in it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It fails its stage.
    Error,
    /// It does not.
    Warning,
}
