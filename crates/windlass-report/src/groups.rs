//! Foldable groups in the log of a CI service.

use crate::{github, gitlab};

/// How a log is divided into groups: one for each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// GitHub Actions. Between the lines that open and close a group, GitHub obeys no workflow command but the one with this
    /// token, so that a test that prints `::error::` stays a test that prints.
    Github {
        /// Unique in the run and nothing that a step would print, such as the run's id.
        token: String,
    },
    /// GitLab CI.
    Gitlab,
    /// Any other log: a heading, and nothing to fold.
    Plain,
}

impl Groups {
    /// What to print before the output of `step`: whole lines.
    pub fn open(&self, step: &str, title: &str, unix_s: u64) -> String {
        match self {
            Self::Github { token } => format!("{}\n::stop-commands::{token}\n", github::group(title)),
            Self::Gitlab => format!("{}\n", gitlab::section_start(step, title, unix_s)),
            Self::Plain => format!("--- {title}\n"),
        }
    }

    /// What to print behind the output of `step`, at the beginning of a line: whole lines, or nothing.
    pub fn close(&self, step: &str, unix_s: u64) -> String {
        match self {
            Self::Github { token } => format!("::{token}::\n{}\n", github::ENDGROUP),
            Self::Gitlab => format!("{}\n", gitlab::section_end(step, unix_s)),
            Self::Plain => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_what_its_service_reads() {
        let github = Groups::Github { token: "20261122T174500Z-1".into() };
        let both = |groups: &Groups| format!("{}{}", groups.open("a b", "a 100%", 7), groups.close("a b", 9));
        let cases = [
            (&github, "::group::a 100%25\n::stop-commands::20261122T174500Z-1\n::20261122T174500Z-1::\n::endgroup::\n"),
            (
                &Groups::Gitlab,
                "\u{1b}[0Ksection_start:7:a_b[collapsed=true]\r\u{1b}[0Ka 100%\n\u{1b}[0Ksection_end:9:a_b\r\u{1b}[0K\n",
            ),
            (&Groups::Plain, "--- a 100%\n"),
        ];
        for (groups, expected) in cases {
            assert_eq!(both(groups), expected);
        }
    }
}
