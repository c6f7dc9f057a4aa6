//! `up`, `down` and `reset`: the servers of development.

use std::path::PathBuf;

use clap::Args;
use windlass_supervisor::dev::{Home, Kept};

use crate::development::{Development, done};
use crate::exit::Usage;
use crate::{Context, Exit, servers};

/// What `up` takes.
#[derive(Clone, Debug, Args)]
pub struct UpArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Fetch nothing: a server that is missing is an error that says how to get it
    #[arg(long)]
    no_setup: bool,
}

/// What `down` takes.
#[derive(Clone, Debug, Args)]
pub struct DownArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

/// What `reset` takes.
#[derive(Clone, Debug, Args)]
pub struct ResetArgs {
    /// The service; all if absent
    service: Option<String>,
    /// Remove the data without asking
    #[arg(long)]
    yes: bool,
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn up(cx: &Context, args: &UpArgs) -> anyhow::Result<Exit> {
    let it = Development::of(cx, args.manifest_path.as_ref())?;
    let may_set_up = it.may_set_up && !args.no_setup;
    servers::set_up(cx, &it.services, may_set_up)?;
    let _alone = done(cx, it.home.alone(&cx.host))?;
    // Before anything is stopped that could not be started again.
    let ways = it.ways(cx)?;
    if let Some(kept) = it.kept(cx)? {
        let why = match kept.is_ready {
            true => kept.differs(&it.services, &ways),
            false => vec!["they were started by somebody who was killed".to_owned()],
        };
        if why.is_empty() {
            show(cx, &it, &kept);
            cx.host.print("they were up already\n");
            return Ok(Exit::PASSED);
        }
        let why = why.join(", ");
        cx.host.print_error(&format!("note: {why}: the servers are stopped in good order, and started again\n"));
        done(cx, it.home.down(&cx.host))?;
    }
    let kept = it.start(cx, may_set_up)?;
    show(cx, &it, &kept);
    cx.host.print(&format!("`{} env` prints their addresses with the passwords\n", cx.program));
    Ok(Exit::PASSED)
}

/// The servers with their addresses, without the passwords: others may read this.
fn show(cx: &Context, it: &Development, kept: &Kept) {
    for service in &it.services {
        if let Some(server) = it.server(Some(kept), &service.name) {
            let values = &server.values;
            let url = service.url(values).replace(&values.password, "***");
            cx.host.print(&format!("{} {}: {url}\n", service.name, values.version));
        }
    }
}

pub(super) fn down(cx: &Context, args: &DownArgs) -> anyhow::Result<Exit> {
    let here = cx.host.current_dir()?;
    let dir = args.manifest_path.as_ref().and_then(|path| Some(here.join(path).parent()?.to_owned())).unwrap_or(here);
    // Neither cargo nor the configuration is asked: what is broken there is no reason for servers to stay.
    let was_up = match Home::around(&cx.host, &dir) {
        None => false,
        Some(home) => {
            let _alone = done(cx, home.alone(&cx.host))?;
            done(cx, home.down(&cx.host))?
        }
    };
    cx.host.print(if was_up { "stopped; the data stays\n" } else { "nothing was up\n" });
    Ok(Exit::PASSED)
}

pub(super) fn reset(cx: &Context, args: &ResetArgs) -> anyhow::Result<Exit> {
    let (host, it) = (&cx.host, Development::that_has_been(cx, args.manifest_path.as_ref())?);
    let undeclared = it.undeclared(cx);
    let names = match &args.service {
        Some(name) if undeclared.contains(name) => vec![name.clone()],
        Some(name) => vec![it.service(Some(name))?.name.clone()],
        None => it.services.iter().map(|it| it.name.clone()).chain(undeclared).collect(),
    };
    let _alone = done(cx, it.home.alone(host))?;
    let data: Vec<(&str, String)> = names.iter().filter_map(|name| Some((&**name, it.data(cx, name)?))).collect();
    if data.is_empty() {
        host.print("there is no data\n");
        return Ok(Exit::PASSED);
    }
    // Before anything is stopped or removed.
    for (name, _) in &data {
        done(cx, it.home.see_that_it_can_be_reset(host, name))?;
    }
    let what = data.iter().map(|(name, data)| format!("`{name}` ({data})")).collect::<Vec<_>>().join(", ");
    if !args.yes {
        match host.ask_before_loss(&format!("remove the data of {what} for good?")) {
            Some(true) => {}
            Some(false) => {
                cx.go_on()?;
                host.print("nothing was removed\n");
                return Ok(Exit::FAILED);
            }
            None => {
                let what = format!("the data of {what} would be removed, and nobody can be asked: `--yes` says so");
                return Err(Usage(what).into());
            }
        }
    }
    let was_up = done(cx, it.home.down(host))?;
    for (name, _) in &data {
        done(cx, it.home.reset(host, name))?;
    }
    host.print(&format!("removed the data of {what}\n"));
    if was_up && !it.services.is_empty() {
        // What has no data any more may run in another way.
        let it = Development::that_has_been(cx, args.manifest_path.as_ref())?;
        servers::set_up(cx, &it.services, false)?;
        let kept = it.start(cx, false)?;
        show(cx, &it, &kept);
    }
    Ok(Exit::PASSED)
}
