//! The processes of a run, and which of them is killed.

use std::fmt;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// Every process of a run inherits this variable, with a value of the run's own.
pub(super) const MARK: &str = "WINDLASS_CHAOS_MARK";

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Victim {
    Test,
    Nextest,
    Supervisor,
}

impl Victim {
    pub(super) const ALL: [Self; 3] = [Self::Test, Self::Nextest, Self::Supervisor];
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "a test",
            Self::Nextest => "nextest",
            Self::Supervisor => "the supervisor",
        })
    }
}

pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) line: String,
}

impl Process {
    pub(super) fn is(&self, victim: Victim) -> bool {
        match victim {
            Victim::Test => self.line.contains("/deps/it-"),
            Victim::Nextest => self.line.contains("nextest run"),
            Victim::Supervisor => self.line.contains(" services supervise "),
        }
    }

    pub(super) fn is_server(&self) -> bool {
        ["postgres", "redis-server"]
            .iter()
            .any(|name| self.line.starts_with(name) || self.line.contains(&format!("/{name} ")))
    }
}

/// The processes of a run, and what they are called by.
pub(super) fn marked(mark: &str) -> Vec<Process> {
    let wanted = format!("{MARK}={mark}");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        environment.split(|byte| *byte == 0).any(|it| it == wanted.as_bytes()).then_some(())?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (!line.is_empty()).then_some(Process { pid, line })
    });
    processes.collect()
}

pub(super) fn kill(pid: i32) -> bool {
    std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().is_ok_and(|status| status.success())
}

/// Whether a process ends within a time.
pub(super) fn ended(child: &mut Child, patience: Duration) -> anyhow::Result<bool> {
    let deadline = Instant::now() + patience;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(true)
}
