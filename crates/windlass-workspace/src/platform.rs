//! The machine that code is compiled for, and filters such as `cfg(windows)`.

use std::str::FromStr;

use cargo_metadata::cargo_platform::{Cfg, Platform};
use windlass_plan::Command;

/// What rustc compiles for when nobody says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The target triple.
    pub triple: String,
    /// What is set for `cfg(…)`: [`parse_cfg`].
    pub cfg: Vec<Cfg>,
}

/// Why a filter or a line of cfg cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// It is neither a `cfg(…)` expression nor a target triple.
    #[error("`{filter}` is neither `cfg(…)` nor a target triple: {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// What the parser says.
        reason: String,
    },
    /// A line of `rustc --print cfg` is not what it should be.
    #[error("`rustc --print cfg` answered `{line}`: {reason}")]
    Cfg {
        /// The line.
        line: String,
        /// What the parser says.
        reason: String,
    },
}

/// Asks rustc what is set for `cfg(…)`.
pub fn cfg_command(root: &str) -> Command {
    Command::new("rustc", root).args(["--print", "cfg"])
}

/// Reads what [`cfg_command`] answers.
///
/// # Errors
///
/// When a line is no cfg.
pub fn parse_cfg(answer: &str) -> Result<Vec<Cfg>, PlatformError> {
    let parse = |line: &str| {
        Cfg::from_str(line).map_err(|error| PlatformError::Cfg { line: line.to_owned(), reason: error.to_string() })
    };
    answer.lines().map(str::trim).filter(|line| !line.is_empty()).map(parse).collect()
}

impl Host {
    /// Whether a filter, `cfg(…)` or a target triple, holds here.
    ///
    /// # Errors
    ///
    /// When the filter is neither.
    pub fn matches(&self, filter: &str) -> Result<bool, PlatformError> {
        let refused = |reason: String| PlatformError::Filter { filter: filter.to_owned(), reason };
        let platform = Platform::from_str(filter).map_err(|error| refused(error.to_string()))?;
        // To cargo any word is a triple, and one that no machine has never matches.
        if matches!(&platform, Platform::Name(name) if !name.contains('-')) {
            return Err(refused(format!("an operating system is `cfg(target_os = \"{filter}\")`")));
        }
        Ok(platform.matches(&self.triple, &self.cfg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_hold_as_they_do_in_a_manifest() {
        let cfg = parse_cfg(include_str!("../tests/fixtures/rustc-cfg.txt")).unwrap();
        let host = Host { triple: "x86_64-unknown-linux-gnu".into(), cfg };
        let cases = [
            ("cfg(windows)", false),
            ("cfg(unix)", true),
            ("cfg(not(target_os = \"macos\"))", true),
            ("cfg(all(unix, target_pointer_width = \"32\"))", false),
            ("x86_64-unknown-linux-gnu", true),
            ("aarch64-apple-darwin", false),
        ];
        for (filter, expected) in cases {
            assert_eq!(host.matches(filter), Ok(expected), "{filter}");
        }
    }

    #[test]
    fn a_filter_that_is_none_is_an_error() {
        let error = Host::default().matches("cfg(windows").unwrap_err().to_string();
        assert!(error.starts_with("`cfg(windows` is neither `cfg(…)` nor a target triple: "), "{error}");
        assert!(Host::default().matches("linux or so").is_err());
        let error = Host::default().matches("linux").unwrap_err().to_string();
        let expected =
            "`linux` is neither `cfg(…)` nor a target triple: an operating system is `cfg(target_os = \"linux\")`";
        assert_eq!(error, expected);
        assert!(parse_cfg("unix\n= \"x\"\n").is_err());
    }
}
