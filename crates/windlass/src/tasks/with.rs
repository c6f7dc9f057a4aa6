//! `with`: the services for one command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use windlass_host::{Server, Signal};
use windlass_plan::Command;
use windlass_record::Outcome;
use windlass_supervisor::READY;

use crate::{Context, Exit, PlanArgs, config, servers};

/// How often the supervisor is looked at while the command runs.
const LOOK: Duration = Duration::from_millis(50);
/// How long the servers may take to end once the command has.
const GRACE: Duration = Duration::from_secs(60);

/// What `with` takes.
#[derive(Clone, Debug, Args)]
pub struct WithArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Fetch nothing: a server that is missing is an error that says how to get it
    #[arg(long)]
    no_setup: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(cx: &Context, args: &WithArgs) -> anyhow::Result<Exit> {
    let host = &cx.host;
    let plan = PlanArgs { manifest_path: args.manifest_path.clone(), ..PlanArgs::default() };
    let root = cx.workspace(&plan)?.root;
    let config = config::of(cx, &root)?;
    servers::demand(&config.services)?;
    let allowed = config.ci.setup && !args.no_setup;
    servers::set_up(cx, &config.services, allowed)?;
    // Said, for the supervisor may only look for its parent when that has died.
    let supervise =
        servers::supervise_command(cx, &root, allowed)?.args(["--owner".to_owned(), host.pid().to_string()]);
    let (mut supervisor, line) = host.start_until_it_speaks(&supervise).map_err(|error| cx.reading_error(error))?;
    let Some(line) = line else {
        // It has said why on standard error.
        bail!("the services are not there; `{}` runs nothing without them", args.command.join(" "));
    };
    let file = line.trim_end().strip_prefix(READY).context("cannot read what the supervisor says")?;
    let text = host.read_text(Path::new(file))?.unwrap_or_default();
    let given: BTreeMap<String, String> = serde_json::from_str(&text).context("cannot read what the services give")?;
    let (program, rest) = args.command.split_first().context("clap lets no empty command through")?;
    let mut command = Command::new(program, host.current_dir()?.to_string_lossy()).args(rest);
    for (name, text) in servers::exports(&config.services) {
        command = command.env(name, windlass_plan::fill(&text, &given)?);
    }
    let code = thread::scope(|scope| {
        let (_goes_on, is_over) = mpsc::channel::<()>();
        scope.spawn(|| tell_of_death(cx, &mut supervisor, is_over));
        host.run_in_foreground(&command)
    });
    // A server that is asked before its supervisor is would be one that has died.
    supervisor.end(Signal::TERM, GRACE);
    // Asked to stop, it passes, unless a server has died before.
    let died = supervisor.ended().filter(|outcome| *outcome != Outcome::Passed);
    let code = code.map_err(|error| cx.reading_error(error))?;
    match (died, u8::try_from(code).unwrap_or(u8::MAX)) {
        (Some(outcome), 0) => {
            bail!("the command passed, but the services were gone before it ended (their supervisor: {outcome})")
        }
        (_, code) => Ok(Exit(code)),
    }
}

/// Says it at once when somebody has killed the supervisor, with which its servers are gone: it cannot say so itself. Ends with what
/// `is_over` hears of.
fn tell_of_death(cx: &Context, supervisor: &mut Server, is_over: Receiver<()>) {
    while is_over.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        match supervisor.ended() {
            None => {}
            Some(outcome @ Outcome::Killed { .. }) => {
                let text = format!("error: the supervisor of the services was {outcome}, and they are gone with it\n");
                return cx.host.print_error(&text);
            }
            Some(_) => return,
        }
    }
}
