//! `connect`: a person talks to a server.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use windlass_supervisor::dev::{self, Client};
use windlass_supervisor::remains;

use crate::development::{Development, done, launcher};
use crate::exit::Usage;
use crate::{Context, Exit};

/// What `connect` takes.
#[derive(Clone, Debug, Args)]
pub struct ConnectArgs {
    /// The service; not needed where there is only one
    service: Option<String>,
    /// A database that a failed test had, by its name or the test's, on a copy of it that is gone afterwards; without a name, those
    /// that there are
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    kept: Option<Option<String>>,
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Arguments of the client
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
}

pub(super) fn run(cx: &Context, args: &ConnectArgs) -> anyhow::Result<Exit> {
    let it = Development::of(cx, args.manifest_path.as_ref())?;
    let definition = it.service(args.service.as_deref())?;
    let cwd = cx.host.current_dir()?;
    let client = Client { definition, cwd: &cwd, args: &args.args };
    let code = match &args.kept {
        Some(name) => {
            let Some(database) = kept(cx, &it, &definition.name, name.as_deref())? else { return Ok(Exit::PASSED) };
            let launcher = launcher(cx)?;
            let act = |command: &_| cx.host.run_in_foreground(command);
            done(cx, dev::on_remains(&cx.host, client, (&it.dir, &database), &launcher, act))?
        }
        None => {
            let kept = it.kept(cx)?;
            let Some(server) = it.server(kept.as_ref(), &definition.name) else {
                bail!("`{}` is not up: `{} up` starts it", definition.name, cx.program);
            };
            cx.host.run_in_foreground(&done(cx, dev::connect(&cx.host, client, server))?)
        }
    };
    let code = code.map_err(|error| cx.reading_error(error))?;
    Ok(Exit(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// The database that is meant; `None` where those that there are have been printed.
fn kept(cx: &Context, it: &Development, service: &str, name: Option<&str>) -> anyhow::Result<Option<String>> {
    let remains = done(cx, remains::read(&cx.host, &it.dir, service))?;
    let databases = remains.map(|remains| remains.databases).unwrap_or_default();
    let Some(name) = name else {
        for (database, test) in &databases {
            cx.host.print(&format!("{database}  {test}\n"));
        }
        if databases.is_empty() {
            cx.host.print(&format!("no failed test has left a database of `{service}`\n"));
        }
        return Ok(None);
    };
    let is_meant = |test: &str| test == name || test.ends_with(&format!("::{name}"));
    let of_test: Vec<_> = databases.iter().filter(|(_, test)| is_meant(test)).collect();
    match (databases.iter().find(|(database, _)| database == name), &of_test[..]) {
        (Some((database, _)), _) | (None, [(database, _)]) => Ok(Some(database.clone())),
        (None, _) => {
            let names = databases.iter().map(|(database, test)| format!("{database} ({test})")).collect::<Vec<_>>();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Err(Usage(format!("no failed test has left `{name}` of `{service}`; there are: {names}")).into())
        }
    }
}
