//! What a test asks for a database or a server of its own.
//!
//! ```no_run
//! let db = windlass_testkit::postgres();
//! // A fresh database with the schema of the workspace's migrations, and nobody else in it:
//! println!("{}", db.url());
//! // It is given back when `db` is dropped.
//! ```
//!
//! The services are those that `.config/windlass.toml` declares, such as `[services.postgres]`. Under `windlass test` (or
//! `cargo xtask test`) their servers run already. Under a plain `cargo nextest run`, `cargo test` or a debugger the first test
//! that asks starts them: by the program that the last run of windlass has left in the target directory, else `windlass` on
//! `PATH`, else `cargo xtask`. They go when the run has gone. When there is nothing to be had, a test panics, and says why.
//!
//! # With tokio and without
//!
//! All of this is blocking and needs no runtime. Asking takes a millisecond where a database stands ready; the first test of
//! a run waits until the servers are up. In a test that is a future of its own (`#[tokio::test]`) that is no harm: nothing
//! else runs on its thread. Where other tasks must go on meanwhile, use
//! `tokio::task::spawn_blocking(windlass_testkit::postgres)`.
//!
//! # When a test fails
//!
//! What it had is kept, and the test says on standard error how to connect to it. A test fails when its thread panics; under
//! nextest, where each test has a process of its own, also when it returns an error, is killed, or runs out of time. A lease
//! in a `static` is as good as any other: it ends with its process.
//!
//! # Where there is no server
//!
//! With the feature `testcontainers`, a PostgreSQL or Redis whose programs are not at hand is a container of the crate
//! `testcontainers`, one for each lease. Its database is empty: what migrates it at the start of a test finds nothing to do in
//! a database that windlass has made.
// A test's own program touches the machine: to find the supervisor, to start it, and to say what happened.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

#[cfg(not(unix))]
compile_error!("windlass runs on Linux, macOS and WSL2; on Windows, clone and run the workspace inside WSL2");

#[cfg(feature = "testcontainers")]
mod containers;
mod held;
mod lease;
mod problem;
mod program;
mod protocol;
mod request;
mod run;
mod supervisor;

pub use lease::Lease;
pub use request::{Mode, Request};

use problem::Problem;

/// A PostgreSQL database of the test's own: a fresh clone of the migrated template.
///
/// # Panics
///
/// When there is none to be had: the message says why, and what would help.
#[track_caller]
pub fn postgres() -> Lease {
    service("postgres")
}

/// A Redis of the test's own, and empty: a server, or, where Redis runs in a container, a database of the one server, whose number
/// the URL ends in.
///
/// # Panics
///
/// When there is none to be had: the message says why, and what would help.
#[track_caller]
pub fn redis() -> Lease {
    service("redis")
}

/// What a declared service gives a test if nothing else is said: the first of its modes. [`Request`] asks for another.
///
/// # Panics
///
/// When there is nothing to be had: the message says why, and what would help.
#[track_caller]
pub fn service(name: &str) -> Lease {
    Request::new(name).lease()
}

/// Says something to whoever reads the test's output.
fn say(text: &str) {
    eprintln!("windlass: {text}");
}
