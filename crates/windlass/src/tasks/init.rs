//! `init`: adopt windlass in a workspace, and say what it will do there.

use crate::args::CiArgs;
use crate::exit::Usage;
use crate::init::{self, InitArgs, InitError};
use crate::tasks::ci;
use crate::{Context, Exit, PlanArgs};

pub(super) fn run(cx: &Context, args: &InitArgs) -> anyhow::Result<Exit> {
    let outcome = match init::run(args, cx) {
        Ok(outcome) => outcome,
        Err(InitError::Workspace(error)) => return Err(error),
        Err(error) if error.code() == Exit::FAILED.0 => {
            cx.host.print_error(&format!("error: {error}\n"));
            return Ok(Exit::FAILED);
        }
        Err(error) if error.code() == 2 => return Err(Usage(error.to_string()).into()),
        Err(error) => {
            cx.go_on()?;
            return Err(error.into());
        }
    };
    if let Some(adopted) = outcome.adopted {
        let manifest_path = Some(adopted.root.join("Cargo.toml"));
        let args = CiArgs { plan: PlanArgs { manifest_path, ..PlanArgs::default() }, ..CiArgs::default() };
        let job = ci::planned(cx, "ci", &args, &|_| true)?;
        let names = job.plan.names().collect::<Vec<_>>().join(", ");
        cx.host.print(&format!("stages    {names}\n"));
        for (stage, reason) in &job.not_planned {
            cx.host.print(&format!("          without {stage}: {reason}\n"));
        }
        cx.host.print(&format!("\nnext: cargo {} ci\n", adopted.alias));
    }
    Ok(Exit(outcome.code))
}
