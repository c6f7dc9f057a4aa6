//! The key of the configuration that makes a red stage no longer red.

use windlass_record::Outcome;

/// What to write to `.config/windlass.toml` so that a red stage is not asked for, or not as strictly; absent where it is not
/// red, and for a workspace's own steps that simply failed.
pub fn relaxing_key(stage: &str, outcome: &Outcome) -> Option<String> {
    let builtin = ["fmt", "lock", "clippy", "build", "test", "doctest", "doc"].contains(&stage);
    // The tests need the build.
    let skipped = if stage == "build" { "\"build\", \"test\"".to_owned() } else { format!("\"{stage}\"") };
    let skip = format!("`ci.skip = [{skipped}]`");
    match outcome {
        Outcome::TimedOut { .. } if builtin => Some("`ci.timeout-s`".to_owned()),
        Outcome::TimedOut { .. } => Some(format!("`timeout-s` of the `[[ci.step]]` named `{stage}`")),
        _ if !builtin || !outcome.is_red() => None,
        Outcome::Failed { .. } => match stage {
            "clippy" | "doc" => Some(format!("`ci.warnings = \"allow\"` or {skip}")),
            "build" | "test" | "doctest" => Some(format!("`ci.exclude` (for a package) or {skip}")),
            _ => Some(skip),
        },
        _ => Some(skip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_red_builtin_stage_has_a_key_and_nothing_else_has() {
        let failed = Outcome::Failed { code: 1 };
        let cases = [
            ("fmt", failed.clone(), Some(r#"`ci.skip = ["fmt"]`"#)),
            ("clippy", failed.clone(), Some(r#"`ci.warnings = "allow"` or `ci.skip = ["clippy"]`"#)),
            ("doc", failed.clone(), Some(r#"`ci.warnings = "allow"` or `ci.skip = ["doc"]`"#)),
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
            assert_eq!(relaxing_key(stage, &outcome).as_deref(), expected, "{stage} {outcome}");
        }
    }
}
