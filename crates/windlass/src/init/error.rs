//! Why `init` wrote nothing, and which exit code that is.

use std::path::PathBuf;

use windlass_host::{HostError, Reading};
use windlass_workspace::VersionError;

use super::xtask;
use crate::exit;

/// Why `init` wrote nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// cargo does not load the workspace.
    #[error(transparent)]
    Workspace(anyhow::Error),
    /// Nobody said where windlass comes from.
    #[error(
        "it is not known where the xtask takes windlass from, because this windlass is no release build from git\n\
         help: say it with `--source path:DIR`, `--source git:URL#REV` or `--source VERSION`"
    )]
    NoSource,
    /// A published version has no flake.
    #[error(
        "a version of windlass has no flake, which `--nix` needs\n\
         help: say where its repository is with `--source git:URL#REV` or `--source path:DIR`"
    )]
    NoFlake,
    /// Only a part of a commit is said.
    #[error(
        "`{rev}` is a part of a commit, and Nix wants all of it: 40 digits, as `git rev-parse` prints them, or a tag"
    )]
    ShortRev {
        /// What is said.
        rev: String,
    },
    /// The directory of `--source` has no windlass.
    #[error("`--source path:{}`: there is no package `windlass` in this directory, nor in `crates/windlass` below it", dir.display())]
    NoWindlass {
        /// The directory.
        dir: PathBuf,
    },
    /// There is no rustc that says its version.
    #[error("{error}{}{answer}", if answer.is_empty() { "" } else { "\n" })]
    Rustc {
        /// What is missing.
        error: VersionError,
        /// What it says instead.
        answer: String,
    },
    /// The workspace's toolchain cannot compile the xtask.
    #[error(
        "the xtask needs Rust {} or newer, and {} has {found}; nothing was written\n\
         help: the binary needs no xtask: `windlass ci --manifest-path {}`",
        xtask::MINIMUM_RUST, root.display(), root.join("Cargo.toml").display()
    )]
    OldToolchain {
        /// The version of the rustc there.
        found: String,
        /// The workspace's root.
        root: PathBuf,
    },
    /// Both names are taken.
    #[error(
        "`xtask` and `xtask-windlass`, or the aliases `xtask` and `windlass`, are both taken\n\
         help: make windlass a dependency of your own xtask, or use the binary: `windlass ci`"
    )]
    Taken,
    /// A file is written in a way that takes no insertion.
    #[error(
        "`{path}` is written in a way that takes no new entry; add {wanted} by hand, then run `windlass init` again"
    )]
    Shape {
        /// The file.
        path: String,
        /// What to add.
        wanted: String,
    },
    /// cargo cannot resolve the workspace with the xtask in it.
    #[error("cargo cannot bring `Cargo.lock` in line, so every file is back as it was:\n{answer}")]
    Lock {
        /// What it says.
        answer: String,
    },
    /// The machine refused something.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A program gave no answer.
    #[error(transparent)]
    Ask(#[from] Reading),
}

impl InitError {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::OldToolchain { .. } => 1,
            Self::Workspace(error) => exit::of_error(error),
            Self::NoSource
            | Self::NoFlake
            | Self::ShortRev { .. }
            | Self::NoWindlass { .. }
            | Self::Taken
            | Self::Shape { .. } => 2,
            Self::Rustc { .. } | Self::Lock { .. } | Self::Host(_) | Self::Ask(_) => 3,
        }
    }
}
