//! Children: started in a process group of their own, and stopped with all that they started.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use windlass_plan::Command;
use windlass_record::Outcome;

use crate::tree;

/// A running child, the leader of its process group.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
    status: Option<ExitStatus>,
}

/// Starts a command with nothing on its standard input. The error says what would be right.
pub(crate) fn start(
    command: &Command,
    env: &BTreeMap<OsString, OsString>,
    stdout: impl Into<Stdio>,
    stderr: impl Into<Stdio>,
) -> Result<Process, String> {
    if !Path::new(&command.cwd).is_dir() {
        return Err(format!("cannot start `{}`: its directory `{}` does not exist", command.program, command.cwd));
    }
    let child = std::process::Command::new(&command.program)
        .args(&command.args)
        .current_dir(&command.cwd)
        .env_clear()
        .envs(env)
        .envs(&command.env)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let pid = Pid::from_child(&child);
    Ok(Process { child, pid, status: None })
}

/// Starts a command that has the terminal: in this process's own group, and with its own input and output.
pub(crate) fn in_foreground(command: &Command, env: &BTreeMap<OsString, OsString>) -> Result<Child, String> {
    shared(command, env).spawn().map_err(|error| not_started(command, &error))
}

/// A command that starts in this process's own group.
pub(crate) fn shared(command: &Command, env: &BTreeMap<OsString, OsString>) -> std::process::Command {
    let mut child = std::process::Command::new(&command.program);
    child.args(&command.args).current_dir(&command.cwd).env_clear().envs(env).envs(&command.env);
    child
}

pub(crate) fn not_started(command: &Command, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("cannot start `{}`: no such program on `PATH`", command.program),
        _ => format!("cannot start `{}`: {error}", command.program),
    }
}

impl Process {
    /// How it ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            // An error means that it has been reaped already: how it ended is lost.
            self.status = self.child.try_wait().unwrap_or(Some(ExitStatus::from_raw(1 << 8)));
        }
        self.status
    }

    /// Whether it and its whole process group have ended.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.ended().is_some() && tree::group_is_gone(self.pid)
    }

    /// What still runs of its process group.
    pub(crate) fn group_names(&self) -> Vec<String> {
        tree::group_names(self.pid)
    }

    /// Asks it and all its descendants to end; once it has ended, what is left of its process group.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            tree::signal(self.pid, signal);
        } else {
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// Asks it alone to end, for it ends what it has started itself.
    pub(crate) fn ask(&self, signal: Signal) {
        if self.status.is_none() {
            let _ = kill_process(self.pid, signal);
        }
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it and all its descendants to end by a signal, gives them `grace`, and then ends them.
    pub(crate) fn stop(&mut self, signal: Signal, grace: Duration) {
        self.signal(signal);
        self.wait(grace);
    }

    /// Waits until it and its process group have ended, and ends them with all that it started when they have not within `grace`.
    pub(crate) fn wait(&mut self, grace: Duration) {
        let deadline = Instant::now() + grace;
        while self.ended().is_none() || !self.is_gone() && Instant::now() < deadline + grace {
            if Instant::now() > deadline {
                self.signal(Signal::KILL);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What an exit status means for a step.
pub(crate) fn outcome(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(0), _) => Outcome::Passed,
        (Some(code), _) => Outcome::Failed { code },
        (None, signal) => Outcome::Killed { signal: signal.unwrap_or_default() },
    }
}
