//! `services`: the supervisor that owns a run's servers, and what is left of those of runs that were killed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use windlass_host::Signal;
use windlass_plan::Command;
use windlass_supervisor::dev::{Home, Keeping};
use windlass_supervisor::{Run, StartError};

use crate::development::{Development, done, launcher, size};
use crate::{Context, Exit, PlanArgs, config, servers};

/// What can be done with servers.
#[derive(Clone, Debug, Subcommand)]
pub enum ServicesTask {
    /// Remove what runs that were killed have left of their servers, templates that are too many, and, after asking, the data of
    /// development of worktrees that are gone
    Gc {
        /// Fail if there was anything of runs that were killed: for the end of a CI
        #[arg(long)]
        check: bool,
        /// Remove the data of worktrees that are gone without asking
        #[arg(long)]
        yes: bool,
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
        /// Keep the servers of development instead, in a session of its own, until `down` stops them
        #[arg(long, conflicts_with = "owner")]
        dev: bool,
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
    /// Watch a server, and end it when the process that started it has died: where the system tells nobody
    #[command(hide = true)]
    Watch {
        /// The process that started it
        parent: u32,
        /// The number of the signal
        die: i32,
        /// The server's process
        server: u32,
    },
}

pub(super) fn run(cx: &Context, task: &ServicesTask) -> anyhow::Result<Exit> {
    match task {
        ServicesTask::Gc { check, yes } => gc(cx, *check, *yes),
        ServicesTask::Supervise { manifest_path, no_setup, dev: true, .. } => {
            keep(cx, manifest_path.as_ref(), !no_setup)
        }
        ServicesTask::Supervise { manifest_path, owner, no_setup, .. } => {
            supervise(cx, manifest_path.clone(), *owner, !no_setup)
        }
        ServicesTask::Image(args) => super::image::run(cx, args),
        ServicesTask::Launch { parent, die, command } => {
            let signal = signal(*die)?;
            if !cfg!(target_os = "linux") {
                watch(cx, *parent, *die)?;
            }
            let (program, args) = command.split_first().context("clap lets no empty command through")?;
            Err(cx.host.become_server(*parent, signal, program, args).into())
        }
        ServicesTask::Watch { parent, die, server } => {
            cx.host.end_after(*parent, signal(*die)?, *server)?;
            Ok(Exit::PASSED)
        }
    }
}

fn signal(number: i32) -> anyhow::Result<Signal> {
    Signal::from_named_raw(number).with_context(|| format!("there is no signal {number}"))
}

/// Has another process watch what this one becomes.
fn watch(cx: &Context, parent: u32, die: i32) -> anyhow::Result<()> {
    let program = cx.host.current_exe()?.to_string_lossy().into_owned();
    let numbers = [parent.to_string(), die.to_string(), cx.host.pid().to_string()];
    let command = Command::new(program, "/").args(["services", "watch"]).args(numbers);
    cx.host.launch(&command).map_err(|error| cx.reading_error(error))
}

fn gc(cx: &Context, check: bool, yes: bool) -> anyhow::Result<Exit> {
    // First, for a server in one still writes to the private directory of its run.
    let containers = windlass_supervisor::sweep_containers(&cx.host);
    let swept = windlass_supervisor::sweep(&cx.host);
    let lines = containers.iter().map(ToString::to_string).chain(swept.iter().map(ToString::to_string));
    lines.for_each(|line| cx.host.print(&format!("{line}\n")));
    let templates = windlass_supervisor::forget_templates(&cx.host);
    let lines = templates.iter().map(|it| format!("removed `{}`, which was not used for longest\n", it.display()));
    lines.for_each(|line| cx.host.print(&line));
    let n_gone = clear_orphans(cx, yes)?;
    if containers.is_empty() && swept.is_empty() && templates.is_empty() && n_gone == 0 {
        cx.host.print("nothing is left of runs that were killed\n");
    }
    let mut left = containers.iter().map(|it| &it.left).chain(swept.iter().map(|it| &it.left));
    let is_clean = if check { containers.is_empty() && swept.is_empty() } else { left.all(Option::is_none) };
    Ok(if is_clean { Exit::PASSED } else { Exit::FAILED })
}

/// Removes, after asking, the data of development of worktrees that are gone; how many there were.
fn clear_orphans(cx: &Context, yes: bool) -> anyhow::Result<usize> {
    let mut gone = Home::all(&cx.host);
    gone.retain(|home| home.is_orphaned(&cx.host));
    for home in &gone {
        let (dir, root, size) = (home.dir.display(), home.root.display(), size(cx.host.tree_bytes(&home.dir)));
        let mut what = if cx.host.is_dir(&home.dir) { vec![format!("`{dir}` has {size}")] } else { Vec::new() };
        what.extend(done(cx, home.kept(&cx.host))?.map(|kept| format!("{} servers run", kept.servers.len())));
        what.extend(home.volumes(&cx.host).iter().map(|volume| format!("the volume `{volume}` has data")));
        cx.host.print(&format!("{} of development in `{root}`, which is gone\n", what.join(", ")));
        // It may just not be mounted.
        if yes || cx.host.ask_before_loss("remove it for good?") == Some(true) {
            done(cx, home.remove(&cx.host))?;
            cx.host.print("removed\n");
        } else {
            cx.go_on()?;
            cx.host.print("it stays: `--yes` removes it\n");
        }
    }
    Ok(gone.len())
}

/// Keeps the servers of development.
fn keep(cx: &Context, manifest_path: Option<&PathBuf>, may_pull: bool) -> anyhow::Result<Exit> {
    let it = Development::of(cx, manifest_path)?;
    let launcher = launcher(cx)?;
    let keeping = Keeping { home: &it.home, launcher: &launcher, may_pull };
    done(cx, windlass_supervisor::dev::keep(&cx.host, &it.services, keeping))?;
    Ok(Exit::PASSED)
}

fn supervise(cx: &Context, manifest_path: Option<PathBuf>, owner: Option<u32>, may_pull: bool) -> anyhow::Result<Exit> {
    let workspace = cx.workspace(&PlanArgs { manifest_path, ..PlanArgs::default() })?;
    let config = config::of(cx, &workspace.root)?;
    let program = cx.host.current_exe()?.to_string_lossy().into_owned();
    let dir = servers::dir(&workspace.target_directory);
    // For tests that are run without windlass, and start it themselves.
    cx.host.write_text(&dir.join("program"), &program)?;
    let launcher = launcher(cx)?;
    let gone = "whoever started this has died already, and nobody would ever stop it; `--owner` names another process";
    let owner = owner.or_else(|| cx.host.parent()).context(gone)?;
    let run =
        Run { root: Path::new(&workspace.root), dir: &dir, program: &cx.program, launcher: &launcher, owner, may_pull };
    match windlass_supervisor::supervise(&cx.host, &config.services, run) {
        Ok(()) => Ok(Exit::PASSED),
        // It happened before anybody asked for the end.
        Err(error @ StartError::Failed { .. }) => Err(error.into()),
        Err(error) => cx.go_on().and(Err(error.into())),
    }
}
