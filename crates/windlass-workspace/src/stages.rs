//! Cargo's command lines, one for each stage.

use semver::Version;
use windlass_plan::Command;

use crate::{Member, Target, TargetKind, Workspace};

/// How cargo is called in one workspace. Every stage has the same packages and features, so that none compiles anew what
/// another has compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cargo {
    /// The absolute root of the workspace.
    pub root: String,
    /// Whether cargo must leave the lockfile as it is.
    pub locked: bool,
    /// The members that stages are about.
    pub packages: Vec<String>,
    /// The other members.
    pub excluded: Vec<String>,
    /// Which features are on.
    pub features: Features,
    /// How warnings are denied.
    pub deny: Deny,
    /// Whether `clippy` and `doc` look at the other packages after one has errors; cargo can since 1.74.
    pub keep_going: bool,
}

/// Which features are on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Features {
    /// Those that the packages turn on themselves.
    #[default]
    Default,
    /// All.
    All,
    /// These as well.
    List(Vec<String>),
}

/// How warnings are denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    /// By cargo's `build.warnings`, in each stage that compiles. It is set by a variable that changes no fingerprint.
    BuildWarnings,
    /// By a lint flag, and in clippy alone: elsewhere it would be `RUSTFLAGS`, which compiles all dependencies anew.
    ClippyFlag,
    /// Not at all.
    No,
}

/// The way that a version of cargo has to deny the warnings of the members selected, and of nothing else; `build.warnings`
/// came in 1.97 and counts those of every package with a path.
pub fn warnings_denial(cargo: &Version, deny: bool, depends_on_others: bool) -> Deny {
    // A nightly counts as the release it leads to.
    match (deny, (cargo.major, cargo.minor) >= (1, 97) && !depends_on_others) {
        (false, _) => Deny::No,
        (true, true) => Deny::BuildWarnings,
        (true, false) => Deny::ClippyFlag,
    }
}

impl Cargo {
    /// Checks the format of the members named. Without names, cargo fmt at the root of a workspace formats members that are
    /// excluded, and with `--all` also path dependencies outside the workspace.
    pub fn fmt(&self) -> Command {
        let packages = self.packages.iter().flat_map(|name| ["-p", name]);
        Command::new("cargo", &self.root).args(["fmt", "--check"]).args(packages)
    }

    /// Fails if the lockfile does not fit the manifests. It needs no network where it fits.
    pub fn lock(&self) -> Command {
        Command::new("cargo", &self.root).args(["update", "--workspace", "--locked"])
    }

    /// Lints all targets.
    pub fn clippy(&self) -> Command {
        let command = self.denying(self.words(["clippy"]).arg("--all-targets").args(self.keep_going_args()));
        match self.deny {
            // Without `--no-deps` also excluded members are linted that others depend on.
            Deny::ClippyFlag => command.args(["--no-deps", "--", "-D", "warnings"]),
            Deny::BuildWarnings | Deny::No => command,
        }
    }

    /// Compiles the tests, exactly those that `cargo test` and nextest run unasked.
    pub fn build(&self) -> Command {
        self.denying(self.words(["test", "--no-run"]))
    }

    /// Tests the examples in the documentation. Cargo refuses where no package can have any: see
    /// [`Workspace::has_doctests`]. Warnings were denied when the libraries were built; here the variable would reach the
    /// cargo of every test that calls one.
    pub fn doctest(&self) -> Command {
        self.words(["test", "--doc"])
    }

    /// Documents the members.
    pub fn doc(&self) -> Command {
        self.denying(self.words(["doc", "--no-deps"]).args(self.keep_going_args()))
    }

    /// Runs one target that has a harness of its own, and those of its kind and name in other packages.
    ///
    /// `-p` would compile its dependencies anew, with the features of that package alone. So it is named among the targets of
    /// the whole selection, where nothing is left to compile. Libraries have no name to be told apart by: with several of
    /// them it is `-p`.
    pub fn run_target(&self, workspace: &Workspace, member: &Member, target: &Target) -> Command {
        let selector: Vec<&str> = match target.kind {
            TargetKind::Lib | TargetKind::ProcMacro | TargetKind::BuildScript => vec!["--lib"],
            TargetKind::Bin => vec!["--bin", &target.name],
            TargetKind::Example => vec!["--example", &target.name],
            TargetKind::Test => vec!["--test", &target.name],
            TargetKind::Bench => vec!["--bench", &target.name],
        };
        let same = |other: &&Target| match target.kind.is_library() {
            true => other.kind.is_library(),
            false => other.kind == target.kind && other.name == target.name,
        };
        let members = self.packages.iter().filter_map(|name| workspace.member(name));
        let is_alone = members.flat_map(|member| &member.targets).filter(same).count() == 1;
        if target.kind.is_library() && !is_alone {
            let command = Command::new("cargo", &self.root).args(["test", "-p", &member.name]).args(selector);
            return command.args(self.lock_args()).args(self.feature_args());
        }
        // Of several, one that fails must not keep the others from running.
        let go_on = (!is_alone).then_some("--no-fail-fast");
        self.words(["test"]).args(selector).args(go_on)
    }

    /// The arguments that choose packages, lockfile and features. nextest takes the same.
    pub fn selection_args(&self) -> Vec<String> {
        let excluded = self.excluded.iter().flat_map(|name| ["--exclude".to_owned(), name.clone()]);
        let mut args: Vec<String> = std::iter::once("--workspace".to_owned()).chain(excluded).collect();
        args.extend(self.lock_args());
        args.extend(self.feature_args());
        args
    }

    fn words<const N: usize>(&self, words: [&str; N]) -> Command {
        Command::new("cargo", &self.root).args(words).args(self.selection_args())
    }

    fn keep_going_args(&self) -> Option<&'static str> {
        self.keep_going.then_some("--keep-going")
    }

    fn lock_args(&self) -> Option<String> {
        self.locked.then(|| "--locked".to_owned())
    }

    fn feature_args(&self) -> Vec<String> {
        match &self.features {
            Features::Default => Vec::new(),
            Features::All => vec!["--all-features".to_owned()],
            Features::List(names) if names.is_empty() => Vec::new(),
            Features::List(names) => vec!["--features".to_owned(), names.join(",")],
        }
    }

    fn denying(&self, command: Command) -> Command {
        match self.deny {
            Deny::BuildWarnings => command.env("CARGO_BUILD_WARNINGS", "deny"),
            Deny::ClippyFlag | Deny::No => command,
        }
    }
}
