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
    /// The absolute directory of the flake: in a git repository only what git knows of it.
    pub root: String,
    /// Inputs that are taken from elsewhere, each with its URL; `a/b` is the input `b` of the input `a`.
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

    /// Evaluates all outputs for every system, and builds nothing.
    pub fn check_all(&self) -> Command {
        self.call(["flake", "check", "--no-build", "--all-systems"])
    }

    /// Evaluates all outputs for this system, and builds the checks.
    pub fn check(&self) -> Command {
        self.call(["flake", "check", "--log-lines", "60"])
    }

    /// Asks which outputs there are, for every system; [`Outputs::parse`](crate::Outputs::parse) reads the answer.
    pub fn show(&self) -> Command {
        self.call(["flake", "show", "--json", "--all-systems"])
    }

    /// Asks, in JSON, for what a function of Nix makes of an attribute.
    pub fn eval(&self, attribute: &str, function: &str) -> Command {
        self.call(["eval", "--json", &format!(".#{attribute}"), "--apply", function])
    }

    /// Asks for the text of an attribute; a path in it is in the store then.
    pub fn eval_text(&self, attribute: &str) -> Command {
        self.call(["eval", "--raw", &format!(".#{attribute}")])
    }

    /// Asks, in JSON, for the value of an attribute of another flake.
    pub fn eval_of(&self, flake: &str, attribute: &str) -> Command {
        self.call(["eval", "--json", &format!("{flake}#{attribute}")])
    }

    /// Builds what attributes are, packages or checks, and goes on where one fails; no link to them is made. What is there already is
    /// built `again` to see whether it is the same.
    pub fn build(&self, attributes: &[String], again: bool) -> Command {
        let words = ["build", "--no-link", "--keep-going", "--log-lines", "60"].map(str::to_owned);
        let again = again.then(|| "--rebuild".to_owned());
        self.call(words.into_iter().chain(again).chain(attributes.iter().map(|it| format!(".#{it}"))))
    }

    /// Runs a command in the shell that an attribute is, such as `devShells.x86_64-linux.default`.
    pub fn develop(&self, attribute: &str, command: &[&str]) -> Command {
        // What follows `--command` is not for nix.
        self.call(["develop", &format!(".#{attribute}")]).arg("--command").args(command.iter().copied())
    }

    /// Builds and runs an app in the flake's directory.
    pub fn run(&self, attribute: &str, args: &[&str]) -> Command {
        self.call(["run", &format!(".#{attribute}")]).arg("--").args(args.iter().copied())
    }

    /// Makes a workspace of a template in this directory.
    pub fn init(&self, template: &str) -> Command {
        self.new_call(["flake", "init", "--template", template])
    }

    /// Asks where in the store a source tree with a hash is, whether it is there or not.
    pub fn source_path(&self, nar_hash: &str) -> Command {
        let program = match self.program.strip_suffix("nix") {
            Some(dir) => format!("{dir}nix-store"),
            None => "nix-store".to_owned(),
        };
        Command::new(program, &self.root).args(["--print-fixed-path", "--recursive", "sha256", nar_hash, "source"])
    }

    /// Asks for the hash of a directory, as a lock has it.
    pub fn hash(&self, dir: &str) -> Command {
        self.new_call(["hash", "path", "--sri", dir])
    }

    /// Puts a directory into the store, as the source tree of an input, and prints where it is then.
    pub fn add(&self, dir: &str) -> Command {
        self.new_call(["store", "add-path", "--name", "source", dir])
    }

    /// A call on the flake.
    fn call(&self, words: impl IntoIterator<Item = impl Into<String>>) -> Command {
        // What has to be built in order to be evaluated is slow everywhere and impossible for other systems.
        let mut command = self.new_call(words).args(["--option", "allow-import-from-derivation", "false"]);
        if self.is_offline {
            command = command.arg("--offline");
        }
        // With a stand-in the lock is another, and must not be kept; without, a lock that is out of date is an error.
        command = command.arg(if self.overrides.is_empty() { "--no-update-lock-file" } else { "--no-write-lock-file" });
        for (input, url) in &self.overrides {
            command = command.args(["--override-input", input, url]);
        }
        command
    }

    fn new_call(&self, words: impl IntoIterator<Item = impl Into<String>>) -> Command {
        // Neither is on by default.
        let features = ["--extra-experimental-features", "nix-command flakes"];
        Command::new(&self.program, &self.root).args(features).args(words)
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

/// What the stand-in for nixpkgs says on standard error that was asked of it, as `trace: contract: pkgs.git` says `pkgs.git`.
pub fn contract(stderr: &str) -> BTreeSet<String> {
    stderr.lines().filter_map(|line| Some(line.trim().strip_prefix("trace: contract: ")?.to_owned())).collect()
}

/// Reads what the stand-in for nixpkgs says that it has, as JSON: names by what they are of.
///
/// # Errors
///
/// When it says something else.
pub fn parse_contract(answer: &str) -> Result<BTreeSet<String>, serde_json::Error> {
    let there: BTreeMap<String, Vec<String>> = serde_json::from_str(answer)?;
    Ok(there.iter().flat_map(|(of, names)| names.iter().map(move |name| format!("{of}.{name}"))).collect())
}

/// What nix says of a failure, without what it says of what went well, and of stand-ins.
pub fn what_failed(stderr: &str) -> String {
    let is_noise = |line: &&str| {
        let starts = [
            "warning: Git tree ",
            "warning: not writing modified lock file",
            "evaluating ",
            "checking ",
            "derivation evaluated to ",
            "building '",
            "trace: contract: ",
        ];
        let of_lock = [
            "• Updated input ",
            "• Added input ",
            "    'path:",
            "    'github:",
            "    'git+",
            "  → 'path:",
            "  → 'git+",
        ];
        let of_lock_alone = line.trim_start().starts_with("follows '");
        let of_builds = line.ends_with(" will be built:")
            || line.starts_with("  /") && line.ends_with(".drv")
            || line.starts_with("running ") && line.ends_with(" flake checks...")
            // What failed is said before, one by one.
            || line.starts_with("error: build of '");
        of_builds || of_lock_alone || starts.iter().chain(&of_lock).any(|start| line.starts_with(start))
    };
    let lines: Vec<&str> = stderr.lines().filter(|line| !is_noise(line)).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_never_written() {
        let alone = Nix { program: "nix".into(), root: "/ws".into(), overrides: BTreeMap::new(), is_offline: false };
        let offline = Nix {
            program: "/cache/nix/bin/nix".into(),
            overrides: BTreeMap::from([("nixpkgs".to_owned(), "path:/ws/stand-in/nixpkgs".to_owned())]),
            is_offline: true,
            ..alone.clone()
        };
        let check = "checks.x86_64-linux.fmt".to_owned();
        let lines = [
            alone.version(),
            alone.check_all(),
            alone.show(),
            alone.eval("lib.pins", "pins: pins.git"),
            alone.build(std::slice::from_ref(&check), false),
            alone.init("path:/w#minimal"),
            alone.hash("/tree"),
            alone.add("/tree"),
            offline.source_path("sha256-x"),
            offline.check(),
            offline.build(&[check], true),
            offline.develop("default", &["cargo", "--version"]),
            alone.run("apps.x86_64-linux.up", &["--help"]),
        ];
        let lines: Vec<_> = lines.iter().map(Command::shell_here).collect();
        insta::assert_snapshot!(lines.join("\n").replace("--extra-experimental-features 'nix-command flakes'", "-X"), @"
        nix --version
        nix -X flake check --no-build --all-systems --option allow-import-from-derivation false --no-update-lock-file
        nix -X flake show --json --all-systems --option allow-import-from-derivation false --no-update-lock-file
        nix -X eval --json '.#lib.pins' --apply 'pins: pins.git' --option allow-import-from-derivation false --no-update-lock-file
        nix -X build --no-link --keep-going --log-lines 60 '.#checks.x86_64-linux.fmt' --option allow-import-from-derivation false --no-update-lock-file
        nix -X flake init --template 'path:/w#minimal'
        nix -X hash path --sri /tree
        nix -X store add-path --name source /tree
        /cache/nix/bin/nix-store --print-fixed-path --recursive sha256 sha256-x source
        /cache/nix/bin/nix -X flake check --log-lines 60 --option allow-import-from-derivation false --offline --no-write-lock-file --override-input nixpkgs path:/ws/stand-in/nixpkgs
        /cache/nix/bin/nix -X build --no-link --keep-going --log-lines 60 --rebuild '.#checks.x86_64-linux.fmt' --option allow-import-from-derivation false --offline --no-write-lock-file --override-input nixpkgs path:/ws/stand-in/nixpkgs
        /cache/nix/bin/nix -X develop '.#default' --option allow-import-from-derivation false --offline --no-write-lock-file --override-input nixpkgs path:/ws/stand-in/nixpkgs --command cargo --version
        nix -X run '.#apps.x86_64-linux.up' --option allow-import-from-derivation false --no-update-lock-file -- --help
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
    fn what_was_asked_of_the_stand_in_is_held_against_what_there_is() {
        let stderr = "\
evaluating flake...
trace: contract: pkgs.mkShell
trace: contract: lib.systems.flakeExposed
warning: not writing modified lock file of flake 'path:/ws':
trace: contract: pkgs.git
trace: contract: pkgs.mkShell
trace: something else
";
        let there = parse_contract(r#"{"lib":["optional","systems.flakeExposed"],"pkgs":["git","mkShell"]}"#).unwrap();
        assert_eq!(there.difference(&contract(stderr)).collect::<Vec<_>>(), ["lib.optional"]);
    }

    #[test]
    fn of_a_failure_only_that_is_said() {
        let recorded = "\
warning: Git tree '/ws' is dirty
warning: not writing modified lock file of flake 'git+file:///ws':
• Updated input 'nixpkgs':
    'github:NixOS/nixpkgs/b7c2ada94fe99c15b0dbcf4d11fd7850b957a436?narHash=sha256-IIt%3D' (2026-08-05)
  → 'path:/si/nixpkgs?lastModified=1795710972&narHash=sha256-basd%3D' (2026-11-26)
these 2 derivations will be built:
  /nix/store/c3q-start.drv
  /nix/store/6vy-service-redis.drv
building '/nix/store/6vy-service-redis.drv'...
error: builder for '/nix/store/6vy-service-redis.drv' failed with exit code 1;
       last 2 log lines:
       > wrong number of arguments
       > redis does not answer
";
        insta::assert_snapshot!(what_failed(recorded), @"
        error: builder for '/nix/store/6vy-service-redis.drv' failed with exit code 1;
               last 2 log lines:
               > wrong number of arguments
               > redis does not answer
        ");
    }
}
