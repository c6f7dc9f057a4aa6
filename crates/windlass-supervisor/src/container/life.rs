//! Whether a container lives, and what it writes.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use windlass_host::Host;
use windlass_services::{EngineError, EngineSession};

use crate::start::NO_FAILURE;

/// How long an engine may take to answer at first.
const ANSWER: Duration = Duration::from_secs(30);

/// The life of a container, watched from before it was started.
#[derive(Debug)]
pub(super) struct Life {
    ends: Receiver<String>,
    ended: Option<String>,
}

impl Life {
    /// Watches a container that has not been started, and adds what it writes to `log`.
    pub(super) fn watch(host: &Host, name: &str, log: &Path) -> Result<Self, String> {
        let said = |error: EngineError| error.to_string();
        let written = session(host)?.attach(name).map_err(said)?;
        let logging = host.log_to(written, log).map_err(|error| error.to_string())?;
        let mut engine = session(host)?;
        let (begun, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel();
        let name = name.to_owned();
        thread::spawn(move || {
            let ended = engine.wait(&name, || begun.send(()).unwrap_or_default());
            // Who reads of the end finds all of the log.
            let _ = logging.join();
            let _ = end.send(match ended {
                Ok(0) => NO_FAILURE.to_owned(),
                Ok(code) => format!("failed with exit code {code}"),
                Err(error) => error.to_string(),
            });
        });
        match begins.recv() {
            Ok(()) => Ok(Self { ends, ended: None }),
            Err(_) => Err(ends.recv().unwrap_or_default()),
        }
    }

    /// How it ended, in words; `None` while it lives.
    pub(super) fn ended(&mut self) -> Option<String> {
        if self.ended.is_none() {
            self.ended = self.ends.try_recv().ok();
        }
        self.ended.clone()
    }
}

/// A connection on which nothing may be said for long.
fn session(host: &Host) -> Result<EngineSession<UnixStream>, String> {
    let stream = host.connect_container_engine(ANSWER).map_err(|error| error.to_string())?;
    stream.set_read_timeout(None).map_err(|error| error.to_string())?;
    Ok(EngineSession::new(stream))
}
