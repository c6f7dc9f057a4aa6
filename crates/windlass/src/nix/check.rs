//! `nix check`: the levels, one after the other, and how far that went.

use windlass_workspace::Workspace;

use super::flake::{Refused, system};
use super::program::{self, Program};
use super::stand_ins::{StandIns, open};
use super::{built, evaluated, templates, texts};
use crate::config::{self, Config, Nix};
use crate::tasks::nix::{CheckArgs, Level};
use crate::{Context, Exit};

/// What came of a level: a sentence of what was seen, or what is wrong.
pub(super) type Judged = Result<String, Vec<String>>;

/// What is checked.
pub(super) struct Ground<'a> {
    pub(super) cx: &'a Context,
    pub(super) workspace: &'a Workspace,
    pub(super) config: &'a Nix,
    pub(super) args: &'a CheckArgs,
}

/// Goes as far as it is asked to, or as there is a Nix for.
///
/// # Errors
///
/// When a level that was asked for cannot be tried. That it is not passed is no error but an [`Exit`].
pub(crate) fn check(cx: &Context, args: &CheckArgs) -> anyhow::Result<Exit> {
    let workspace = cx.workspace(&args.nix.plan())?;
    let config = config::of(cx, &workspace.root)?;
    let ground = Ground { cx, workspace: &workspace, config: &config.nix, args };
    if !level(cx, Level::L0, || texts::check(&ground))? {
        return Ok(Exit::FAILED);
    }
    let wanted = args.level.unwrap_or(Level::L4);
    if wanted == Level::L0 {
        return Ok(reached(cx, Level::L0));
    }
    let program = match program::find(cx, config.nix.stand_in.is_some()) {
        Ok(program) => program,
        Err(error) if args.level.is_some() => {
            return Err(error.context(format!("{wanted:?} was asked for, and L0 is as far as this goes")));
        }
        Err(error) => {
            cx.host.print(&format!("L1       not tried: {error}\n"));
            return Ok(reached(cx, Level::L0));
        }
    };
    with_nix(&ground, &config, &program, wanted)
}

fn with_nix(ground: &Ground<'_>, config: &Config, program: &Program, wanted: Level) -> anyhow::Result<Exit> {
    let Ground { cx, workspace, .. } = *ground;
    let stand_ins = StandIns::of(cx, workspace, config)?;
    let open = |traced: bool| open(cx, program, &workspace.root, stand_ins.as_ref(), traced);
    let by = if stand_ins.is_some() { " over this machine's own packages" } else { "" };
    cx.host.print(&format!("         Nix {} on {}{by}\n", program.version, system()));
    let flake = open(false)?;
    let outputs = match flake.outputs()? {
        Ok(outputs) => outputs,
        Err(Refused(why)) => {
            level(cx, Level::L1, || Ok(Err(vec![why])))?;
            return Ok(Exit::FAILED);
        }
    };
    let levels: [(Level, &dyn Fn() -> anyhow::Result<Judged>); 4] = [
        (Level::L1, &|| evaluated::check(ground, &flake, &open, &outputs)),
        (Level::L2, &|| built::packages(ground, &flake, &outputs)),
        (Level::L3, &|| built::checks(ground, &flake, &outputs)),
        (Level::L4, &|| templates::check(ground, &flake, &outputs)),
    ];
    for (one, judge) in levels.into_iter().filter(|(one, _)| *one <= wanted) {
        if !level(cx, one, judge)? {
            return Ok(Exit::FAILED);
        }
    }
    Ok(reached(cx, wanted))
}

/// Tries a level, and says what came of it.
fn level(cx: &Context, level: Level, judge: impl FnOnce() -> anyhow::Result<Judged>) -> anyhow::Result<bool> {
    let began_ms = cx.host.elapsed_ms();
    let judged = judge()?;
    cx.go_on()?;
    let time = windlass_report::duration::text(cx.host.elapsed_ms() - began_ms);
    match judged {
        Ok(seen) => {
            cx.host.print(&format!("{level:?}       passed in {time}: {seen}\n"));
            Ok(true)
        }
        Err(wrong) => {
            let wrong: String = wrong.iter().map(|it| format!("{it}\n")).collect();
            cx.host.print(&format!("{wrong}{level:?}       failed after {time}\n"));
            Ok(false)
        }
    }
}

fn reached(cx: &Context, level: Level) -> Exit {
    cx.host.print(&format!("reached  {level:?}\n"));
    Exit::PASSED
}

impl Ground<'_> {
    /// Whether a package, check or template is left out because it takes long.
    pub(super) fn is_slow(&self, name: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => pattern == name,
        };
        !self.args.all && self.config.slow.iter().any(fits)
    }
}
