//! Which run a test belongs to, and what the test is called.

use std::path::Path;

/// What `NEXTEST_EXECUTION_MODE` says where each test has a process of its own.
const PROCESS_PER_TEST: &str = "process-per-test";

/// The run that a test belongs to: its tests share a supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// What its files are called by.
    pub(crate) key: String,
    /// The process whose end is the end of the run.
    pub(crate) owner: u32,
    /// Whether no other run will ever have this key.
    pub(crate) is_unique: bool,
}

impl Run {
    /// The run of the process `own`, which `parent` has started.
    pub(crate) fn of(env: impl Fn(&str) -> Option<String>, own: u32, parent: u32) -> Self {
        match env("NEXTEST_RUN_ID") {
            Some(key) => Self { key, owner: parent, is_unique: true },
            None if env("CARGO").is_some() => Self { key: format!("cargo-{parent}"), owner: parent, is_unique: false },
            None => Self { key: format!("process-{own}"), owner: own, is_unique: false },
        }
    }
}

/// Whether this process is that of one test alone.
pub(crate) fn is_process_per_test(env: impl Fn(&str) -> Option<String>) -> bool {
    env("NEXTEST_EXECUTION_MODE").as_deref() == Some(PROCESS_PER_TEST)
}

/// The name of the test that asks, such as `shop::orders::a_total`: its binary's as nextest calls it, and its own. Cargo gives
/// it to the thread that runs it.
pub(crate) fn test_name(env: impl Fn(&str) -> Option<String>, exe: &Path, thread: Option<&str>) -> Option<String> {
    let test = env("NEXTEST_TEST_NAME").or_else(|| thread.filter(|name| *name != "main").map(str::to_owned))?;
    let binary = env("NEXTEST_BINARY_ID").or_else(|| {
        let package = env("CARGO_PKG_NAME")?;
        let stem = exe.file_stem()?.to_str()?;
        let target = stem.rsplit_once('-').map_or(stem, |(target, _hash)| target);
        Some(if target == package.replace('-', "_") { package } else { format!("{package}::{target}") })
    });
    Some(binary.map_or(test.clone(), |binary| format!("{binary}::{test}")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Run, is_process_per_test, test_name};

    fn env<'a>(variables: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |wanted| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_run_is_nextests_or_cargos_or_the_process_itself() {
        let cases = [
            (&[("NEXTEST_RUN_ID", "7c1e"), ("CARGO", "cargo")][..], "7c1e", 2, true),
            (&[("CARGO", "cargo")], "cargo-2", 2, false),
            (&[], "process-1", 1, false),
        ];
        for (variables, key, owner, is_unique) in cases {
            assert_eq!(Run::of(env(variables), 1, 2), Run { key: key.into(), owner, is_unique });
        }
    }

    #[test]
    fn only_nextest_has_a_process_for_each_test() {
        assert!(is_process_per_test(env(&[("NEXTEST_EXECUTION_MODE", "process-per-test")])));
        assert!(!is_process_per_test(env(&[])));
    }

    #[test]
    fn a_test_has_the_name_of_its_binary_and_its_own() {
        let nextest = [("NEXTEST_BINARY_ID", "shop::orders"), ("NEXTEST_TEST_NAME", "a_total")];
        let cases = [
            (&nextest[..], "x-1", Some("main"), Some("shop::orders::a_total")),
            (&[("CARGO_PKG_NAME", "shop")], "/t/orders-0a1b", Some("a_total"), Some("shop::orders::a_total")),
            (&[("CARGO_PKG_NAME", "my-shop")], "/t/my_shop-0a1b", Some("a::b"), Some("my-shop::a::b")),
            (&[], "/t/my_shop-0a1b", Some("a::b"), Some("a::b")),
            (&[("CARGO_PKG_NAME", "shop")], "/t/shop-1", Some("main"), None),
            (&[("CARGO_PKG_NAME", "shop")], "/t/shop-1", None, None),
        ];
        for (variables, exe, thread, expected) in cases {
            assert_eq!(test_name(env(variables), Path::new(exe), thread).as_deref(), expected);
        }
    }
}
