//! `cargo xtask bench NAME`: what a release build of windlass takes, beside the alternatives in the same run.

mod chaos;
mod fixture;
mod lab;
mod nix;
mod plan;
mod services;
mod startup;
mod table;
mod units;

use std::path::PathBuf;

use anyhow::Context;
use windlass::Host;
use windlass::clap::{self, ValueEnum};

use self::lab::Lab;

/// Arguments of `cargo xtask bench`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure
    name: Name,
    /// How many runs `chaos` does
    #[arg(long, default_value_t = 100)]
    runs: u32,
    /// Whom `chaos` kills when: the number that a run of it has said, for the same again
    #[arg(long)]
    seed: Option<u32>,
    /// Write the figures to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Compiler calls and time of `ci`, beside hand-written sequences of cargo commands
    Units,
    /// What an xtask that carries windlass costs to compile and to start
    Startup,
    /// Planning a workspace of 200 crates
    Plan,
    /// What a database or a server of its own costs a test
    Services,
    /// What is left when something is killed in the middle of a run; fails if anything is
    Chaos,
    /// What the flake of this workspace takes, over this machine's own packages
    Nix,
}

/// Measures, prints a table, and succeeds whatever the times say; what may be none at all, such as what is left of a run, must be
/// none.
pub(crate) fn run(args: &Args, host: &Host) -> anyhow::Result<()> {
    let name = args.name.to_possible_value().context("every benchmark has a name")?;
    let lab = Lab::open(host, name.get_name())?;
    let figures = match args.name {
        Name::Units => units::measure(&lab),
        Name::Startup => startup::measure(&lab),
        Name::Plan => plan::measure(&lab),
        Name::Services => services::measure(&lab),
        Name::Chaos => chaos::measure(&lab, args.runs, args.seed),
        Name::Nix => nix::measure(&lab),
    }?;
    let machine = lab.machine()?;
    host.print(&table::text(&figures, &machine));
    if let Some(file) = &args.json {
        host.write_text(file, &table::json(name.get_name(), &figures, &machine))?;
    }
    let broken: Vec<&str> = figures.iter().filter(|it| it.is_broken()).map(|it| &*it.name).collect();
    if !broken.is_empty() {
        anyhow::bail!("not none: {}", broken.join(", "));
    }
    Ok(())
}
