//! What windlass will do: a [`Plan`] of [`Step`]s, each an outside [`Command`], with its needs, its exclusive resources and
//! its order. It knows nothing of cargo, nextest or Nix, and nothing of how a step is run.
//!
//! ```
//! use windlass_plan::{Command, Plan, Step};
//!
//! let build = Step::new("build", Command::new("cargo", "/ws").args(["build", "--locked"])).uses(["cargo"]);
//! let test = Step::new("test", Command::new("cargo", "/ws").args(["test"]).env("RUST_LOG", "info")).needs(["build"]);
//!
//! let plan = Plan::new([test, build])?;
//! assert_eq!(plan.names().collect::<Vec<_>>(), ["build", "test"]);
//! assert_eq!(plan.steps()[1].command.shell(), "cd /ws && RUST_LOG=info cargo test");
//! # Ok::<(), windlass_plan::PlanError>(())
//! ```

mod command;
mod given;
mod nearest;
mod plan;
mod step;

pub use command::{Command, quote};
pub use given::{UnknownReference, fill};
pub use nearest::nearest;
pub use plan::{Plan, PlanError};
pub use step::{DEFAULT_TIMEOUT_S, Step, StepKind};
