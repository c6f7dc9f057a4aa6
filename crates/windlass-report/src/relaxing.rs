//! How a red step becomes green: by the key of the configuration that asks less of it, or by a command.

use windlass_record::{Diagnostic, Level, Outcome, StepRecord};

/// nextest's exit code where tests failed; others say that it could not run them.
const TESTS_FAILED: i32 = 100;

/// What to write to `.config/windlass.toml` so that a red step is not asked for, or not as strictly; absent where it is not
/// red, and for a workspace's own steps that simply failed.
pub(crate) fn relaxing_key(step: &StepRecord) -> Option<String> {
    let stage = step.stage.as_str();
    let is_builtin = ["fmt", "lock", "nix", "clippy", "build", "test", "doctest", "doc"].contains(&stage);
    let code = match step.outcome {
        Outcome::TimedOut { .. } if is_builtin => return Some("`ci.timeout-s`".to_owned()),
        Outcome::TimedOut { .. } => return Some(format!("`timeout-s` of the `[[ci.step]]` named `{stage}`")),
        _ if !is_builtin || !step.outcome.is_red() => return None,
        Outcome::Failed { code } => Some(code),
        _ => None,
    };
    let of_a_package = match stage {
        "build" | "doctest" => code.is_some(),
        "test" if step.command.contains("nextest run") => code == Some(TESTS_FAILED),
        "test" => code.is_some(),
        _ => false,
    };
    let warnings = (code.is_some() && is_red_by_warnings(step)).then_some("`ci.warnings = \"allow\"`");
    let exclude = of_a_package.then_some("`ci.exclude` (for a package)");
    // The tests need the build.
    let skip =
        if stage == "build" { "`ci.skip = [\"build\", \"test\"]`" } else { &format!("`ci.skip = [\"{stage}\"]`") };
    Some([warnings, exclude, Some(skip)].into_iter().flatten().collect::<Vec<_>>().join(" or "))
}

/// What sets right a red step, where one command does.
pub(crate) fn remedy(step: &StepRecord) -> Option<String> {
    if step.stage == "fmt" && step.outcome == (Outcome::Failed { code: 1 }) {
        return Some(format!("`{}` formats it", step.command.replace(" --check", "")));
    }
    if step.stage == "nix" && step.outcome == (Outcome::Failed { code: 1 }) {
        return Some(format!("`{}` formats files of Nix", step.command.replace("check --level L0", "fmt")));
    }
    let is_stale = errors(step).any(|error| error.message.contains("--locked was passed to prevent this"));
    is_stale.then(|| "`cargo update --workspace` brings the lockfile in line with the manifests".to_owned())
}

/// Whether warnings were denied in a step, and errors were lints and nothing that no key allows.
fn is_red_by_warnings(step: &StepRecord) -> bool {
    let is_denied = ["CARGO_BUILD_WARNINGS=deny ", "-D warnings"].iter().any(|it| step.command.contains(it));
    // `E0308`; lints have names.
    let is_number = |code: &str| code.strip_prefix('E').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let codes = || errors(step).filter_map(|error| error.code.as_deref());
    is_denied && codes().next().is_some() && !codes().any(is_number)
}

fn errors(step: &StepRecord) -> impl Iterator<Item = &Diagnostic> {
    step.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: Option<&str>, message: &str) -> Diagnostic {
        let (file, line, column) = (None, None, None);
        Diagnostic {
            level: Level::Error,
            code: code.map(str::to_owned),
            message: message.into(),
            package: None,
            file,
            line,
            column,
        }
    }

    #[test]
    fn each_red_builtin_stage_has_a_key_and_nothing_else_has() {
        let failed = Outcome::Failed { code: 1 };
        let cases = [
            ("fmt", failed.clone(), Some(r#"`ci.skip = ["fmt"]`"#)),
            ("nix", failed.clone(), Some(r#"`ci.skip = ["nix"]`"#)),
            ("lock", failed.clone(), Some(r#"`ci.skip = ["lock"]`"#)),
            ("build", failed.clone(), Some(r#"`ci.exclude` (for a package) or `ci.skip = ["build", "test"]`"#)),
            ("test", failed.clone(), Some(r#"`ci.exclude` (for a package) or `ci.skip = ["test"]`"#)),
            ("test", Outcome::TimedOut { after_s: 9 }, Some("`ci.timeout-s`")),
            ("test", Outcome::Killed { signal: 9 }, Some(r#"`ci.skip = ["test"]`"#)),
            ("lock", Outcome::Error { reason: "x".into() }, Some(r#"`ci.skip = ["lock"]`"#)),
            ("e2e", failed, None),
            ("e2e", Outcome::TimedOut { after_s: 9 }, Some("`timeout-s` of the `[[ci.step]]` named `e2e`")),
            ("fmt", Outcome::Passed, None),
            ("fmt", Outcome::Interrupted, None),
            ("fmt", Outcome::Skipped { reason: "x".into() }, None),
        ];
        for (stage, outcome, expected) in cases {
            let step = StepRecord { outcome: outcome.clone(), ..StepRecord::planned(stage, stage, "x") };
            assert_eq!(relaxing_key(&step).as_deref(), expected, "{stage} {outcome}");
        }
    }

    #[test]
    fn warnings_are_to_be_allowed_where_they_were_denied_and_nothing_else_is_wrong() {
        let by_cargo = "CARGO_BUILD_WARNINGS=deny cargo";
        let cases: [(&str, &str, &[Option<&str>], bool); 8] = [
            ("build", by_cargo, &[Some("dead_code")], true),
            ("doc", by_cargo, &[Some("rustdoc::invalid_html_tags"), None], true),
            ("clippy", "cargo clippy -- -D warnings", &[Some("clippy::len_zero")], true),
            ("clippy", "cargo clippy", &[Some("clippy::eq_op")], false),
            ("doc", "cargo doc", &[Some("rustdoc::broken_intra_doc_links")], false),
            ("build", by_cargo, &[Some("dead_code"), Some("E0308")], false),
            ("clippy", by_cargo, &[None], false),
            ("clippy", by_cargo, &[], false),
        ];
        for (stage, command, codes, expected) in cases {
            let mut step = StepRecord::planned(stage, stage, command);
            step.outcome = Outcome::Failed { code: 101 };
            step.diagnostics = codes.iter().map(|code| error(*code, "x")).collect();
            let key = relaxing_key(&step).unwrap();
            assert_eq!(key.starts_with("`ci.warnings = \"allow\"` or "), expected, "{command} {codes:?}: {key}");
            assert_eq!(key.contains("ci.warnings"), expected);
        }
    }

    #[test]
    fn excluding_a_package_helps_where_tests_failed_and_not_where_nextest_did() {
        let nextest = "cargo nextest run --workspace";
        for (command, code, expected) in
            [(nextest, 100, true), (nextest, 96, false), ("cargo test --test own", 101, true)]
        {
            let step = StepRecord { outcome: Outcome::Failed { code }, ..StepRecord::planned("t", "test", command) };
            assert_eq!(relaxing_key(&step).unwrap().contains("ci.exclude"), expected, "{command} {code}");
        }
    }

    #[test]
    fn one_command_sets_right_a_stale_lockfile_and_what_is_not_formatted() {
        let failed = |code| {
            let step = StepRecord::planned("fmt", "fmt", "cargo fmt --check -p app");
            remedy(&StepRecord { outcome: Outcome::Failed { code }, ..step })
        };
        assert_eq!(failed(1).as_deref(), Some("`cargo fmt -p app` formats it"));
        assert_eq!(failed(101), None);
        let step = StepRecord::planned("nix", "nix", "target/xtask/xtask nix check --level L0");
        let remedy_of_nix = remedy(&StepRecord { outcome: Outcome::Failed { code: 1 }, ..step });
        assert_eq!(remedy_of_nix.as_deref(), Some("`target/xtask/xtask nix fmt` formats files of Nix"));
        let mut step = StepRecord::planned("lock", "lock", "cargo update --workspace --locked");
        assert_eq!(remedy(&step), None);
        step.diagnostics =
            vec![error(None, "cannot update the lock file /ws/Cargo.lock because --locked was passed to prevent this")];
        assert!(remedy(&step).unwrap().starts_with("`cargo update --workspace` "));
    }
}
