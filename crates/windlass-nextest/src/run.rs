//! The command lines of nextest.

use windlass_plan::Command;

use crate::{only_binary, rerun_filter};

/// How nextest is called in one workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nextest {
    /// The words it is called by: `cargo nextest`, or the path of a `cargo-nextest` and `nextest`.
    pub program: Vec<String>,
    /// The absolute root of the workspace.
    pub root: String,
    /// Cargo's own arguments, which choose packages, features and lockfile. Those of the build, so that nothing is compiled
    /// twice.
    pub cargo_args: Vec<String>,
    /// The profile of nextest's configuration; nextest's own choice if absent.
    pub profile: Option<String>,
}

/// One run of the tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The absolute path of a file with the text of [`tool_config`](crate::tool_config).
    pub tool_config: String,
    /// Whether the tests go on after one has failed, whatever the profile says.
    pub no_fail_fast: bool,
    /// Which tests are run; all that the profile's default filter lets through if absent.
    pub filter: Option<String>,
}

impl Nextest {
    /// Asks for the version; [`parse_version`](crate::parse_version) reads the answer.
    pub fn version(&self) -> Command {
        self.words().arg("--version")
    }

    /// Asks which test binaries there are, building them if need be but starting none; [`parse_binaries`](crate::parse_binaries)
    /// reads the answer.
    pub fn binaries(&self) -> Command {
        self.call("list").args(["--list-type", "binaries-only", "--message-format", "json"])
    }

    /// Asks one binary alone for its tests; [`parse_probe`](crate::parse_probe) reads the answer. It fails where nextest cannot
    /// list the binary, and lasts for as long as the binary does: give it a timeout.
    pub fn probe(&self, binary_id: &str) -> Command {
        self.call("list").args(["--message-format", "json", "-E", &only_binary(binary_id)])
    }

    /// Runs the tests. A workspace without tests passes.
    pub fn run(&self, run: &Run) -> Command {
        let mut command = self.call("run");
        command = command.args(["--tool-config-file", &format!("windlass:{}", run.tool_config), "--no-tests=pass"]);
        if run.no_fail_fast {
            command = command.arg("--no-fail-fast");
        }
        match &run.filter {
            Some(filter) => command.args(["-E", filter]),
            None => command,
        }
    }

    /// Runs one test again, with nothing of windlass's own added.
    pub fn rerun(&self, binary_id: &str, test: &str) -> Command {
        self.call("run").args(["-E", &rerun_filter(binary_id, test)])
    }

    fn call(&self, subcommand: &str) -> Command {
        let command = self.words().arg(subcommand).args(&self.cargo_args);
        match &self.profile {
            Some(profile) => command.args(["--profile", profile]),
            None => command,
        }
    }

    fn words(&self) -> Command {
        let (program, words) =
            self.program.split_first().map_or(("cargo-nextest", &[][..]), |(first, rest)| (first, rest));
        Command::new(program, &self.root).args(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nextest() -> Nextest {
        Nextest {
            program: vec!["/cache/bin/cargo-nextest".into(), "nextest".into()],
            root: "/ws".into(),
            cargo_args: vec!["--workspace".into(), "--exclude".into(), "xtask".into(), "--locked".into()],
            profile: Some("ci".into()),
        }
    }

    #[test]
    fn every_command_that_builds_has_the_same_selection() {
        let nextest = nextest();
        let run = Run { tool_config: "/ws/target/windlass/nextest.toml".into(), no_fail_fast: true, filter: None };
        let lines: Vec<_> = [
            nextest.version(),
            nextest.binaries(),
            nextest.probe("app::custom"),
            nextest.run(&run),
            nextest.run(&Run {
                no_fail_fast: false,
                filter: Some("not (binary_id(=app::custom))".into()),
                ..run.clone()
            }),
            nextest.rerun("app", "tests::ok"),
        ]
        .iter()
        .map(Command::shell_here)
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        /cache/bin/cargo-nextest nextest --version
        /cache/bin/cargo-nextest nextest list --workspace --exclude xtask --locked --profile ci --list-type binaries-only --message-format json
        /cache/bin/cargo-nextest nextest list --workspace --exclude xtask --locked --profile ci --message-format json -E 'binary_id(=app::custom)'
        /cache/bin/cargo-nextest nextest run --workspace --exclude xtask --locked --profile ci --tool-config-file windlass:/ws/target/windlass/nextest.toml --no-tests=pass --no-fail-fast
        /cache/bin/cargo-nextest nextest run --workspace --exclude xtask --locked --profile ci --tool-config-file windlass:/ws/target/windlass/nextest.toml --no-tests=pass -E 'not (binary_id(=app::custom))'
        /cache/bin/cargo-nextest nextest run --workspace --exclude xtask --locked --profile ci -E 'binary_id(=app) & test(=tests::ok)'
        ");
    }
}
