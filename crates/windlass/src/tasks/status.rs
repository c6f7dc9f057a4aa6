//! `status` and `logs`: what the servers of development do and say.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::development::{Development, size};
use crate::{Context, Exit};

/// How often it is looked whether there is more.
const TICK: Duration = Duration::from_millis(100);
/// How much of the end of a log is looked at, in bytes.
const TAIL_BYTES: u64 = 16 << 20;

/// What `status` takes.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

/// What `logs` takes.
#[derive(Clone, Debug, Args)]
pub struct LogsArgs {
    /// The service; if absent, all, and what their supervisor says, each line with the name in front
    service: Option<String>,
    /// Go on with what comes
    #[arg(long, short)]
    follow: bool,
    /// How many lines of the end are printed of each
    #[arg(long, value_name = "N", default_value_t = 100)]
    lines: usize,
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn status(cx: &Context, args: &StatusArgs) -> anyhow::Result<Exit> {
    let it = Development::that_has_been(cx, args.manifest_path.as_ref())?;
    let kept = it.kept(cx)?;
    let undeclared = it.undeclared(cx);
    let names = it.services.iter().map(|service| &service.name).chain(&undeclared);
    let width = names.map(String::len).max().unwrap_or_default();
    let mut all_up = true;
    for service in &it.services {
        let name = &service.name;
        let state = match (it.server(kept.as_ref(), name), &kept) {
            (Some(server), Some(kept)) => {
                let (port, version, since) = (server.values.port, &server.values.version, kept.since_unix_ms);
                let way = if server.is_contained() { " in a container" } else { "" };
                format!("up    port {port}  version {version}{way}  since {} UTC", cx.host.utc(since))
            }
            (None, Some(kept)) if !kept.is_ready => "down  it is being started".to_owned(),
            (_, kept) => match kept.as_ref().and_then(|kept| kept.servers.get(name)?.ended.as_ref()) {
                Some(how) => format!("down  it has ended: {how}"),
                None if it.home.was_killed(&cx.host) => "down  who kept it has been killed".to_owned(),
                None => "down".to_owned(),
            },
        };
        all_up &= state.starts_with("up");
        let data = it.data(cx, name).unwrap_or_else(|| size(0));
        cx.host.print(&format!("{name:width$}  {state}  data {data}\n"));
    }
    for name in &undeclared {
        let is_up = it.server(kept.as_ref(), name).is_some();
        let state = if is_up { "up  " } else { "down" };
        let data = it.data(cx, name).unwrap_or_else(|| size(0));
        cx.host.print(&format!("{name:width$}  {state}  no longer declared  data {data}\n"));
    }
    Ok(if all_up { Exit::PASSED } else { Exit::FAILED })
}

pub(super) fn logs(cx: &Context, args: &LogsArgs) -> anyhow::Result<Exit> {
    let (host, it) = (&cx.host, Development::of(cx, args.manifest_path.as_ref())?);
    let services = it.services(args.service.as_deref())?;
    let mut logs: Vec<(String, PathBuf, u64)> = Vec::new();
    if args.service.is_none() {
        // No service is called that.
        logs.push(("windlass | ".into(), it.home.log(), 0));
    }
    for service in services {
        let prefix = if args.service.is_none() { format!("{} | ", service.name) } else { String::new() };
        logs.push((prefix, it.home.log_of(&service.name), 0));
    }
    let print = |prefix: &str, lines: &[&str]| {
        let text: String = lines.iter().map(|line| format!("{prefix}{line}\n")).collect();
        text.is_empty() || host.print_while_read(&text)
    };
    for (prefix, log, read) in &mut logs {
        let from = host.file_bytes(log).saturating_sub(TAIL_BYTES);
        let (text, on) = host.read_on(log, from);
        *read = on;
        let lines: Vec<&str> = text.lines().collect();
        print(prefix, &lines[lines.len().saturating_sub(args.lines)..]);
    }
    if !args.follow {
        return Ok(Exit::PASSED);
    }
    loop {
        cx.go_on()?;
        for (prefix, log, read) in &mut logs {
            let (text, on) = host.read_on(log, *read);
            *read = on;
            if !print(prefix, &text.lines().collect::<Vec<_>>()) {
                return Ok(Exit::PASSED);
            }
        }
        host.sleep(TICK);
    }
}
