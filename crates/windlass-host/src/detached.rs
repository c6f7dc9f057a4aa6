//! A process that outlives the one that starts it.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::setsid;
use windlass_plan::Command;
use windlass_record::Outcome;

use crate::{Host, HostError, process};

/// A process that goes on when this one ends.
#[derive(Debug)]
pub struct Detached {
    child: Child,
}

impl Host {
    /// Starts a process that holds nothing of this one's: nothing is on its standard input, and what it writes is added to `log`,
    /// which nobody else may read. It leaves the session by [`Host::leave_session`].
    ///
    /// # Errors
    ///
    /// When the log cannot be written, or the process cannot be started.
    pub fn start_detached(&self, command: &Command, log: &Path) -> Result<Detached, HostError> {
        let open = || File::options().append(true).create(true).mode(0o600).open(log);
        let stdout = open().map_err(|error| HostError::new("write", log, error))?;
        let stderr = stdout.try_clone().map_err(|error| HostError::new("write", log, error))?;
        let child = process::shared(command, &self.env).stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn();
        let child = child.map_err(|error| {
            let reason = process::not_started(command, &error);
            HostError::new("start", Path::new(&command.program), io::Error::other(reason))
        })?;
        Ok(Detached { child })
    }

    /// From here on this process has a session of its own: neither Ctrl-C nor the end of the terminal reaches it. One that a shell
    /// has put into the foreground of a terminal stays there.
    pub fn leave_session(&self) {
        let _ = setsid();
    }
}

impl Detached {
    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<Outcome> {
        self.child.try_wait().ok().flatten().map(process::outcome)
    }
}
