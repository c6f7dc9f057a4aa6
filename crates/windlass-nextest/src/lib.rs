//! What windlass knows of cargo-nextest: which commands to ask, and how to read its lists, its configuration, its progress
//! lines and its JUnit files. It knows nothing of cargo's packages and features, and starts nothing itself.
//!
//! ```
//! use windlass_nextest::{Nextest, Progress, rerun_filter};
//!
//! let nextest = Nextest {
//!     program: vec!["cargo".into(), "nextest".into()],
//!     root: "/ws".into(),
//!     cargo_args: vec!["--workspace".into()],
//!     profile: None,
//! };
//! let command = nextest.rerun("app::api", "case::a_1");
//! assert_eq!(command.shell_here(), "cargo nextest run --workspace -E 'binary_id(=app::api) & test(=case::a_1)'");
//!
//! let mut progress = Progress::default();
//! progress.feed("    Starting 2 tests across 1 binary");
//! progress.feed("        PASS [   0.006s] (1/2) app::api case::a_1");
//! assert_eq!((progress.count().done, progress.count().total), (1, Some(2)));
//! ```

mod config;
mod filter;
mod install;
mod junit;
mod list;
mod progress;
mod run;

pub use config::{ConfigError, junit_path, tool_config};
pub use filter::{only_binary, rerun_filter, without_binaries};
pub use install::{MINIMUM, PINNED, VersionError, binstall_command, install_command, parse_version};
pub use junit::{JunitError, parse_junit};
pub use list::{Binary, ListError, Probe, parse_binaries, parse_probe};
pub use progress::{Count, Progress};
pub use run::{Nextest, Run};
