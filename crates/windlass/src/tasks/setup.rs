//! `setup`: what `ci` would install, and nothing else.

use std::path::PathBuf;

use clap::Args;
use windlass_supervisor::Way;

use crate::{Context, Exit, PlanArgs, config, servers, tools};

/// What `setup` takes.
#[derive(Clone, Debug, Args)]
pub struct SetupArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, args: &SetupArgs) -> anyhow::Result<Exit> {
    let plan = PlanArgs { manifest_path: args.manifest_path.clone(), ..PlanArgs::default() };
    let root = tools::workspace(cx, &plan, true)?.root;
    let before = tools::look(cx, &root)?;
    before.set_up(cx, true)?;
    let tools = tools::look(cx, &root)?;
    for tool in &tools.all {
        if let Ok(version) = &tool.found {
            cx.host.print(&format!("{} {version}\n", tool.name));
        }
    }
    tools.demand_all()?;
    let services = config::of(cx, &root)?.services;
    servers::set_up(cx, &services, true)?;
    for service in &services {
        let version = match windlass_supervisor::way(&cx.host, service)? {
            Way::Process(found) => found.version,
            Way::Container => "in a container".to_owned(),
        };
        cx.host.print(&format!("{}\n", format!("{} {version}", service.name).trim_end()));
    }
    #[cfg(feature = "nix")]
    for tool in crate::nix::pinned(cx, &root, true)? {
        cx.host.print(&format!("{} {}\n", tool.name, tool.found?.version));
    }
    Ok(Exit::PASSED)
}
