//! What happened to one test.

use serde::{Deserialize, Serialize};

/// One test that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRecord {
    /// The step that ran it.
    pub step: String,
    /// nextest's binary id: `package`, `package::target` or `package::bin/target`.
    pub binary: String,
    /// Its name in the binary.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Milliseconds of its last try.
    pub wall_ms: u64,
    /// What it failed with, in a line; absent if it passed.
    pub message: Option<String>,
    /// What it wrote, if it failed: at most the last 64 KiB.
    pub output: Option<String>,
    /// The line that runs just this test again, in the workspace's root; absent if it passed.
    pub rerun: Option<String>,
}

impl TestRecord {
    /// Its name and its binary's, as nextest prints them.
    pub fn id(&self) -> String {
        format!("{} {}", self.binary, self.name)
    }
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestOutcome {
    /// At the first try.
    Passed,
    /// It failed at first and passed when it was tried again.
    Flaky,
    /// At every try.
    Failed,
}
