//! Why there is nothing for a test.

use std::fmt;

/// A message for people, of several lines.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) text: String,
    /// Whether the server's programs are not on this machine.
    #[cfg_attr(not(feature = "testcontainers"), allow(dead_code, reason = "only containers stand in for programs"))]
    pub(crate) not_at_hand: bool,
}

impl Problem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), not_at_hand: false }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
