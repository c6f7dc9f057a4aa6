//! `nix`: what is to be said of a workspace's flake.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::{Context, Exit, PlanArgs};

/// What is asked of a flake.
#[derive(Clone, Debug, Subcommand)]
pub enum NixTask {
    /// Check the flake, level by level: L0 its texts, L1 that it evaluates, L2 shells and packages, L3 checks, L4 templates
    Check(CheckArgs),
    /// Check flake.lock against flake.nix, and hashes against the trees that are at hand
    Lock(LockArgs),
    /// Put source trees into the store under their locked hashes, so that the flake evaluates with no network
    Seed(SeedArgs),
    /// Report each tool: the wanted version, what Nix gives, and what the system gives; fail if they drift apart
    Parity(NixArgs),
    /// Run a command in a shell of the flake, over what stands in for its inputs
    Develop(DevelopArgs),
    /// Format every file of Nix
    Fmt(NixArgs),
}

/// What every one of them takes.
#[derive(Clone, Debug, Default, Args)]
pub struct NixArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
}

/// How far a check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum Level {
    /// Files: they parse, are formatted, have no dead code; flake.lock is sound; what Nix reads is TOML 1.0
    L0,
    /// Every output evaluates, for every system
    L1,
    /// Shells open, packages and images are built, apps run
    L2,
    /// Checks are built: services boot
    L3,
    /// Each template is made into a workspace of its own, and checked
    L4,
}

/// What `nix check` takes.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub(crate) nix: NixArgs,
    /// The level to reach: it is an error if that cannot be. Unless it is said, or one of the others asks for one, as many as there is a
    /// Nix for
    #[arg(long)]
    pub(crate) level: Option<Level>,
    /// Build what `nix.slow` in `.config/windlass.toml` leaves out too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only these templates; all that are not slow unless one is named
    #[arg(long = "template", value_name = "NAME")]
    pub(crate) templates: Vec<String>,
    /// Write down the names of the outputs that there are now, in `nix/outputs.txt`
    #[arg(long)]
    pub(crate) accept: bool,
}

/// What `nix develop` takes.
#[derive(Clone, Debug, Args)]
pub struct DevelopArgs {
    #[command(flatten)]
    pub(crate) nix: NixArgs,
    /// The shell
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) shell: String,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// What `nix lock` takes.
#[derive(Clone, Debug, Args)]
pub struct LockArgs {
    #[command(flatten)]
    pub(crate) nix: NixArgs,
    /// A tree of an input: its hash is to be the locked one
    #[arg(value_name = "INPUT=DIR")]
    pub(crate) trees: Vec<Tree>,
}

/// What `nix seed` takes.
#[derive(Clone, Debug, Args)]
pub struct SeedArgs {
    #[command(flatten)]
    pub(crate) nix: NixArgs,
    /// An input of flake.lock, and the directory with its source tree
    #[arg(value_name = "INPUT=DIR", required = true)]
    pub(crate) trees: Vec<Tree>,
}

/// The source tree of an input.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// The input's name.
    pub(crate) input: String,
    /// The directory.
    pub(crate) dir: PathBuf,
}

impl std::str::FromStr for Tree {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((input, dir)) if !input.is_empty() && !dir.is_empty() => {
                Ok(Self { input: input.into(), dir: dir.into() })
            }
            _ => Err("write `INPUT=DIR`, such as `nixpkgs=../nixpkgs`".into()),
        }
    }
}

impl NixArgs {
    /// As other tasks take them.
    pub(crate) fn plan(&self) -> PlanArgs {
        PlanArgs { manifest_path: self.manifest_path.clone(), ..PlanArgs::default() }
    }
}

pub(super) fn run(cx: &Context, task: &NixTask) -> anyhow::Result<Exit> {
    use crate::nix;
    match task {
        NixTask::Check(args) => nix::check(cx, args),
        NixTask::Lock(args) => nix::lock(cx, args),
        NixTask::Seed(args) => nix::seed(cx, args),
        NixTask::Parity(args) => nix::parity(cx, args),
        NixTask::Develop(args) => nix::develop(cx, args),
        NixTask::Fmt(args) => nix::fmt(cx, args),
    }
}
