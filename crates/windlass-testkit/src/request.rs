//! Asking for something.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::run::{Run, is_process_per_test, test_name};
use crate::supervisor::{Supervisor, target_dir};
use crate::{Lease, Problem, protocol};

/// Names the socket of the supervisor that runs already.
const SERVICES: &str = "WINDLASS_SERVICES";

/// How a test has something of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A fresh copy of a database that has the schema already.
    Clone,
    /// An empty database.
    Database,
    /// A server, and all that is in it.
    Server,
    /// What all tests of the run have together: only to be read.
    Shared,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clone => "clone",
            Self::Database => "database",
            Self::Server => "server",
            Self::Shared => "shared",
        }
    }
}

/// What a test wants.
///
/// ```no_run
/// use windlass_testkit::{Mode, Request};
///
/// // Roles and settings are the whole server's: this test has one for itself.
/// let server = Request::new("postgres").mode(Mode::Server).lease();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Request {
    service: String,
    mode: Option<Mode>,
    #[cfg(feature = "testcontainers")]
    container_tag: Option<String>,
}

impl Request {
    /// Something of a service that `.config/windlass.toml` declares.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            mode: None,
            #[cfg(feature = "testcontainers")]
            container_tag: None,
        }
    }

    /// In this way; unless said, in the first that the service knows.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The tag of the image where a container stands in for a server that is not at hand.
    #[cfg(feature = "testcontainers")]
    pub fn container_tag(mut self, tag: impl Into<String>) -> Self {
        self.container_tag = Some(tag.into());
        self
    }

    /// Waits until it is there.
    ///
    /// # Panics
    ///
    /// When it is not to be had: the message says why, and what would help.
    #[track_caller]
    pub fn lease(self) -> Lease {
        // Not in a closure: what panics is where the test asks.
        match self.asked() {
            Ok(lease) => lease,
            Err(problem) => panic!("windlass-testkit: no `{}` for this test\n{problem}", self.service),
        }
    }

    fn asked(&self) -> Result<Lease, Problem> {
        self.or_container(connect().and_then(|stream| self.ask(stream, is_process_per_test(variable))))
    }

    /// What was asked for; where its programs are not at hand, a container.
    #[cfg(feature = "testcontainers")]
    pub(crate) fn or_container(&self, asked: Result<Lease, Problem>) -> Result<Lease, Problem> {
        match asked {
            Err(problem) if problem.not_at_hand => {
                crate::containers::start(&self.service, self.container_tag.as_deref()).unwrap_or(Err(problem))
            }
            asked => asked,
        }
    }

    #[cfg(not(feature = "testcontainers"))]
    fn or_container(&self, asked: Result<Lease, Problem>) -> Result<Lease, Problem> {
        asked
    }

    /// Asks the supervisor at the other end of a stream, for one test or, where the whole process is that test's, `of_process`.
    pub(crate) fn ask(&self, mut stream: UnixStream, of_process: bool) -> Result<Lease, Problem> {
        let broken = |error: std::io::Error| Problem::new(format!("the supervisor cannot be asked: {error}"));
        let exe = env::current_exe().unwrap_or_default();
        let test = test_name(variable, &exe, thread::current().name());
        stream
            .write_all(protocol::request(&self.service, self.mode, test.as_deref(), of_process).as_bytes())
            .map_err(broken)?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).map_err(broken)?;
        if line.is_empty() {
            return Err(Problem::new("the supervisor has ended, or gave no answer"));
        }
        Ok(Lease::of_supervisor(protocol::answer(&line)?, stream, of_process))
    }
}

/// A connection to the supervisor: the one that runs already, or that of this run.
fn connect() -> Result<UnixStream, Problem> {
    if let Some(socket) = env::var_os(SERVICES) {
        return UnixStream::connect(&socket).map_err(|error| {
            Problem::new(format!(
                "`{SERVICES}` says that the services of this run listen on `{}`: {error}\n\
                 help: they end with the run that set it; without it, a test starts its own",
                PathBuf::from(&socket).display()
            ))
        });
    }
    /// What this process has found; why there is nothing stays true as well.
    static FOUND: Mutex<Option<Result<PathBuf, Problem>>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    match &*found {
        Some(Ok(socket)) => {
            if let Ok(stream) = UnixStream::connect(socket) {
                return Ok(stream);
            }
        }
        Some(Err(problem)) => return Err(problem.clone()),
        None => {}
    }
    let connected = found_or_started();
    *found = Some(connected.as_ref().map(|(socket, _)| socket.clone()).map_err(Problem::clone));
    connected.map(|(_, stream)| stream)
}

fn found_or_started() -> Result<(PathBuf, UnixStream), Problem> {
    let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let exe = env::current_exe().map_err(|error| Problem::new(format!("this program has no path: {error}")))?;
    let target = target_dir(&exe, manifest_dir.as_deref())?;
    // A debugger says no package; the workspace is above its target directory, unless that was put elsewhere.
    let above = target.parent().filter(|dir| dir.join("Cargo.toml").is_file()).map(PathBuf::from);
    let run = Run::of(variable, std::process::id(), parent_id());
    let state = target.join("windlass/services");
    Supervisor { state, run, path: env::var_os("PATH"), manifest_dir: manifest_dir.or(above) }.connect()
}

/// A variable of the environment.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
