//! How a step ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a step ended. Only [`Outcome::Passed`] lets the steps that need it start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Outcome {
    /// It exited with 0; a service was ready and was stopped when nobody needed it any more.
    Passed,
    /// It exited with another code.
    Failed {
        /// The exit code.
        code: i32,
    },
    /// It was stopped at its timeout.
    TimedOut {
        /// The timeout, in seconds.
        after_s: u64,
    },
    /// A signal that windlass did not send ended it.
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// Windlass could not do its part: the program could not be started, a service did not come up, a log not be written.
    Error {
        /// Why, with the name of what could not be started or written.
        reason: String,
    },
    /// It was not run, and that is why.
    Skipped {
        /// Who or what decided so.
        reason: String,
    },
    /// The run was interrupted before it ended, or before it started.
    Interrupted,
}

impl Outcome {
    /// Whether it answered no: it failed, timed out or was killed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::TimedOut { .. } | Self::Killed { .. })
    }

    /// Whether it is red in a report: a failure, or an error of windlass's own.
    pub fn is_red(&self) -> bool {
        self.is_failure() || matches!(self, Self::Error { .. })
    }

    /// What to say of a step that ended so to those that need it; `None` if they may start.
    pub fn why_unmet(&self) -> Option<&'static str> {
        match self {
            Self::Passed => None,
            Self::Skipped { .. } => Some("was skipped"),
            Self::Error { .. } => Some("could not be run"),
            Self::Failed { .. } | Self::TimedOut { .. } | Self::Killed { .. } | Self::Interrupted => {
                Some("did not pass")
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed { code } => write!(f, "failed with exit code {code}"),
            Self::TimedOut { after_s } => write!(f, "timed out after {after_s} s"),
            Self::Killed { signal } => write!(f, "killed by signal {signal}"),
            Self::Error { reason } => write!(f, "error: {reason}"),
            Self::Skipped { reason } => write!(f, "skipped: {reason}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passed_meets_a_need() {
        let reason = || "why".to_owned();
        let cases = [
            (Outcome::Passed, None),
            (Outcome::Failed { code: 1 }, Some("did not pass")),
            (Outcome::TimedOut { after_s: 1 }, Some("did not pass")),
            (Outcome::Killed { signal: 9 }, Some("did not pass")),
            (Outcome::Interrupted, Some("did not pass")),
            (Outcome::Error { reason: reason() }, Some("could not be run")),
            (Outcome::Skipped { reason: reason() }, Some("was skipped")),
        ];
        for (outcome, expected) in cases {
            assert_eq!(outcome.why_unmet(), expected, "{outcome}");
        }
    }
}
