//! One server: from its values to the moment that it is ready.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{HeldPort, Host, HostError, Reading, Server};
use windlass_plan::Command;
use windlass_services::{Definition, Root, Signal, Use, Values};

use crate::Found;
use crate::account::Account;
use crate::ready::is_ready;
use crate::supervise::Launcher;

/// How long making a data directory may take.
const INIT: Duration = Duration::from_secs(120);
/// How long a server that is stopped may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How much of the end of a log an error shows, in bytes.
const TAIL_BYTES: u64 = 2048;

/// Why a server is not there.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its programs are not there.
    #[error(
        "service `{name}`: there is no `{program}` on `PATH`, nor where systems have it\nhelp: `setup` unpacks it into your cache on Debian and Ubuntu; elsewhere install {debian}, or enter a Nix shell that has it"
    )]
    NotAtHand {
        /// The service.
        name: String,
        /// Its program.
        program: String,
        /// The packages of Debian that have it.
        debian: String,
    },
    /// They are of another version.
    #[error("service `{name}`: version {wanted} is wanted, and there is {found}")]
    WrongVersion {
        /// The service.
        name: String,
        /// What is wanted.
        wanted: String,
        /// What there is, and where.
        found: String,
    },
    /// It could not be prepared or did not become ready: what happened, and the end of its log.
    #[error("service `{name}` {what}{said}")]
    Failed {
        /// The service.
        name: String,
        /// What happened.
        what: String,
        /// The last lines of its log, each on a line of its own.
        said: String,
    },
    /// Servers that refuse root cannot be run by it.
    #[error(
        "this is root, which servers refuse, and the system lets it be nobody else, neither by `unshare --user` nor by \
         `setpriv`\nhelp: run windlass as another user"
    )]
    Root,
    /// The process that wants the servers cannot be watched.
    #[error("cannot watch the process that wants the services: {0}")]
    Owner(io::Error),
    /// There is no port.
    #[error("there is no port to be had on 127.0.0.1: {0}")]
    Port(io::Error),
    /// The machine refuses.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Windlass is asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl StartError {
    /// What happened to a service, and what was said of it.
    pub(crate) fn failed(name: &str, what: impl Into<String>, said: &str) -> Self {
        let said = said.trim_end().lines().map(|line| format!("\n  | {line}")).collect();
        Self::Failed { name: name.to_owned(), what: what.into(), said }
    }
}

/// A server that is ready, and stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) definition: Definition,
    pub(crate) values: Values,
    pub(crate) server: Server,
    log: PathBuf,
    _port: HeldPort,
}

/// Where and how a server is started.
pub(crate) struct Start<'a> {
    pub(crate) host: &'a Host,
    pub(crate) launcher: &'a Launcher,
    /// As whom servers run that refuse root.
    pub(crate) account: Account,
    /// The private directory of the run, and its name.
    pub(crate) place: &'a Path,
    pub(crate) id: &'a str,
}

impl Start<'_> {
    /// Starts a server and waits until it is ready.
    pub(crate) fn start(
        &self,
        definition: Definition,
        found: &Found,
        port: HeldPort,
        password: String,
    ) -> Result<Running, StartError> {
        let host = self.host;
        let dir = self.place.join(&definition.name);
        let (data, run, log) = (dir.join("data"), dir.join("run"), dir.join("log"));
        host.make_private_dir(&data)?;
        host.make_private_dir(&run)?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let values = Values {
            data: text(&data),
            run: text(&run),
            host: "127.0.0.1".into(),
            port: port.port,
            user: "windlass".into(),
            password,
            database: "windlass".into(),
            version: found.version.clone(),
            id: format!("windlass-{}-{}", self.id, definition.name),
        };
        for (path, text) in definition.files(&values) {
            host.write_private(Path::new(&path), &text)?;
        }
        let failed = |what: String, said: &str| StartError::failed(&definition.name, what, said);
        let account = match definition.process.root {
            Root::Allows => Account::Own,
            Root::Refuses => self.account,
        };
        if let Some(owner) = account.owner() {
            host.hand_over(&dir, owner)?;
        }
        let init = definition.init(&values);
        if !init.is_empty() {
            let command = found.with_libraries(command(account.init(resolved(host, found, init)), &run));
            match host.read(&command, INIT) {
                Ok(answer) if answer.code == Some(0) => {}
                Ok(answer) => {
                    return Err(failed("could not make its data".into(), &(answer.stdout + &answer.stderr)));
                }
                Err(Reading::Interrupted { .. }) => return Err(StartError::Interrupted),
                Err(error) => return Err(failed(format!("could not make its data: {error}"), "")),
            }
        }
        let server = resolved(host, found, definition.command(&values, Use::Test));
        let words = account.server(self.launcher, host.pid(), number(definition.process.die), server);
        let command = found.with_libraries(command(words, &run));
        let server = host.start_server(&command, &log)?;
        let mut running = Running { definition, values, server, log, _port: port };
        running.wait(host)?;
        Ok(running)
    }
}

impl Running {
    /// Waits until the very server that was started answers where its users will ask.
    fn wait(&mut self, host: &Host) -> Result<(), StartError> {
        let deadline_ms = host.elapsed_ms().saturating_add(self.definition.deadline_s.saturating_mul(1000));
        let mut nap = Duration::from_millis(1);
        loop {
            let not_yet = match is_ready(host, &self.definition, &self.values, self.server.pid()) {
                Ok(()) => return Ok(()),
                Err(not_yet) => not_yet,
            };
            let what = if let Some(outcome) = self.server.ended() {
                format!("ended before it was ready: {outcome}")
            } else if host.interrupted_by().is_some() {
                return Err(StartError::Interrupted);
            } else if host.elapsed_ms() > deadline_ms {
                format!("was not ready within {} s: {not_yet}", self.definition.deadline_s)
            } else {
                host.sleep(nap);
                nap = (nap * 2).min(Duration::from_millis(20));
                continue;
            };
            return Err(self.failure(host, &what));
        }
    }

    /// An error with the end of its log.
    pub(crate) fn failure(&self, host: &Host, what: &str) -> StartError {
        let tail = host.read_tail(&self.log, TAIL_BYTES);
        StartError::failed(&self.definition.name, what, &tail)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.stop(number(self.definition.process.die), GRACE);
    }
}

fn command(words: Vec<String>, cwd: &Path) -> Command {
    let mut words = words.into_iter();
    let program = words.next().expect("a command has a program");
    Command::new(program, cwd.to_string_lossy()).args(words)
}

/// The words of a command, its program the one that was found where there is one.
fn resolved(host: &Host, found: &Found, mut words: Vec<String>) -> Vec<String> {
    let program = found.bin.join(&words[0]);
    if host.exists(&program) {
        words[0] = program.to_string_lossy().into_owned();
    }
    words
}

fn number(signal: Signal) -> windlass_host::Signal {
    match signal {
        Signal::Int => windlass_host::Signal::INT,
        Signal::Quit => windlass_host::Signal::QUIT,
        Signal::Term => windlass_host::Signal::TERM,
        Signal::Kill => windlass_host::Signal::KILL,
    }
}
