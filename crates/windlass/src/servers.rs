//! What services need of the machine, and what they give to those who use them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use windlass_plan::Command;
use windlass_services::{Backend, Definition, Programs};
use windlass_supervisor::{Origin, SOCKET, StartError, Unpacking, can_be_contained, find, unpack, unpacking};
use windlass_workspace::{Selection, Workspace};

use crate::exit::Usage;
use crate::pipeline::Services;
use crate::{Context, config, rundir};

/// The variable that says where tests ask for what is theirs alone: the path of a socket (docs/protocol.md).
const TESTKIT: &str = "WINDLASS_SERVICES";
/// The variable by which sqlx's macros find a database while they are compiled.
const DATABASE_URL: &str = "DATABASE_URL";
/// The stages that compile, besides those that services run for anyway.
const COMPILING: [&str; 3] = ["clippy", "build", "doc"];
/// Where a package has its sources.
const SOURCES: [&str; 4] = ["src", "tests", "examples", "benches"];

/// Sees that there are services.
///
/// # Errors
///
/// When the workspace declares none.
pub(crate) fn demand(services: &[Definition]) -> anyhow::Result<()> {
    if services.is_empty() {
        let path = config::CONFIG;
        return Err(
            Usage(format!("`{path}` declares no service; `[services.postgres]` in it declares PostgreSQL")).into()
        );
    }
    Ok(())
}

/// Sees that the servers of services are at hand: what is missing is fetched and unpacked into the user's cache, after saying
/// so and, where somebody can answer, asking. Nothing is ever installed.
///
/// # Errors
///
/// When one is missing and cannot be had so, or may not.
pub(crate) fn set_up(cx: &Context, services: &[Definition], allowed: bool) -> anyhow::Result<()> {
    let done = try_to_set_up(cx, services, allowed);
    // An interrupted question looks like a missing program.
    cx.go_on().and(done)
}

fn try_to_set_up(cx: &Context, services: &[Definition], allowed: bool) -> anyhow::Result<()> {
    for service in services.iter().filter(|service| service.backend != Some(Backend::Container)) {
        let missing = match find(&cx.host, service.programs()) {
            Ok(_) => continue,
            Err(missing @ StartError::NotAtHand { .. }) => missing,
            // This says what else could be done.
            Err(_) => {
                windlass_supervisor::way(&cx.host, service)?;
                continue;
            }
        };
        let can_be_contained = service.backend.is_none() && can_be_contained(&cx.host, service);
        if !allowed && can_be_contained {
            continue;
        }
        if !allowed {
            bail!("{missing}\nnothing may be fetched (`--no-setup`, or `ci.setup = false`)");
        }
        match unpacking(&cx.host, service.programs()) {
            Err(_) if can_be_contained => {}
            it => fetch(cx, service.programs(), &missing, &it?)?,
        }
    }
    Ok(())
}

/// Programs, fetched into the user's cache where they are missing.
///
/// # Errors
///
/// As [`set_up`].
#[cfg(feature = "nix")]
pub(crate) fn at_hand(cx: &Context, wanted: Programs<'_>) -> anyhow::Result<windlass_supervisor::Found> {
    let missing = match find(&cx.host, wanted) {
        Err(missing @ StartError::NotAtHand { .. }) => missing,
        other => return Ok(other?),
    };
    let fetched = unpacking(&cx.host, wanted).map_err(Into::into).and_then(|it| fetch(cx, wanted, &missing, &it));
    // An interrupted question looks like a missing program.
    cx.go_on().and(fetched)?;
    Ok(find(&cx.host, wanted)?)
}

/// Fetches what is missing, after saying so and, where somebody can answer, asking.
fn fetch(cx: &Context, wanted: Programs<'_>, missing: &StartError, it: &Unpacking) -> anyhow::Result<()> {
    let (name, dir, line) = (&it.name, it.dir.display(), it.fetch.shell());
    let what = match it.from {
        Origin::Debian { n_packages } => {
            format!(
                "fetch {n_packages} packages, less than a minute, and unpack them into `{dir}`, where they are installed nowhere"
            )
        }
        Origin::CratesIo => format!("compile it into `{dir}`, about 1 to 5 minutes, once"),
        Origin::Python => format!("have pip put it into `{dir}`, less than a minute; nothing is installed elsewhere"),
    };
    cx.host.print_error(&format!("`{name}` is not at hand; about to {what}:\n  {line}\n"));
    if cx.host.ask("go ahead?") == Some(false) {
        cx.go_on()?;
        bail!("{missing}\nand you said no");
    }
    unpack(&cx.host, wanted, it)?;
    find(&cx.host, wanted)?;
    Ok(())
}

/// Services whose programs have to be at hand: a container does not do.
pub(crate) fn as_processes(services: &[Definition]) -> Vec<Definition> {
    services.iter().map(|it| Definition { backend: Some(Backend::Process), ..it.clone() }).collect()
}

/// What a plan is to know of services; nothing where there are none.
///
/// # Errors
///
/// When the system does not say which program this is.
pub(crate) fn planned(
    cx: &Context,
    workspace: &Workspace,
    selection: &Selection,
    services: &[Definition],
    allowed: bool,
) -> anyhow::Result<Option<Services>> {
    if services.is_empty() {
        return Ok(None);
    }
    let has_database = services.iter().any(|service| service.export.contains_key(DATABASE_URL));
    let asking = if has_database { asks_while_compiled(cx, workspace, selection)? } else { None };
    let compiling = asking.iter().flat_map(|_| COMPILING.map(str::to_owned));
    let words = cx.program.split(' ').chain(["with", "--"]);
    Ok(Some(Services {
        supervise: supervise_command(cx, &workspace.root, allowed)?,
        // One after the other, and data is made before.
        timeout_s: services
            .iter()
            .fold(0, |sum: u64, service| sum.saturating_add(service.deadline_s).saturating_add(120)),
        with: words.map(str::to_owned).collect(),
        exports: exports(services),
        needed_by: services.iter().flat_map(|service| service.needed_by.clone()).chain(compiling).collect(),
        asking,
    }))
}

/// The member whose queries sqlx's macros would ask a database about while they are compiled, if there is one: what they know is
/// not in `.sqlx`, and nobody has told them to do without.
fn asks_while_compiled(cx: &Context, workspace: &Workspace, selection: &Selection) -> anyhow::Result<Option<String>> {
    let is_offline = cx.host.env("SQLX_OFFLINE").is_some_and(|value| ["1", "true"].contains(&&*value));
    if is_offline || cx.host.is_dir(&Path::new(&workspace.root).join(".sqlx")) {
        return Ok(None);
    }
    let members = selection.packages.iter().filter_map(|(name, _)| workspace.member(name));
    for member in members.filter(|member| member.uses_sqlx) {
        let dir = Path::new(&member.manifest_path).parent().context("a manifest is in a directory")?;
        if cx.host.is_dir(&dir.join(".sqlx")) {
            continue;
        }
        for below in SOURCES.map(|name| dir.join(name)) {
            for file in cx.host.files_below(&below)?.into_iter().filter(|file| file.ends_with(".rs")) {
                // What is no text is no source either.
                let text = cx.host.read_text(&below.join(file)).ok().flatten().unwrap_or_default();
                if windlass_workspace::calls_sqlx_macros(&text) {
                    return Ok(Some(member.name.clone()));
                }
            }
        }
    }
    Ok(None)
}

/// The variables that services export, each referring to what they give: `{postgres.url}`.
pub(crate) fn exports(services: &[Definition]) -> BTreeMap<String, String> {
    let testkit = (TESTKIT.to_owned(), format!("{{{SOCKET}}}"));
    services.iter().flat_map(Definition::exports).chain([testkit]).collect()
}

/// Where windlass writes for the services of a workspace.
pub(crate) fn dir(target_directory: &str) -> PathBuf {
    rundir::windlass_dir(target_directory).join("services")
}

/// What keeps the servers of a workspace's services for as long as the process that starts it lives; `allowed` is whether an
/// image may be fetched that is not there.
///
/// # Errors
///
/// When the system does not say which program this is.
pub(crate) fn supervise_command(cx: &Context, root: &str, allowed: bool) -> anyhow::Result<Command> {
    let program = cx.host.current_exe()?.to_string_lossy().into_owned();
    let manifest_path = format!("{root}/Cargo.toml");
    let command = Command::new(program, root).args(["services", "supervise", "--manifest-path", &manifest_path]);
    Ok(if allowed { command } else { command.arg("--no-setup") })
}
