//! `services`: the supervisor that owns a run's servers, and what is left of those of runs that were killed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use windlass_host::Signal;
use windlass_supervisor::{Launcher, Run, StartError};

use crate::{Context, Exit, PlanArgs, config, servers};

/// What can be done with servers.
#[derive(Clone, Debug, Subcommand)]
pub enum ServicesTask {
    /// Remove what runs that were killed have left of their servers
    Gc {
        /// Fail if there was anything: for the end of a CI
        #[arg(long)]
        check: bool,
    },
    /// Start the servers of the services in `.config/windlass.toml`, print where it stands what they give, and keep them
    Supervise {
        /// The Cargo.toml of the workspace, or of a package in it
        #[arg(long, value_name = "PATH")]
        manifest_path: Option<PathBuf>,
        /// The process whose end is the end of the servers; the one that starts this unless said otherwise
        #[arg(long, value_name = "PID")]
        owner: Option<u32>,
        /// Fetch nothing: an image that is missing is an error that says how to get it
        #[arg(long)]
        no_setup: bool,
    },
    /// Build local images of services from this machine's own programs: `postgres:15-windlass`
    Image(super::image::ImageArgs),
    /// Become a server that is sent a signal when the process that starts it dies
    #[command(hide = true)]
    Launch {
        /// The process that starts it
        parent: u32,
        /// The number of the signal
        die: i32,
        /// The server
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

pub(super) fn run(cx: &Context, task: &ServicesTask) -> anyhow::Result<Exit> {
    match task {
        ServicesTask::Gc { check } => gc(cx, *check),
        ServicesTask::Supervise { manifest_path, owner, no_setup } => {
            supervise(cx, manifest_path.clone(), *owner, !no_setup)
        }
        ServicesTask::Image(args) => super::image::run(cx, args),
        ServicesTask::Launch { parent, die, command } => {
            let signal = Signal::from_named_raw(*die).with_context(|| format!("there is no signal {die}"))?;
            let (program, args) = command.split_first().context("clap lets no empty command through")?;
            Err(cx.host.become_server(*parent, signal, program, args).into())
        }
    }
}

fn gc(cx: &Context, check: bool) -> anyhow::Result<Exit> {
    // First, for a server in one still writes to the private directory of its run.
    let containers = windlass_supervisor::sweep_containers(&cx.host);
    let swept = windlass_supervisor::sweep(&cx.host);
    let lines = containers.iter().map(ToString::to_string).chain(swept.iter().map(ToString::to_string));
    lines.for_each(|line| cx.host.print(&format!("{line}\n")));
    if containers.is_empty() && swept.is_empty() {
        cx.host.print("nothing is left of runs that were killed\n");
    }
    let mut left = containers.iter().map(|it| &it.left).chain(swept.iter().map(|it| &it.left));
    let is_clean = if check { containers.is_empty() && swept.is_empty() } else { left.all(Option::is_none) };
    Ok(if is_clean { Exit::PASSED } else { Exit::FAILED })
}

fn supervise(cx: &Context, manifest_path: Option<PathBuf>, owner: Option<u32>, may_pull: bool) -> anyhow::Result<Exit> {
    let workspace = cx.workspace(&PlanArgs { manifest_path, ..PlanArgs::default() })?;
    let config = config::of(cx, &workspace.root)?;
    let program = cx.host.current_exe()?.to_string_lossy().into_owned();
    let dir = servers::dir(&workspace.target_directory);
    // For tests that are run without windlass, and start it themselves.
    cx.host.write_text(&dir.join("program"), &program)?;
    let launcher = Launcher { words: vec![program, "services".into(), "launch".into()] };
    let owner = owner.unwrap_or_else(|| cx.host.parent());
    let run = Run { root: Path::new(&workspace.root), dir: &dir, launcher: &launcher, owner, may_pull };
    match windlass_supervisor::supervise(&cx.host, &config.services, run) {
        Ok(()) => Ok(Exit::PASSED),
        // It happened before anybody asked for the end.
        Err(error @ StartError::Failed { .. }) => Err(error.into()),
        Err(error) => cx.go_on().and(Err(error.into())),
    }
}
