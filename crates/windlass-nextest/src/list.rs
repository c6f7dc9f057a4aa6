//! nextest's lists of test binaries and tests.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A binary that holds tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// nextest's id: `package`, `package::target` or `package::bin/target`.
    pub id: String,
    /// The id that cargo gives the package.
    pub package_id: String,
    /// The target's name.
    pub name: String,
    /// The target's kind as nextest names it: `lib`, `proc-macro`, `bin`, `example`, `test` or `bench`.
    pub kind: String,
}

/// What nextest finds in one binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It lists so many tests, those that the profile leaves out or that are ignored included. A harness that lists none does
    /// not speak nextest's protocol, or has none at present.
    Listed(usize),
    /// The profile's default filter leaves it out as a whole, so it was not asked.
    FilteredOut,
}

/// Why an answer of `nextest list` cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is not the JSON of a list.
    #[error("`cargo nextest list` did not answer with the JSON of a list: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It says nothing of the binary that was asked about.
    #[error("`cargo nextest list` did not mention the binary `{id}`")]
    Missing {
        /// The binary.
        id: String,
    },
}

/// Reads what [`Nextest::binaries`](crate::Nextest::binaries) answers, sorted by id.
///
/// # Errors
///
/// When `answer` is not such a list.
pub fn parse_binaries(answer: &str) -> Result<Vec<Binary>, ListError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct List {
        rust_binaries: BTreeMap<String, Listed>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Listed {
        binary_name: String,
        package_id: String,
        kind: String,
    }
    let list: List = serde_json::from_str(answer)?;
    let binary = |(id, Listed { binary_name: name, package_id, kind })| Binary { id, package_id, name, kind };
    Ok(list.rust_binaries.into_iter().map(binary).collect())
}

/// Reads what [`Nextest::probe`](crate::Nextest::probe) answers about the binary `id`.
///
/// # Errors
///
/// When `answer` is not such a list, or not one about `id`.
pub fn parse_probe(answer: &str, id: &str) -> Result<Probe, ListError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct List {
        rust_suites: BTreeMap<String, Suite>,
    }
    #[derive(Deserialize)]
    struct Suite {
        status: String,
        testcases: BTreeMap<String, serde::de::IgnoredAny>,
    }
    let mut list: List = serde_json::from_str(answer)?;
    let suite = list.rust_suites.remove(id).ok_or_else(|| ListError::Missing { id: id.to_owned() })?;
    Ok(match suite.status.as_str() {
        "listed" => Probe::Listed(suite.testcases.len()),
        _ => Probe::FilteredOut,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_come_with_their_kinds() {
        let binaries = parse_binaries(include_str!("../tests/fixtures/list-binaries.json")).unwrap();
        let rows: Vec<_> =
            binaries.iter().map(|b| format!("{} {} {} {}", b.id, b.kind, b.name, b.package_id)).collect();
        insta::assert_snapshot!(rows.join("\n"), @r"
        lw lib lw path+file:///ws#0.1.0
        lw::bin/tool bin tool path+file:///ws#0.1.0
        lw::junk test junk path+file:///ws#0.1.0
        lw::silent test silent path+file:///ws#0.1.0
        ");
    }

    #[test]
    fn a_probe_tells_no_tests_from_filtered_out() {
        let cases = [
            (include_str!("../tests/fixtures/list-tests.json"), "lw", Probe::Listed(2)),
            (include_str!("../tests/fixtures/list-zero-tests.json"), "lw::silent", Probe::Listed(0)),
            (include_str!("../tests/fixtures/list-default-filter.json"), "lw", Probe::FilteredOut),
            // The filter leaves out each test by its name: the binary is listed, so nextest can do with it.
            (include_str!("../tests/fixtures/list-all-filtered.json"), "lw", Probe::Listed(2)),
        ];
        for (answer, id, expected) in cases {
            assert_eq!(parse_probe(answer, id).unwrap(), expected, "{id}");
        }
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let error = parse_binaries("").unwrap_err();
        assert!(
            error.to_string().starts_with("`cargo nextest list` did not answer with the JSON of a list: "),
            "{error}"
        );
        let error = parse_probe(include_str!("../tests/fixtures/list-tests.json"), "gone").unwrap_err();
        assert_eq!(error.to_string(), "`cargo nextest list` did not mention the binary `gone`");
    }
}
