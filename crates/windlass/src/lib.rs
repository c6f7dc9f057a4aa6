//! The front door: the tasks that an xtask and the `windlass` binary offer, their arguments, the configuration file, and the
//! wiring of everything below. It knows what is asked and in which order to ask the other crates for it; it does not know
//! the format of any tool, nor touches the machine.
//!
//! An xtask with tasks of its own is one visible `match`:
//!
//! ```no_run
//! use windlass::clap::{self, Subcommand};
//! use windlass::{Command, Context, Exit, Job, Plan, PlanArgs, Step};
//!
//! #[derive(Subcommand)]
//! enum Task {
//!     #[command(flatten)]
//!     Windlass(windlass::Task),
//!     /// Say hello, as a plan: dry run, record and report come with it
//!     Hello(PlanArgs),
//!     /// Print the workspace's root
//!     Root,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     windlass::run(|task, cx: &Context| match task {
//!         Task::Windlass(task) => task.run(cx),
//!         Task::Hello(args) => {
//!             let workspace = cx.workspace(&args)?;
//!             let plan = Plan::new([Step::new("hello", Command::new("echo", &workspace.root).arg("hello"))])?;
//!             cx.run_plan(Job::new("hello", &workspace, plan), &args)
//!         }
//!         Task::Root => {
//!             cx.host.print(&format!("{}\n", cx.workspace(&PlanArgs::default())?.root));
//!             Ok(Exit::PASSED)
//!         }
//!     })
//! }
//! ```

mod args;
mod config;
mod context;
mod development;
mod display;
mod exit;
mod init;
mod job;
#[cfg(feature = "nix")]
mod nix;
mod nix_files;
mod pipeline;
mod rundir;
mod runner;
mod servers;
mod tasks;
mod tools;

pub use clap;
pub use windlass_host::{Host, HostError};
pub use windlass_plan::{Command, Plan, PlanError, Step};
pub use windlass_workspace::Workspace;

pub use args::{Ci, CiArgs, PlanArgs};
pub use context::{Context, main, run};
pub use exit::{Exit, Interrupted, Usage};
pub use job::Job;
pub use tasks::Task;
