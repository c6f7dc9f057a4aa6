//! `nix`, where windlass was compiled without what it knows of Nix.

use clap::Subcommand;

use crate::exit::Usage;
use crate::{Context, Exit};

/// What is said then.
pub(crate) const WITHOUT: &str = "this windlass was compiled without its feature `nix`";
/// How that is mended.
pub(crate) const HELP: &str =
    "add `features = [\"nix\"]` to the dependency `windlass` in the xtask's Cargo.toml, as `init --nix` does";

/// Whatever is asked of a flake.
#[derive(Clone, Debug, Subcommand)]
pub enum NixTask {
    /// It cannot be answered.
    #[command(external_subcommand)]
    Any(Vec<String>),
}

pub(super) fn run(_cx: &Context, _task: &NixTask) -> anyhow::Result<Exit> {
    Err(Usage(format!("{WITHOUT}\nhelp: {HELP}")).into())
}
