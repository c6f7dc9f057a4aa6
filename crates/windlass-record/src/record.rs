//! A whole run, and its JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Event, Outcome, StepRecord, TestOutcome, TestRecord};

/// The version of the JSON that this code writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// Everything that is known of a run once it has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// The run as a whole.
    pub run: Run,
    /// Its steps, in the order of the plan; those that were not planned, with the reason, where they would have stood.
    pub steps: Vec<StepRecord>,
    /// Its tests, in the order in which they were reported.
    pub tests: Vec<TestRecord>,
}

/// The run as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Unique in the workspace; sorts by time.
    pub id: String,
    /// The task, such as `ci`.
    pub task: String,
    /// The absolute root of the workspace.
    pub workspace: String,
    /// The version of windlass.
    pub windlass: String,
    /// Milliseconds since 1970 when it began.
    pub started_unix_ms: u64,
    /// Milliseconds from its start to its end.
    pub wall_ms: u64,
    /// The signal that interrupted it, if one did.
    pub interrupted_by: Option<i32>,
    /// The CI that it ran in, or was told to act for: `github`, `gitlab`, `plain` or `none`.
    pub ci: String,
    /// What it ran on.
    pub machine: Machine,
    /// The tools that it used, each with its version.
    pub tools: BTreeMap<String, String>,
    /// What a reader should know besides, such as "no Cargo.lock: no command gets `--locked`".
    pub notes: Vec<String>,
    /// The chain of steps that decided how long it took: each waited for the one before it.
    pub critical_path: Vec<String>,
    /// Milliseconds that the steps of the critical path took.
    pub critical_path_ms: u64,
}

/// What a run ran on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system, as Rust names it.
    pub os: String,
    /// The processor architecture, as Rust names it.
    pub arch: String,
    /// How many threads it can run at once.
    pub cpus: u32,
}

/// Why text is not a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not the JSON of a record.
    #[error("not a windlass record: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It was written by a windlass that is newer than this one.
    #[error("record version {found} is newer than {VERSION}, the newest that this windlass reads; update windlass")]
    Newer {
        /// Its version.
        found: u32,
    },
}

impl Run {
    /// A run that has just begun.
    pub fn new(id: impl Into<String>, task: impl Into<String>, workspace: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            task: task.into(),
            workspace: workspace.into(),
            windlass: env!("CARGO_PKG_VERSION").to_owned(),
            started_unix_ms: 0,
            wall_ms: 0,
            interrupted_by: None,
            ci: "none".to_owned(),
            machine: Machine::default(),
            tools: BTreeMap::new(),
            notes: Vec::new(),
            critical_path: Vec::new(),
            critical_path_ms: 0,
        }
    }
}

impl Record {
    /// A run of `steps` of which nothing has happened yet.
    pub fn new(run: Run, steps: Vec<StepRecord>) -> Self {
        Self { version: VERSION, run, steps, tests: Vec::new() }
    }

    /// Adds what an event says. Output is not kept here, it is in the logs.
    pub fn apply(&mut self, event: &Event) {
        let (Event::Started { step: name, .. }
        | Event::Ready { step: name, .. }
        | Event::Output { step: name, .. }
        | Event::Finished { step: name, .. }) = event;
        let Some(step) = self.steps.iter_mut().find(|step| step.name == *name) else { return };
        match event {
            Event::Started { at_ms, .. } => step.started_ms = Some(*at_ms),
            Event::Output { .. } => {}
            Event::Ready { at_ms, .. } => step.ready_ms = step.started_ms.map(|started| at_ms.saturating_sub(started)),
            Event::Finished { at_ms, outcome, log, .. } => {
                step.wall_ms = step.started_ms.map_or(0, |started| at_ms.saturating_sub(started));
                step.outcome = outcome.clone();
                step.log.clone_from(log);
            }
        }
    }

    /// Marks the run as ended `wall_ms` after its start, and finds its critical path.
    pub fn finish(&mut self, wall_ms: u64, interrupted_by: Option<i32>) {
        self.run.wall_ms = wall_ms;
        self.run.interrupted_by = interrupted_by;
        let path = critical_path(&self.steps);
        self.run.critical_path_ms = path.iter().map(|step| step.took_ms()).sum();
        self.run.critical_path = path.iter().map(|step| step.name.clone()).collect();
    }

    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The steps that are red, in order.
    pub fn red_steps(&self) -> impl Iterator<Item = &StepRecord> {
        self.steps.iter().filter(|step| step.outcome.is_red())
    }

    /// The tests that failed, in order.
    pub fn failed_tests(&self) -> impl Iterator<Item = &TestRecord> {
        self.tests.iter().filter(|test| test.outcome == TestOutcome::Failed)
    }

    /// The exit code of the run: 128 + signal if it was interrupted, else 1 for a failure, else 3 for an error of windlass's
    /// own, else 0.
    pub fn exit_code(&self) -> u8 {
        if let Some(signal) = self.run.interrupted_by {
            return u8::try_from(128 + signal).unwrap_or(u8::MAX);
        }
        if self.steps.iter().any(|step| step.outcome.is_failure()) {
            return 1;
        }
        if self.steps.iter().any(|step| matches!(step.outcome, Outcome::Error { .. })) { 3 } else { 0 }
    }

    /// Indented JSON that ends with a line feed.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a record holds nothing that JSON cannot");
        text.push('\n');
        text
    }

    /// Reads the JSON of a record.
    ///
    /// # Errors
    ///
    /// When `text` is not a record, and when it is one of a newer version.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text)?;
        if version > VERSION {
            return Err(RecordError::Newer { found: version });
        }
        Ok(serde_json::from_str(text)?)
    }
}

/// From the step that was done last, back through the step that each one waited for: the last to be done before its start, among
/// those it needed and those that held a resource it uses.
fn critical_path(steps: &[StepRecord]) -> Vec<&StepRecord> {
    let started = || steps.iter().filter(|step| step.started_ms.is_some());
    let mut path = Vec::new();
    let mut last = started().max_by_key(|step| step.done_ms());
    while let Some(step) = last {
        path.push(step);
        let waited_for = |other: &&StepRecord| {
            other.name != step.name
                && other.done_ms() <= step.started_ms
                && (step.needs.contains(&other.name) || other.uses.iter().any(|resource| step.uses.contains(resource)))
                && !path.iter().any(|seen| seen.name == other.name)
        };
        last = started().filter(waited_for).max_by_key(|step| step.done_ms());
    }
    path.reverse();
    path
}
