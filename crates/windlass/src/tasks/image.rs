//! `services image`: images of services, built from this machine's own programs.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use windlass_services::{Definition, EngineSession, shipped, shipped_names};
use windlass_supervisor::build_image;

use crate::exit::Usage;
use crate::{Context, Exit, PlanArgs, config, servers};

/// How long the engine may take to make an image of an archive.
const IMPORT: Duration = Duration::from_secs(300);

/// What `services image` takes.
#[derive(Clone, Debug, Args)]
pub struct ImageArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Fetch nothing: a server that is missing is an error that says how to get it
    #[arg(long)]
    no_setup: bool,
    /// The services; those of `.config/windlass.toml` that have an image unless one is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

pub(super) fn run(cx: &Context, args: &ImageArgs) -> anyhow::Result<Exit> {
    let plan = PlanArgs { manifest_path: args.manifest_path.clone(), ..PlanArgs::default() };
    let config = config::of(cx, &cx.workspace(&plan)?.root)?;
    let services = chosen(&config.services, &args.services)?;
    servers::set_up(cx, &servers::as_processes(&services), config.ci.setup && !args.no_setup)?;
    for service in &services {
        let began_ms = cx.host.elapsed_ms();
        // One for each: an engine may close what has been idle for long.
        let mut engine = EngineSession::new(cx.host.connect_container_engine(IMPORT)?);
        let built = build_image(&cx.host, service, &mut engine);
        if built.is_err() {
            cx.go_on()?;
        }
        let built = built?;
        let (mb, ms) = (built.n_bytes / 1_000_000, cx.host.elapsed_ms() - began_ms);
        cx.host.print(&format!("{}: {} {}, {mb} MB, {ms} ms\n", built.reference, service.name, built.version));
    }
    Ok(Exit::PASSED)
}

/// The services that are named, as the workspace has them or as they come with windlass; else all of the workspace's that have an
/// image.
fn chosen(declared: &[Definition], named: &[String]) -> Result<Vec<Definition>, Usage> {
    let with_image: Vec<Definition> = declared.iter().filter(|it| it.image.is_some()).cloned().collect();
    if named.is_empty() && with_image.is_empty() {
        let has_image = |name: &&str| shipped(name).is_some_and(|it| it.image.is_some());
        let known = shipped_names().filter(has_image).collect::<Vec<_>>().join(", ");
        return Err(Usage(format!("`{}` declares no service that has an image; name one: {known}", config::CONFIG)));
    }
    if named.is_empty() {
        return Ok(with_image);
    }
    let one = |name: &String| {
        let service = declared.iter().find(|it| it.name == *name).cloned().or_else(|| shipped(name));
        let declared = declared.iter().map(|it| it.name.as_str());
        let hint =
            || windlass_toml::hint(name, declared.chain(shipped_names().map(|it| -> &str { it })), "known here:");
        service.ok_or_else(|| Usage(format!("there is no service `{name}`; {}", hint())))
    };
    named.iter().map(one).collect()
}
