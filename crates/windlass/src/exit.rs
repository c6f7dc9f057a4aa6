//! Exit codes, as docs/architecture.md lists them.

use std::fmt;

/// How a task ended, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// Everything that was asked passed.
    pub const PASSED: Self = Self(0);
    /// An answer, not an error: something failed, is stale or was found.
    pub const FAILED: Self = Self(1);
    /// Windlass could not do its work.
    pub const BROKEN: Self = Self(3);
}

/// An error of the user's: bad arguments or configuration, or a manifest that cargo cannot load. Exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A signal asked windlass to stop. Exit code 128 + signal.
#[derive(Debug)]
pub struct Interrupted(pub i32);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted by signal {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// The exit code that an error stands for.
pub(crate) fn of_error(error: &anyhow::Error) -> u8 {
    if let Some(Interrupted(signal)) = error.downcast_ref() {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    if error.is::<Usage>() { 2 } else { Exit::BROKEN.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_exit_code_of_its_kind_also_below_context() {
        let cases = [
            (anyhow::Error::new(Usage("x".into())), 2),
            (anyhow::Error::new(Usage("x".into())).context("while reading"), 2),
            (anyhow::Error::new(Interrupted(2)), 130),
            (anyhow::Error::new(Interrupted(15)).context("while asking"), 143),
            (anyhow::anyhow!("no cargo"), 3),
        ];
        for (error, code) in cases {
            assert_eq!(of_error(&error), code, "{error}");
        }
    }
}
