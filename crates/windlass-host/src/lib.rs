//! How windlass acts: the one crate that starts processes, reads the clock, touches files, catches signals and prints, and
//! the engine that runs a plan. It does not know what a step means, nor what makes a plan worth running.
//!
//! ```
//! use windlass_host::{Host, Options};
//! use windlass_plan::{Command, Plan, Step};
//!
//! let host = Host::new();
//! let dir = host.fresh_temporary_directory("windlass-doctest")?;
//! let plan = Plan::new([Step::new("hello", Command::new("echo", "/").arg("hello"))])?;
//! let end = host.run(&plan, &Options::new(&dir), &mut |_| {});
//! assert_eq!(end.interrupted_by, None);
//! assert_eq!(host.read_text(&dir.join("logs/hello.log"))?.as_deref(), Some("hello\n"));
//! # host.remove_tree(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
// The other side of the lints in clippy.toml: here is where the machine is touched.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(unix))]
compile_error!("windlass runs on Linux, macOS and WSL2; on Windows, clone and run the workspace inside WSL2");

mod clock;
mod containers;
mod copying;
mod detached;
mod engine;
mod environment;
mod files;
mod instance;
mod listening;
mod log;
mod output;
mod process;
mod reading;
mod running;
mod server;
mod terminal;
mod tree;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub use containers::{Alive, NoEngine};
pub use detached::Detached;
pub use engine::{Beat, End, LOG_LIMIT_BYTES, Options};
pub use files::HostError;
pub use instance::{HeldPort, Lock, Patient, Watch};
pub use reading::{Answer, Reading};
pub use server::{Server, Signal};
pub use terminal::Terminal;

/// The machine: what is read of it, and what is done to it.
#[derive(Debug)]
pub struct Host {
    /// The environment that children inherit.
    env: BTreeMap<OsString, OsString>,
    began: Instant,
    /// The first signal that asked windlass to stop, 0 while there is none.
    signal: Arc<AtomicUsize>,
    /// The servers that it has started, which are its own to stop.
    servers: Mutex<Vec<u32>>,
    /// The process that started this one, as it was at first: who is adopted has another.
    parent: Option<u32>,
}

impl Host {
    /// The machine as it is now. From here on SIGINT, SIGTERM and SIGHUP no longer end the process by themselves: whatever
    /// the host is waiting for ends, and says that it was interrupted.
    pub fn new() -> Self {
        let signal = Arc::new(AtomicUsize::new(0));
        let numbers = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP];
        // What `nohup` or a shell has had ignored stays ignored.
        for number in numbers.into_iter().filter(|number| !tree::is_ignored(*number)) {
            let value = usize::try_from(number).unwrap_or_default();
            // Fails only for signals that cannot be caught, which these can.
            let _ = signal_hook::flag::register_usize(number, Arc::clone(&signal), value);
        }
        tree::adopt_orphans();
        let env = environment::cleaned(std::env::vars_os());
        Self { env, began: Instant::now(), signal, servers: Mutex::default(), parent: server::parent() }
    }

    /// The signal that asked windlass to stop, if one did.
    pub fn interrupted_by(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
    }

    /// A variable of the environment that children inherit; absent if it is no UTF-8.
    pub fn env(&self, name: &str) -> Option<String> {
        self.env.get(&OsString::from(name)).and_then(|value| value.to_str()).map(str::to_owned)
    }

    /// The directory that relative paths are relative to.
    ///
    /// # Errors
    ///
    /// When it has been removed or may not be read.
    pub fn current_dir(&self) -> Result<PathBuf, HostError> {
        std::env::current_dir().map_err(|source| HostError::new("find", std::path::Path::new("."), source))
    }

    /// The program that is running.
    ///
    /// # Errors
    ///
    /// When the operating system does not say.
    pub fn current_exe(&self) -> Result<PathBuf, HostError> {
        std::env::current_exe().map_err(|source| HostError::new("find", std::path::Path::new("windlass"), source))
    }

    /// How many threads the machine runs at once.
    pub fn cpus(&self) -> u32 {
        std::thread::available_parallelism().ok().and_then(|n| u32::try_from(n.get()).ok()).unwrap_or(1)
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}
