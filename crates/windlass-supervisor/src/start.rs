//! One server: from its values to the moment that it is ready.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{HeldPort, Host, HostError, Reading, Server};
use windlass_plan::Command;
use windlass_services::{Definition, Kind, PORT_TAKEN, Root, Signal, Use, Values, cause};

use crate::Found;
use crate::account::Account;
use crate::initdb;
use crate::ready::Asked;
use crate::supervise::Launcher;

/// How long making a data directory may take.
const INIT: Duration = Duration::from_secs(120);
/// How long a server that is stopped may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long a server whose data is to be whole may take to end.
const HALT: Duration = Duration::from_secs(20);
/// How a server ended that nobody has ended, and that has not failed.
pub(crate) const NO_FAILURE: &str = "by itself, with exit code 0";
/// How much of the end of a log an error shows, in bytes.
const TAIL_BYTES: u64 = 2048;

/// Why a server is not there.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its programs are not there.
    #[error("service `{name}`: there is no `{program}` on `PATH`, nor where systems have it\nhelp: {help}")]
    NotAtHand {
        /// The service.
        name: String,
        /// Its program.
        program: String,
        /// How it can be had.
        help: String,
    },
    /// They are of another version.
    #[error(
        "service `{name}`: version {wanted} is wanted, and there is {found}\nhelp: {help}; `services.{name}.version` says which will do"
    )]
    WrongVersion {
        /// The service.
        name: String,
        /// What is wanted.
        wanted: String,
        /// What there is, and where.
        found: String,
        /// How another one can be had.
        help: &'static str,
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
    /// The servers of development cannot be kept: why, and what would be right.
    #[error("{0}")]
    Development(String),
    /// The machine refuses.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Windlass is asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl StartError {
    /// What happened to a server, the cause where its log tells a known one, and the end of that.
    pub(crate) fn of_server(name: &str, what: &str, log: &str) -> Self {
        match cause(log) {
            Some(cause) => Self::failed(name, format!("{what}: {cause}"), log),
            None => Self::failed(name, what, log),
        }
    }

    /// Whether a server did not start because somebody else has its port.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Failed { said, .. } if cause(said) == Some(PORT_TAKEN))
    }

    /// What happened to a service, and what was said of it.
    pub(crate) fn failed(name: &str, what: impl Into<String>, said: &str) -> Self {
        let said = said.trim_end().lines().map(|line| format!("\n  | {line}")).collect();
        Self::Failed { name: name.to_owned(), what: what.into(), said }
    }
}

/// Where and how servers are started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) host: &'a Host,
    pub(crate) launcher: &'a Launcher,
    /// As whom servers run that refuse root.
    pub(crate) account: Account,
    /// The private directory of the run, and its name.
    pub(crate) place: &'a Path,
    pub(crate) id: &'a str,
    /// Where data and logs are that stay, which servers of development have; others have them in the private directory too.
    pub(crate) home: Option<&'a Path>,
    /// The workspace's root.
    pub(crate) root: &'a Path,
}

/// A server that has its directories, its programs and its values, and does not run yet.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub(crate) start: &'a Start<'a>,
    pub(crate) definition: &'a Definition,
    pub(crate) found: &'a Found,
    pub(crate) values: Values,
    /// All that is of this server, but what stays.
    pub(crate) dir: PathBuf,
    /// What stays, if something does.
    home: Option<PathBuf>,
    /// How much of the log is of those before.
    pub(crate) log_began: u64,
    _port: HeldPort,
}

impl<'a> Start<'a> {
    /// Makes the directories of a server, which `name` tells from the others of this run, and the files it wants.
    pub(crate) fn site(
        &'a self,
        name: &str,
        definition: &'a Definition,
        found: &'a Found,
        port: HeldPort,
        password: String,
    ) -> Result<Site<'a>, StartError> {
        let host = self.host;
        let dir = self.place.join(name);
        let home = self.home.map(|home| home.join(name));
        let (data, run) = (home.as_ref().unwrap_or(&dir).join("data"), dir.join("run"));
        host.make_private_dir(&dir)?;
        host.make_private_dir(&run)?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let values = Values {
            data: text(&data),
            run: text(&run),
            prefix: found.prefix(),
            host: "127.0.0.1".into(),
            port: port.port,
            user: "windlass".into(),
            password,
            database: definition.kind.first_database().into(),
            version: found.version.clone(),
            id: format!("windlass-{}-{name}", self.id),
        };
        let log_began = host.file_bytes(&home.as_ref().unwrap_or(&dir).join("log"));
        let site = Site { start: self, definition, found, values, dir, home, log_began, _port: port };
        site.write_files(|path| !path.starts_with(&data))?;
        Ok(site)
    }
}

impl<'a> Site<'a> {
    /// The directory of its data.
    pub(crate) fn data(&self) -> &Path {
        Path::new(&self.values.data)
    }

    /// Makes its data directory, by the service's own program where it has one for that.
    pub(crate) fn init(&self) -> Result<(), StartError> {
        let Self { start: Start { host, launcher, .. }, definition, found, values, .. } = self;
        host.make_private_dir(self.data())?;
        // They belong to the data: it is not made again for a server that has it already.
        self.write_files(|path| path.starts_with(self.data()))?;
        let init = definition.init(values);
        if init.is_empty() {
            return Ok(());
        }
        self.hand_over()?;
        let init = initdb::words(self, found.resolved(host, init))?;
        self.hand_over()?;
        // What it feeds removes its shared memory when nothing more comes: it is to die at once, and alone.
        let words = self.account().server(launcher, host.pid(), windlass_host::Signal::KILL, init);
        let command = self.command(words, Path::new(&values.run));
        let failed = |what: &str, said: &str| StartError::of_server(&definition.name, what, said);
        match host.read_feeder(&command, INIT) {
            Ok(answer) if answer.code == Some(0) => Ok(()),
            Ok(answer) => Err(failed("could not make its data", &(answer.stdout + &answer.stderr))),
            Err(Reading::Interrupted { .. }) => Err(StartError::Interrupted),
            Err(error) => Err(failed(&format!("could not make its data: {error}"), "")),
        }
    }

    fn write_files(&self, is_wanted: impl Fn(&Path) -> bool) -> Result<(), StartError> {
        for (path, text) in self.definition.files(&self.values) {
            if is_wanted(Path::new(&path)) {
                self.start.host.write_private(Path::new(&path), &text)?;
            }
        }
        Ok(())
    }

    /// Starts the server on the data that is there, and waits until it is ready.
    pub(crate) fn launch(self) -> Result<Running<'a>, StartError> {
        let mut running = self.begin()?;
        running.wait()?;
        Ok(running)
    }

    /// Starts the server on the data that is there, and does not wait for it.
    pub(crate) fn begin(self) -> Result<Running<'a>, StartError> {
        Ok(Running { life: self.spawn()?, site: self })
    }

    fn spawn(&self) -> Result<Life, StartError> {
        let Self { start: Start { host, launcher, .. }, definition, found, .. } = self;
        self.hand_over()?;
        // Data that stays is to be whole, also when the process dies that started the server.
        let (use_for, die, grace) = match self.home {
            Some(_) => (Use::Dev, definition.process.stop, HALT),
            None => (Use::Test, definition.process.die, GRACE),
        };
        let die = number(die);
        let server = found.resolved(host, definition.command(&self.values, use_for));
        let words = self.account().server(launcher, host.pid(), die, server);
        // Where data stays, that the server works there is how it is found again.
        let cwd = if self.home.is_some() { self.data() } else { Path::new(&self.values.run) };
        let command = self.command(words, cwd);
        let ends_its_own = matches!(definition.kind, Kind::Postgres | Kind::Redis);
        Ok(Life { server: host.start_server(&command, &self.log())?, die, grace, ends_its_own })
    }

    /// A program of the service, as this user runs it.
    pub(crate) fn program(&self, words: Vec<String>, cwd: &Path) -> Command {
        self.command(self.found.resolved(self.start.host, words), cwd)
    }

    pub(crate) fn command(&self, words: Vec<String>, cwd: &Path) -> Command {
        let mut words = words.into_iter();
        let program = words.next().expect("a command has a program");
        let command = Command::new(program, cwd.to_string_lossy()).args(words);
        let env = self.definition.process_env(&self.values).into_iter();
        self.found.with_libraries(env.fold(command, |command, (name, value)| command.env(name, value)))
    }

    /// The file that has what the server writes.
    pub(crate) fn log(&self) -> PathBuf {
        self.home.as_ref().unwrap_or(&self.dir).join("log")
    }

    pub(crate) fn account(&self) -> Account {
        match self.definition.process.root {
            Root::Allows => Account::Own,
            Root::Refuses => self.start.account,
        }
    }

    fn hand_over(&self) -> Result<(), StartError> {
        let Some(owner) = self.account().owner() else { return Ok(()) };
        for dir in [Some(&self.dir), self.home.as_ref()].into_iter().flatten() {
            self.start.host.hand_over(dir, owner)?;
        }
        Ok(())
    }

    /// An error with the end of the server's log.
    pub(crate) fn failure(&self, what: &str) -> StartError {
        let tail = self.start.host.read_tail_from(&self.log(), self.log_began, TAIL_BYTES);
        StartError::of_server(&self.definition.name, what, &tail)
    }
}

/// A server that is ready, and stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    life: Life,
    pub(crate) site: Site<'a>,
}

/// A process that ends when it is dropped.
#[derive(Debug)]
struct Life {
    server: Server,
    die: windlass_host::Signal,
    grace: Duration,
    /// Whether what it has started is its own to end: to look for that takes longer than to start a Redis.
    ends_its_own: bool,
}

impl Drop for Life {
    fn drop(&mut self) {
        if self.ends_its_own {
            self.server.end(self.die, self.grace);
        } else {
            self.server.stop(self.die, self.grace);
        }
    }
}

impl Running<'_> {
    /// How it ended, in words; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.life
            .server
            .ended()
            .map(|outcome| if outcome.is_failure() { outcome.to_string() } else { NO_FAILURE.into() })
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.life.server.pid()
    }

    /// Stops it in good order, so that its data is whole, and keeps its place.
    pub(crate) fn halt(&mut self) {
        self.life.server.stop(number(self.site.definition.process.stop), HALT);
    }

    /// Starts it again.
    pub(crate) fn relaunch(&mut self) -> Result<(), StartError> {
        self.life = self.site.spawn()?;
        self.wait()
    }

    /// Waits until the very server that was started answers where its users will ask.
    pub(crate) fn wait(&mut self) -> Result<(), StartError> {
        let Site { start: Start { host, .. }, definition, values, .. } = &self.site;
        let deadline_ms = host.elapsed_ms().saturating_add(definition.deadline_s.saturating_mul(1000));
        // Most are ready within some milliseconds.
        let mut naps = [Duration::from_millis(1); 100].into_iter().chain(std::iter::repeat(Duration::from_millis(20)));
        loop {
            let asked = Asked { site: &self.site, pid: self.life.server.pid() };
            let not_yet = match asked.answer() {
                Ok(None) => return Ok(()),
                Ok(Some(it)) => {
                    let what = format!("listens on {it}, which others reach; it may listen on {} only", values.host);
                    return Err(self.site.failure(&what));
                }
                Err(not_yet) => not_yet,
            };
            let what = if let Some(outcome) = self.life.server.ended() {
                format!("ended before it was ready: {outcome}")
            } else if host.interrupted_by().is_some() {
                return Err(StartError::Interrupted);
            } else if host.elapsed_ms() > deadline_ms {
                format!("was not ready within {} s: {not_yet}", definition.deadline_s)
            } else {
                naps.by_ref().take(1).for_each(|nap| host.sleep(nap));
                continue;
            };
            return Err(self.site.failure(&what));
        }
    }
}

fn number(signal: Signal) -> windlass_host::Signal {
    match signal {
        Signal::Int => windlass_host::Signal::INT,
        Signal::Quit => windlass_host::Signal::QUIT,
        Signal::Term => windlass_host::Signal::TERM,
        Signal::Kill => windlass_host::Signal::KILL,
    }
}
