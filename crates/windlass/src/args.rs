//! The arguments that tasks share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What every task that runs a plan takes.
#[derive(Clone, Debug, Default, Args)]
pub struct PlanArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Stop everything at the first step that does not pass (default at a terminal)
    #[arg(long, overrides_with = "keep_going")]
    pub fail_fast: bool,
    /// Run all that can still be run after a step has not passed (default elsewhere)
    #[arg(long)]
    pub keep_going: bool,
    /// Print what would be run, and why something would not, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print every command with its environment, ready to paste, and run nothing
    #[arg(long)]
    pub explain: bool,
    /// Print events as JSON lines on standard output, and everything else on standard error
    #[arg(long)]
    pub json: bool,
    /// Act for this CI, whatever the environment suggests
    #[arg(long, value_enum, value_name = "CI")]
    pub ci: Option<Ci>,
}

/// What `ci` and `test` take.
#[derive(Clone, Debug, Default, Args)]
pub struct CiArgs {
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// Run this stage and what it needs, and nothing else; may be repeated
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    pub(crate) stage: Vec<String>,
    /// Leave this stage out; may be repeated
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// Install nothing: what is missing is an error that says how to get it
    #[arg(long)]
    pub(crate) no_setup: bool,
}

/// The CI whose log and annotations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// GitHub Actions: log groups, annotations, step summary
    Github,
    /// GitLab CI: log sections
    Gitlab,
    /// Any other CI: headings
    Plain,
    /// No CI
    None,
}

impl Ci {
    /// Its name, as on the command line and in a record.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Plain => "plain",
            Self::None => "none",
        }
    }

    /// The CI that the environment suggests, with the variable that does.
    pub(crate) fn suggested(env: impl Fn(&str) -> Option<String>) -> (Self, Option<&'static str>) {
        let set = |name: &str| env(name).is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
        let known = [("GITHUB_ACTIONS", Self::Github), ("GITLAB_CI", Self::Gitlab), ("CI", Self::Plain)];
        match known.into_iter().find(|(name, _)| set(name)) {
            Some((name, ci)) => (ci, Some(name)),
            None => (Self::None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_suggests_the_ci() {
        let cases: [(&[(&str, &str)], _); 6] = [
            (&[("GITHUB_ACTIONS", "true"), ("CI", "true")], (Ci::Github, Some("GITHUB_ACTIONS"))),
            (&[("GITLAB_CI", "true"), ("CI", "true")], (Ci::Gitlab, Some("GITLAB_CI"))),
            (&[("CI", "true")], (Ci::Plain, Some("CI"))),
            (&[("CI", "false")], (Ci::None, None)),
            (&[("CI", "")], (Ci::None, None)),
            (&[], (Ci::None, None)),
        ];
        for (env, expected) in cases {
            let get = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Ci::suggested(get), expected, "{env:?}");
        }
    }
}
