//! What windlass knows of a Cargo workspace: its members and targets, cargo's command lines, and how to read what cargo,
//! rustc, clippy, rustdoc and rustfmt answer. It knows nothing of nextest, and starts nothing itself.
//!
//! ```
//! use windlass_workspace::{Cargo, Features, parse_cargo_version, warnings_denial};
//!
//! let version = parse_cargo_version("cargo 1.95.0 (f2d3ce0bd 2026-03-21)")?;
//! let cargo = Cargo {
//!     root: "/ws".into(),
//!     locked: true,
//!     packages: vec!["app".into()],
//!     excluded: vec!["xtask".into()],
//!     features: Features::All,
//!     deny: warnings_denial(&version, true, false),
//!     keep_going: false,
//! };
//! let line = "cargo test --no-run --workspace --exclude xtask --locked --all-features";
//! assert_eq!(cargo.build().shell_here(), line);
//! assert_eq!(cargo.fmt().shell_here(), "cargo fmt --check -p app");
//! # Ok::<(), windlass_workspace::VersionError>(())
//! ```

mod ansi;
mod diagnostics;
mod harness;
mod headline;
mod metadata;
mod platform;
mod selection;
mod sqlx;
mod stages;
mod version;

pub use diagnostics::{DIAGNOSTICS_MAX, Diagnostics, diagnostics};
pub use harness::{ManifestError, custom_harnesses, mark_custom_harnesses};
pub use metadata::{Member, MetadataError, Target, TargetKind, Workspace, metadata_command, parse_metadata};
pub use platform::{Host, PlatformError, cfg_command, parse_cfg};
pub use selection::{Exclude, Reason, Selection, SelectionError, select};
pub use sqlx::calls_sqlx_macros;
pub use stages::{Cargo, Deny, Features, warnings_denial};
pub use version::{Rustc, VersionError, parse_cargo_version, parse_rustc_version, rustc_version_command};
