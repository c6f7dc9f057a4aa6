//! `doctor`: what is there and what is not.

use std::path::PathBuf;

use clap::Args;
use windlass_supervisor::{Way, can_be_contained, unpacking};

use crate::{Context, Exit, PlanArgs, config, tools};

/// What `doctor` takes.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let plan = PlanArgs { manifest_path: args.manifest_path.clone(), ..PlanArgs::default() };
    let root = cx.workspace(&plan)?.root;
    let tools = tools::look(cx, &root)?;
    let (mut is_installable, mut lacks_something) = (false, false);
    for tool in &tools.all {
        is_installable |= tool.found.is_err();
        let (mark, found) = match &tool.found {
            Ok(version) => ("ok     ", version.clone()),
            Err(why) => ("MISSING", format!("none ({why})")),
        };
        say(cx, [mark, tool.name], &tool.wanted, &found, tool.from.as_deref(), &tool.needed_for.join(", "));
    }
    for service in config::of(cx, &root)?.services {
        let (mark, found, from) = match windlass_supervisor::way(&cx.host, &service) {
            Ok(Way::Process(found)) if found.version.is_empty() => {
                ("ok     ", "a version that it is not asked for".into(), Some(found.bin.display().to_string()))
            }
            Ok(Way::Process(found)) => ("ok     ", found.version, Some(found.bin.display().to_string())),
            Ok(Way::Container) if can_be_contained(&cx.host, &service) => {
                let from = match service.backend {
                    None if unpacking(&cx.host, service.programs()).is_ok() => {
                        "a container, or its programs, where they may be fetched"
                    }
                    _ => "a container, made for each run",
                };
                ("ok     ", "what its image has".into(), Some(from.into()))
            }
            Ok(Way::Container) => ("MISSING", "no engine of containers answers".into(), None),
            Err(error) => ("MISSING", error.to_string(), None),
        };
        cx.go_on()?;
        lacks_something |= from.is_none();
        let needed_for = format!("{}, with", service.needed_by.join(", "));
        say(cx, [mark, &service.name], &service.version.to_string(), &found, from.as_deref(), &needed_for);
    }
    #[cfg(feature = "nix")]
    for tool in crate::nix::pinned(cx, &root, false)? {
        // What `ci` needs may be pinned as well.
        if tool.found.is_ok() && tools.all.iter().any(|it| it.name == tool.name && it.found.is_ok()) {
            continue;
        }
        is_installable |= tool.found.is_err();
        let (mark, found, from) = match &tool.found {
            Ok(found) => ("ok     ", found.version.clone(), Some(found.bin.display().to_string())),
            Err(error) => ("MISSING", error.to_string(), None),
        };
        say(cx, [mark, &tool.name], &tool.wanted, &found, from.as_deref(), &tool.reason);
    }
    if is_installable {
        cx.host.print(&format!("help: `{} setup` installs what is missing\n", cx.program));
    } else if !lacks_something {
        return Ok(Exit::PASSED);
    }
    Ok(Exit::FAILED)
}

/// Prints what is known of one thing: whether it will do, and what it is called, first.
fn say(cx: &Context, title: [&str; 2], wanted: &str, found: &str, from: Option<&str>, needed_for: &str) {
    // A reason may have lines, with what helps in the last.
    let found = found.replace('\n', "\n                      ");
    let from = from.map(|from| format!("          from        {from}\n")).unwrap_or_default();
    cx.host.print(&format!(
        "{}\n          wanted      {wanted}\n          found       {found}\n{from}          needed for  {needed_for}\n",
        title.join(" ")
    ));
}
