//! `nix develop`: a command in a shell of the flake, over what stands in for its inputs.

use super::flake::system;
use super::program;
use super::stand_ins::{StandIns, open};
use crate::tasks::nix::DevelopArgs;
use crate::{Context, Exit, config};

/// Runs it, and passes its exit code on.
///
/// # Errors
///
/// When there is no Nix, or what stands in cannot be written.
pub(crate) fn develop(cx: &Context, args: &DevelopArgs) -> anyhow::Result<Exit> {
    let workspace = cx.workspace(&args.nix.plan())?;
    let config = config::of(cx, &workspace.root)?;
    let program = program::find(cx, config.nix.stand_in.is_some())?;
    let stand_ins = StandIns::of(cx, &workspace, &config)?;
    let flake = open(cx, &program, &workspace.root, stand_ins.as_ref(), false)?;
    let words: Vec<&str> = args.command.iter().map(String::as_str).collect();
    let command = flake.nix.develop(&format!("devShells.{}.{}", system(), args.shell), &words);
    let code = cx.host.run_in_foreground(&command).map_err(|error| cx.reading_error(error))?;
    Ok(Exit(u8::try_from(code).unwrap_or(u8::MAX)))
}
