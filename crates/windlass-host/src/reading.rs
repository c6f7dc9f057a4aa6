//! Asking a program and reading its answer.

use std::io::{self, Read};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use windlass_plan::Command;

use crate::Host;
use crate::process::{self, Process};
use crate::tree;

/// Standard output and standard error of an answer are read up to here each.
const LIMIT_BYTES: usize = 256 << 20;

/// How long a program has to end that is stopped.
const GRACE: Duration = Duration::from_secs(2);

/// What a program answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output; bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

/// Why a program gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reading {
    /// It could not be started.
    #[error("{reason}")]
    NotStarted {
        /// What could not be started, and why.
        reason: String,
    },
    /// It was stopped because it took too long.
    #[error("`{program}` gave no answer within {after_s} s")]
    TimedOut {
        /// The program.
        program: String,
        /// How long it had, in seconds.
        after_s: u64,
    },
    /// Windlass was asked to stop.
    #[error("interrupted while waiting for `{program}`")]
    Interrupted {
        /// The program.
        program: String,
    },
}

impl Host {
    /// Runs a program to its end and reads what it says. Its process group is gone with it; what left that is stopped at the
    /// end of the next plan.
    ///
    /// # Errors
    ///
    /// When it cannot be started, takes longer than `timeout`, or windlass is asked to stop meanwhile.
    pub fn read(&self, command: &Command, timeout: Duration) -> Result<Answer, Reading> {
        self.read_stopped_by(command, timeout, stop)
    }

    /// The same of a program that others end with, when nothing more comes from it: it is stopped by itself, and they have two seconds.
    /// What `initdb` feeds removes its shared memory then, and not when it is stopped.
    ///
    /// # Errors
    ///
    /// As [`Host::read`].
    pub fn read_feeder(&self, command: &Command, timeout: Duration) -> Result<Answer, Reading> {
        self.read_stopped_by(command, timeout, |child| {
            child.ask(Signal::KILL);
            child.wait(GRACE);
        })
    }

    fn read_stopped_by(
        &self,
        command: &Command,
        timeout: Duration,
        stop: impl Fn(&mut Process),
    ) -> Result<Answer, Reading> {
        let (stdout, stdout_writer) = pipe(command)?;
        let (stderr, stderr_writer) = pipe(command)?;
        let child = process::start(command, &self.env, stdout_writer, stderr_writer);
        let mut child = child.map_err(|reason| Reading::NotStarted { reason })?;
        let (stdout, stderr) = (Reader::start(stdout), Reader::start(stderr));
        let status = self.wait(command, &mut child, timeout, stop)?;
        Ok(Answer { code: status.code(), stdout: stdout.text(), stderr: stderr.text() })
    }

    /// Runs a program to its end; all that it says goes to standard error.
    ///
    /// # Errors
    ///
    /// As [`Host::read`].
    pub fn show(&self, command: &Command, timeout: Duration) -> Result<Option<i32>, Reading> {
        let child = process::start(command, &self.env, io::stderr(), Stdio::inherit());
        let mut child = child.map_err(|reason| Reading::NotStarted { reason })?;
        Ok(self.wait(command, &mut child, timeout, stop)?.code())
    }

    /// Runs a program that cleans up: also when windlass is asked to stop. How it ends does not matter.
    pub fn clean_up(&self, command: &Command, timeout: Duration) {
        let Ok(mut child) = process::start(command, &self.env, Stdio::null(), Stdio::null()) else { return };
        let deadline = Instant::now() + timeout;
        while child.ended().is_none() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        child.stop(Signal::KILL, Duration::ZERO);
    }

    /// Starts a program that goes on by itself, such as a browser: nobody waits for it, and nobody stops it.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn launch(&self, command: &Command) -> Result<(), Reading> {
        let child = process::start(command, &self.env, Stdio::null(), Stdio::null());
        child.map(drop).map_err(|reason| Reading::NotStarted { reason })
    }

    fn wait(
        &self,
        command: &Command,
        child: &mut Process,
        timeout: Duration,
        stop: impl Fn(&mut Process),
    ) -> Result<std::process::ExitStatus, Reading> {
        let deadline = Instant::now() + timeout;
        let mut nap = Duration::from_micros(500);
        loop {
            if let Some(status) = child.ended() {
                child.signal(Signal::KILL);
                return Ok(status);
            }
            let program = || command.program.clone();
            if self.interrupted_by().is_some() {
                stop(child);
                tree::sweep(&self.servers.lock().unwrap_or_else(PoisonError::into_inner));
                return Err(Reading::Interrupted { program: program() });
            }
            if Instant::now() > deadline {
                stop(child);
                return Err(Reading::TimedOut { program: program(), after_s: timeout.as_secs() });
            }
            thread::sleep(nap);
            nap = (nap * 2).min(Duration::from_millis(2));
        }
    }
}

/// Asks a program and all that it has started to end.
fn stop(child: &mut Process) {
    child.stop(Signal::TERM, GRACE);
}

fn pipe(command: &Command) -> Result<(io::PipeReader, io::PipeWriter), Reading> {
    io::pipe().map_err(|error| Reading::NotStarted { reason: format!("cannot start `{}`: {error}", command.program) })
}

/// Reads a pipe to its end in a thread of its own.
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl Reader {
    fn start(mut pipe: io::PipeReader) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = mpsc::channel::<()>();
        let shared = Arc::clone(&bytes);
        thread::spawn(move || {
            let _end = end;
            let mut chunk = vec![0; 1 << 16];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                let mut bytes = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if bytes.len() + n > LIMIT_BYTES {
                    break;
                }
                bytes.extend_from_slice(&chunk[..n]);
            }
        });
        Self { bytes, ended }
    }

    /// What was read, once the program has ended. A daemon that it left behind may hold the pipe open for ever: what it
    /// writes is not waited for.
    fn text(self) -> String {
        let _ = self.ended.recv_timeout(Duration::from_secs(2));
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
