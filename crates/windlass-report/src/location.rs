//! Where in the code a test failed.

use std::fmt;

use windlass_record::{Diagnostic, TestRecord};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// Relative to the workspace's root.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: Option<u32>,
    /// From 1.
    pub(crate) column: Option<u32>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

impl Location {
    /// The place that a diagnostic names.
    pub(crate) fn of_diagnostic(diagnostic: &Diagnostic) -> Option<Self> {
        let Diagnostic { file, line, column, .. } = diagnostic;
        Some(Self { file: file.clone()?, line: *line, column: *column })
    }

    /// The place of the first panic that lies in `workspace`, from what a failed test said.
    pub(crate) fn of_test(test: &TestRecord, workspace: &str) -> Option<Self> {
        let said = [&test.message, &test.output];
        let mut panics = said.into_iter().flatten().flat_map(|text| text.split("panicked at ").skip(1));
        panics.find_map(|panic| Self::of_panic(panic.lines().next()?, workspace))
    }

    /// From `src/lib.rs:5:58:`, and from `'message', src/lib.rs:5:58` as Rust had it before 1.73.
    fn of_panic(line: &str, workspace: &str) -> Option<Self> {
        let place = if line.starts_with('\'') { line.rsplit_once("', ")?.1 } else { line };
        let mut parts = place.trim_end().trim_end_matches(':').rsplitn(3, ':');
        let column = parts.next()?.parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        let file = parts.next()?;
        let inside = file.strip_prefix(workspace).and_then(|rest| rest.strip_prefix('/')).unwrap_or(file);
        (!inside.starts_with('/')).then(|| Self { file: inside.to_owned(), line: Some(line), column: Some(column) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_the_workspace_is_found_in_the_output_of_every_rust() {
        let cases = [
            ("thread 'a::b' panicked at crates/a/src/lib.rs:5:58:\nno", Some("crates/a/src/lib.rs:5:58")),
            ("thread 'a' (42) panicked at /ws/src/lib.rs:5:58:\nno", Some("src/lib.rs:5:58")),
            ("thread 'a' panicked at 'it said, so', src/lib.rs:7:1\n", Some("src/lib.rs:7:1")),
            ("panicked at /rustc/abc/library/core.rs:1:2:\nthen panicked at src/b.rs:3:4:", Some("src/b.rs:3:4")),
            ("panicked at once", None),
            ("Error: no such file", None),
        ];
        for (output, expected) in cases {
            let test = TestRecord {
                step: "test".into(),
                binary: "a".into(),
                name: "a::b".into(),
                outcome: windlass_record::TestOutcome::Failed,
                wall_ms: 1,
                message: None,
                output: Some(output.into()),
                rerun: None,
            };
            let found = Location::of_test(&test, "/ws").map(|location| location.to_string());
            assert_eq!(found.as_deref(), expected, "{output}");
        }
    }
}
