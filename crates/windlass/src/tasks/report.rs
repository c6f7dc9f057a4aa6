//! `report`: draws a kept run again.

use std::path::PathBuf;

use clap::Args;
use windlass_plan::Command;
use windlass_report::summary;

use crate::exit::Usage;
use crate::{Context, Exit, PlanArgs, rundir, runner};

/// What `report` takes.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// The run: its id, or the path of its directory or record; the latest if absent
    run: Option<String>,
    /// Open `report.html` in the browser
    #[arg(long)]
    open: bool,
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, args: &ReportArgs) -> anyhow::Result<Exit> {
    let plan = PlanArgs { manifest_path: args.manifest_path.clone(), ..PlanArgs::default() };
    let target = cx.workspace(&plan)?.target_directory;
    let Some((dir, record)) = rundir::kept(&cx.host, &target, args.run.as_deref())? else {
        let runs = rundir::windlass_dir(&target).join("runs");
        let mut kept = cx.host.list_dir(&runs)?;
        kept.reverse();
        let kept = if kept.is_empty() { "none".to_owned() } else { kept.join(", ") };
        let wanted = args.run.as_deref().unwrap_or("latest");
        return Err(Usage(format!("no run `{wanted}` is kept in `{}`; those kept: {kept}", runs.display())).into());
    };
    let logs = runner::logs(cx, &dir, &record);
    for (name, text) in runner::files(&record, &logs) {
        // The record itself is what happened, and stays as it was written.
        if name != "record.json" {
            cx.host.write_text(&dir.join(name), &text)?;
        }
    }
    cx.host.print(&summary::text(&record, &logs, cx.host.wants_color()));
    let page = dir.join("report.html");
    cx.host.print(&format!("report: {}\n", page.display()));
    if args.open {
        open(cx, &page.to_string_lossy())?;
    }
    Ok(Exit::PASSED)
}

fn open(cx: &Context, page: &str) -> anyhow::Result<()> {
    let programs = if cfg!(target_os = "macos") { ["open"].as_slice() } else { &["xdg-open", "wslview"] };
    let Some(program) = programs.iter().find(|program| cx.host.find_program(program).is_some()) else {
        anyhow::bail!("no program to open a page with: neither `{}`; open `{page}` yourself", programs.join("` nor `"));
    };
    Ok(cx.host.launch(&Command::new(*program, "/").arg(page))?)
}
