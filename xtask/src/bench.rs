//! `cargo xtask bench NAME`: what a release build of windlass takes, beside the alternatives in the same run.

mod fixture;
mod lab;
mod plan;
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
}

/// Measures, prints a table, and succeeds whatever the figures say.
pub(crate) fn run(args: &Args, host: &Host) -> anyhow::Result<()> {
    let name = args.name.to_possible_value().context("every benchmark has a name")?;
    let lab = Lab::open(host, name.get_name())?;
    let figures = match args.name {
        Name::Units => units::measure(&lab),
        Name::Startup => startup::measure(&lab),
        Name::Plan => plan::measure(&lab),
    }?;
    let machine = lab.machine()?;
    host.print(&table::text(&figures, &machine));
    if let Some(file) = &args.json {
        host.write_text(file, &table::json(name.get_name(), &figures, &machine))?;
    }
    Ok(())
}
