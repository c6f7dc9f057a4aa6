//! `nix check`: the levels, one after the other, and how far that went.

use windlass_workspace::Workspace;

use super::flake::{Refused, system};
use super::program::{self, Program};
use super::stand_ins::{StandIns, open};
use super::{built, evaluated, templates, texts};
use crate::config::{self, Config, Nix};
use crate::exit::Usage;
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

/// Goes as far as it is asked to, or as there is a Nix for, and says how far that was.
///
/// # Errors
///
/// When a level that was asked for cannot be tried. That it is not passed is no error but an [`Exit`].
pub(crate) fn check(cx: &Context, args: &CheckArgs) -> anyhow::Result<Exit> {
    let asked = asked(args)?;
    let workspace = cx.workspace(&args.nix.plan())?;
    let config = config::of(cx, &workspace.root)?;
    let ground = Ground { cx, workspace: &workspace, config: &config.nix, args };
    let mut reached = None;
    let ended = levels(&ground, &config, asked, &mut reached);
    // Whatever came of those after it.
    let level = reached.map_or_else(|| "none".to_owned(), |level| format!("{level:?}"));
    cx.host.print(&format!("reached  {level}\n"));
    ended
}

/// The level that has to be reached, and what is said of who asks for it: whatever only some level does asks for that.
fn asked(args: &CheckArgs) -> anyhow::Result<Option<(Level, String)>> {
    let flags = [
        ("--template", Level::L4, !args.templates.is_empty()),
        ("--all", Level::L2, args.all),
        ("--accept", Level::L1, args.accept),
    ];
    let mut flags = flags.into_iter().filter(|(.., is_given)| *is_given).map(|(flag, level, _)| (level, flag));
    let Some(level) = args.level else { return Ok(flags.next().map(|(level, flag)| (level, format!("`{flag}`: ")))) };
    match flags.find(|(least, _)| *least > level) {
        Some((least, flag)) => {
            Err(Usage(format!("`{flag}` is for {least:?}, which `--level {level:?}` does not come to")).into())
        }
        None => Ok(Some((level, String::new()))),
    }
}

fn levels(
    ground: &Ground<'_>,
    config: &Config,
    asked: Option<(Level, String)>,
    reached: &mut Option<Level>,
) -> anyhow::Result<Exit> {
    let Ground { cx, args, .. } = *ground;
    if !level(cx, Level::L0, reached, || texts::check(ground))? {
        return Ok(Exit::FAILED);
    }
    let wanted = args.level.unwrap_or(Level::L4);
    if wanted == Level::L0 {
        return Ok(Exit::PASSED);
    }
    match (program::find(cx, config.nix.stand_in.is_some()), asked) {
        (Ok(program), _) => with_nix(ground, config, &program, wanted, reached),
        (Err(error), Some((least, by))) => {
            Err(error.context(format!("{by}{least:?} was asked for, and L0 is as far as this goes")))
        }
        (Err(error), None) => {
            cx.host.print(&format!("L1       not tried: {error}\n"));
            Ok(Exit::PASSED)
        }
    }
}

fn with_nix(
    ground: &Ground<'_>,
    config: &Config,
    program: &Program,
    wanted: Level,
    reached: &mut Option<Level>,
) -> anyhow::Result<Exit> {
    let Ground { cx, workspace, .. } = *ground;
    let stand_ins = StandIns::of(cx, workspace, config)?;
    let open = |traced: bool| open(cx, program, &workspace.root, stand_ins.as_ref(), traced);
    let by = if stand_ins.is_some() { " over this machine's own packages" } else { "" };
    cx.host.print(&format!("         Nix {} on {}{by}\n", program.version, system()));
    let flake = open(false)?;
    let outputs = match flake.outputs()? {
        Ok(outputs) => outputs,
        Err(Refused(why)) => {
            level(cx, Level::L1, reached, || Ok(Err(vec![why])))?;
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
        if !level(cx, one, reached, judge)? {
            return Ok(Exit::FAILED);
        }
    }
    Ok(Exit::PASSED)
}

/// Tries a level, and says what came of it; whether it is `reached`.
fn level(
    cx: &Context,
    level: Level,
    reached: &mut Option<Level>,
    judge: impl FnOnce() -> anyhow::Result<Judged>,
) -> anyhow::Result<bool> {
    let began_ms = cx.host.elapsed_ms();
    let judged = judge()?;
    cx.go_on()?;
    let time = windlass_report::duration::text(cx.host.elapsed_ms() - began_ms);
    match judged {
        Ok(seen) => {
            cx.host.print(&format!("{level:?}       passed in {time}: {seen}\n"));
            *reached = Some(level);
            Ok(true)
        }
        Err(wrong) => {
            let wrong: String = wrong.iter().map(|it| format!("{it}\n")).collect();
            cx.host.print(&format!("{wrong}{level:?}       failed after {time}\n"));
            Ok(false)
        }
    }
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
