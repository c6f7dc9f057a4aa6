//! The command lines of `nix`, and what it answers.

use std::collections::{BTreeMap, BTreeSet};

use windlass_plan::Command;

/// The oldest version that will do, `MAJOR.MINOR`: nixpkgs itself refuses older ones.
pub const MINIMUM: (u32, u32) = (2, 18);

/// How nix is called for one flake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nix {
    /// The program: a name, or a path.
    pub program: String,
    /// The absolute directory that it runs in.
    pub root: String,
    /// The flake: `.` is what git knows of the directory, `path:DIR` all that is in one.
    pub flake: String,
    /// Inputs, each with the absolute directory of the flake that stands in for it.
    pub overrides: BTreeMap<String, String>,
    /// Whether it does without the network.
    pub is_offline: bool,
}

/// Why an answer holds no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`nix --version` answered `{answer}`, which names no version of Nix")]
pub struct VersionError {
    /// The first line of the answer.
    pub answer: String,
}

impl Nix {
    /// Asks for the version; [`parse_version`] reads the answer.
    pub fn version(&self) -> Command {
        Command::new(&self.program, &self.root).arg("--version")
    }

    /// Evaluates all outputs, and builds the checks.
    pub fn flake_check(&self) -> Command {
        self.call(&["flake", "check"], &self.flake)
    }

    /// Asks, in JSON, which outputs there are.
    pub fn flake_show(&self) -> Command {
        self.call(&["flake", "show", "--json"], &self.flake)
    }

    /// Asks, in JSON, for the value of an attribute, such as `lib.pins`.
    pub fn eval(&self, attribute: &str) -> Command {
        self.call(&["eval", "--json"], &self.output(attribute))
    }

    /// Builds the package or check that an attribute is, and prints where it is; no link to it is made.
    pub fn build(&self, attribute: &str) -> Command {
        self.call(&["build", "--no-link", "--print-out-paths"], &self.output(attribute))
    }

    /// Runs a command in the shell that an attribute is, such as `devShells.x86_64-linux.default`.
    pub fn develop(&self, attribute: &str, command: &[String]) -> Command {
        self.call(&["develop"], &self.output(attribute)).arg("-c").args(command)
    }

    fn output(&self, attribute: &str) -> String {
        format!("{}#{attribute}", self.flake)
    }

    fn call(&self, words: &[&str], what: &str) -> Command {
        let mut command = Command::new(&self.program, &self.root);
        // Neither is on by default.
        command =
            command.args(["--extra-experimental-features", "nix-command flakes"]).args(words.iter().copied()).arg(what);
        if self.is_offline {
            command = command.arg("--offline");
        }
        // With a stand-in the lock is another, and must not be kept; without, a lock that is out of date is an error.
        command = command.arg(if self.overrides.is_empty() { "--no-update-lock-file" } else { "--no-write-lock-file" });
        for (input, dir) in &self.overrides {
            command = command.args(["--override-input", input, &format!("path:{dir}")]);
        }
        command
    }
}

/// Reads what [`Nix::version`] answers, such as `nix (Nix) 2.26.3`: the version as it is said, and the numbers by which it is held
/// against [`MINIMUM`].
///
/// # Errors
///
/// When the first line does not end by a version.
pub fn parse_version(answer: &str) -> Result<(String, (u32, u32)), VersionError> {
    let line = answer.lines().next().unwrap_or_default();
    let version = line.strip_prefix("nix (").and_then(|rest| rest.split_once(") ")).map(|(_, version)| version.trim());
    let numbers = version.and_then(|version| {
        let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    });
    match (version, numbers) {
        (Some(version), Some(numbers)) => Ok((version.to_owned(), numbers)),
        _ => Err(VersionError { answer: line.to_owned() }),
    }
}

/// What the stand-in for nixpkgs says on standard error that was asked of it, as `trace: contract: pkgs.git` says `git` of `pkgs`:
/// by what it was asked of.
pub fn contract(stderr: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let names = stderr.lines().filter_map(|line| line.trim().strip_prefix("trace: contract: ")?.split_once('.'));
    for (of, name) in names {
        asked.entry(of.to_owned()).or_default().insert(name.to_owned());
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_never_written() {
        let alone = Nix {
            program: "nix".into(),
            root: "/ws".into(),
            flake: ".".into(),
            overrides: BTreeMap::new(),
            is_offline: false,
        };
        let offline = Nix {
            program: "/cache/nix/bin/nix".into(),
            flake: "path:/ws".into(),
            overrides: [("nixpkgs", "/ws/nix/host/nixpkgs"), ("rust-overlay", "/ws/nix/host/rust-overlay")]
                .map(|(input, dir)| (input.to_owned(), dir.to_owned()))
                .into(),
            is_offline: true,
            ..alone.clone()
        };
        let lines = [
            alone.version(),
            alone.flake_check(),
            alone.flake_show(),
            alone.eval("lib.pins"),
            alone.build("packages.x86_64-linux.default"),
            alone.develop("default", &["cargo".into(), "--version".into()]),
            offline.flake_check(),
            offline.develop("default", &["true".into()]),
        ];
        let lines: Vec<_> = lines.iter().map(Command::shell_here).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        nix --version
        nix --extra-experimental-features 'nix-command flakes' flake check . --no-update-lock-file
        nix --extra-experimental-features 'nix-command flakes' flake show --json . --no-update-lock-file
        nix --extra-experimental-features 'nix-command flakes' eval --json '.#lib.pins' --no-update-lock-file
        nix --extra-experimental-features 'nix-command flakes' build --no-link --print-out-paths '.#packages.x86_64-linux.default' --no-update-lock-file
        nix --extra-experimental-features 'nix-command flakes' develop '.#default' --no-update-lock-file -c cargo --version
        /cache/nix/bin/nix --extra-experimental-features 'nix-command flakes' flake check path:/ws --offline --no-write-lock-file --override-input nixpkgs path:/ws/nix/host/nixpkgs --override-input rust-overlay path:/ws/nix/host/rust-overlay
        /cache/nix/bin/nix --extra-experimental-features 'nix-command flakes' develop 'path:/ws#default' --offline --no-write-lock-file --override-input nixpkgs path:/ws/nix/host/nixpkgs --override-input rust-overlay path:/ws/nix/host/rust-overlay -c true
        ");
    }

    #[test]
    fn the_version_stands_in_the_first_line() {
        let cases = [
            ("nix (Nix) 2.26.3\n", Some(("2.26.3", true))),
            ("nix (Nix) 2.18.0pre20230831_f9ee\nmore\n", Some(("2.18.0pre20230831_f9ee", true))),
            ("nix (Lix, like Nix) 2.91.1\n", Some(("2.91.1", true))),
            ("nix (Nix) 2.8.0\n", Some(("2.8.0", false))),
            ("nix (Nix) 3.0\n", Some(("3.0", true))),
            ("nix (Nix) new\n", None),
            ("bash: nix: command not found\n", None),
            ("", None),
        ];
        for (answer, expected) in cases {
            let found = parse_version(answer).ok();
            let found = found.as_ref().map(|(version, numbers)| (version.as_str(), *numbers >= MINIMUM));
            assert_eq!(found, expected, "{answer}");
        }
        insta::assert_snapshot!(parse_version("bash: nix: command not found\n").unwrap_err(), @"`nix --version` answered `bash: nix: command not found`, which names no version of Nix");
    }

    #[test]
    fn what_was_asked_of_the_stand_in_is_gathered_by_set() {
        let stderr = "\
evaluating flake...
trace: contract: pkgs.mkShell
trace: contract: lib.systems.flakeExposed
warning: not writing modified lock file of flake 'path:/ws':
trace: contract: pkgs.git
trace: contract: pkgs.mkShell
trace: something else
";
        let asked = contract(stderr);
        let shown = asked.iter().map(|(of, names)| format!("{of}: {names:?}\n"));
        insta::assert_snapshot!(shown.collect::<String>(), @r#"
        lib: {"systems.flakeExposed"}
        pkgs: {"git", "mkShell"}
        "#);
    }
}
