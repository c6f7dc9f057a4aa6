//! Servers: children that run until they are stopped, and that do not outlive this process, however it ends.

use std::fs::File;
use std::io::{self, BufRead};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, getpid, getppid, kill_process};
use rustix::termios::tcgetpgrp;
use windlass_plan::Command;
use windlass_record::Outcome;

use crate::process::{self, Process};
use crate::{Host, HostError, Reading, tree};

/// Signals by their names.
pub use rustix::process::Signal;

/// How long a command in the foreground may take to end when windlass is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Process,
}

impl Host {
    /// Starts a server; what it writes is added to `log`. It ends with this process if the command becomes it by way of
    /// [`Host::become_server`], and if the thread that starts it lasts as long as the process does.
    ///
    /// # Errors
    ///
    /// When the log cannot be written, or the server cannot be started.
    pub fn start_server(&self, command: &Command, log: &Path) -> Result<Server, HostError> {
        let open = || File::options().append(true).create(true).open(log);
        let stdout = open().map_err(|error| HostError::new("write", log, error))?;
        let stderr = stdout.try_clone().map_err(|error| HostError::new("write", log, error))?;
        let process = process::start(command, &self.env, stdout, stderr)
            .map_err(|reason| HostError::new("start", Path::new(&command.program), io::Error::other(reason)))?;
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(process.pid());
        Ok(Server { process })
    }

    /// Starts a process that says by its first line of output that it is ready; its standard error is this one's. The line is
    /// `None` if it ends without one.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or windlass is asked to stop meanwhile: it has ended then.
    pub fn start_until_it_speaks(&self, command: &Command) -> Result<(Server, Option<String>), Reading> {
        let not_started = |reason| Reading::NotStarted { reason };
        let (reader, writer) = io::pipe().map_err(|error| not_started(error.to_string()))?;
        let process = process::start(command, &self.env, writer, Stdio::inherit()).map_err(not_started)?;
        let mut server = Server { process };
        let (sender, line) = mpsc::channel();
        thread::spawn(move || {
            let mut reader = io::BufReader::new(reader);
            let mut line = String::new();
            let said = reader.read_line(&mut line).is_ok_and(|n| n > 0);
            let _ = sender.send(said.then_some(line));
            // Read on, so that it never waits for somebody to.
            let _ = io::copy(&mut reader, &mut io::sink());
        });
        loop {
            match line.recv_timeout(Duration::from_millis(10)) {
                Ok(line) => return Ok((server, line)),
                Err(_) if self.interrupted_by().is_some() => {
                    server.stop(Signal::TERM, Duration::from_secs(5));
                    return Err(Reading::Interrupted { program: command.program.clone() });
                }
                Err(_) => {}
            }
        }
    }

    /// Runs a command as a shell would: with this process's own input, output and terminal; its exit code, or 128 and the
    /// number of the signal that ended it. When windlass is asked to stop, the command and all that it started are too.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn run_in_foreground(&self, command: &Command) -> Result<i32, Reading> {
        let mut child = process::in_foreground(command, &self.env).map_err(|reason| Reading::NotStarted { reason })?;
        let pid = Pid::from_child(&child);
        let mut ended = || child.try_wait().ok().flatten();
        let status = loop {
            if let Some(status) = ended() {
                break Some(status);
            }
            // Ctrl-C goes to all that the terminal shows: what it means to the command is the command's to say.
            let of_terminal = |signal: &Signal| *signal == Signal::INT && has_terminal();
            if let Some(signal) = self.interrupted_by().and_then(Signal::from_named_raw).filter(|it| !of_terminal(it)) {
                self.end_foreground(pid, signal);
                break ended();
            }
            thread::sleep(Duration::from_millis(2));
        };
        let code = |status: ExitStatus| status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        Ok(status.map_or_else(|| 128 + self.interrupted_by().unwrap_or_default(), code))
    }

    /// Ends a command in the foreground and all that it started: what is orphaned meanwhile is found as well.
    fn end_foreground(&self, pid: Pid, signal: Signal) {
        let deadline = Instant::now() + GRACE;
        let mut told = Vec::new();
        let mut signal = signal;
        // What may not be killed, such as another user's, is not waited for.
        while Instant::now() < deadline + GRACE {
            let running = tree::foreground(pid);
            if running.is_empty() {
                return;
            }
            if Instant::now() > deadline && signal != Signal::KILL {
                signal = Signal::KILL;
                told.clear();
            }
            for pid in running {
                if !told.contains(&pid) {
                    let _ = kill_process(pid, signal);
                    told.push(pid);
                }
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Becomes a server that is sent `die` when the thread that started this process ends (on Linux), the process being `parent`:
    /// this process is replaced by the program. Why it is not, is returned.
    pub fn become_server(&self, parent: u32, die: Signal, program: &str, args: &[String]) -> HostError {
        let failed = |error| HostError::new("start", Path::new(program), error);
        if let Err(error) = tree::die_with_parent(die) {
            return failed(error);
        }
        // It may have died before.
        if getppid().map(tree::number) != Some(parent) {
            return failed(io::Error::other("who wanted it has died"));
        }
        failed(std::process::Command::new(program).args(args).env_clear().envs(&self.env).exec())
    }

    /// Watches until a process has ended; when `parent` ends before, it is sent `die`, and killed when that does not end it within
    /// seconds. For systems that tell nobody that a parent has died.
    ///
    /// # Errors
    ///
    /// When the system does not allow it.
    pub fn end_after(&self, parent: u32, die: Signal, child: u32) -> io::Result<()> {
        let Some(watched) = self.watch(child)? else { return Ok(()) };
        let parent = self.watch(parent)?;
        while parent.as_ref().is_some_and(|parent| !parent.has_ended()) {
            if watched.has_ended() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        watched.signal(die);
        let deadline = Instant::now() + GRACE;
        while !watched.has_ended() {
            if Instant::now() > deadline {
                watched.signal(Signal::KILL);
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The number of the process that started this one, even if it has died since; `None` if it had died before this one could ask:
    /// its place is taken by a process of another session.
    pub fn parent(&self) -> Option<u32> {
        self.parent
    }

    /// The number of this process.
    pub fn pid(&self) -> u32 {
        std::process::id()
    }
}

/// Whether this process is what a terminal shows: what is typed there goes to its whole group.
fn has_terminal() -> bool {
    let own = tree::own_group();
    let is_shown = |group: rustix::io::Result<Pid>| group.is_ok_and(|group| group.as_raw_nonzero().get() == own);
    is_shown(tcgetpgrp(io::stdin())) || is_shown(tcgetpgrp(io::stdout())) || is_shown(tcgetpgrp(io::stderr()))
}

/// The number of the process whose child this one is now, if that is of its session.
pub(crate) fn parent() -> Option<u32> {
    let parent = getppid().filter(|parent| tree::session(*parent) == tree::session(getpid()))?;
    Some(tree::number(parent))
}

impl Server {
    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<Outcome> {
        self.process.ended().map(process::outcome)
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Asks it alone to end, for it ends what it has started itself, and ends it with all that it started when it has not within
    /// `grace`.
    pub fn end(&mut self, signal: Signal, grace: Duration) {
        self.process.ask(signal);
        self.process.wait(grace);
    }

    /// Asks it to end, and ends it with all that it started when it has not within `grace`.
    pub fn stop(&mut self, signal: Signal, grace: Duration) {
        self.process.stop(signal, grace);
    }
}
