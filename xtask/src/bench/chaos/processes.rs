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
    /// `windlass with`, which the run belongs to.
    With,
    Supervisor,
}

impl Victim {
    pub(super) const ALL: [Self; 4] = [Self::Test, Self::Nextest, Self::With, Self::Supervisor];
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "a test",
            Self::Nextest => "nextest",
            Self::With => "`windlass with`",
            Self::Supervisor => "the supervisor",
        })
    }
}

pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) line: String,
}

impl Process {
    /// By its own program and what that was asked for: `windlass with` has the whole line of nextest among its words, and nextest that
    /// of a test, until it has become it.
    pub(super) fn is(&self, victim: Victim) -> bool {
        let mut words = self.line.split(' ');
        let program = words.next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let asked: Vec<&str> = words.take(2).collect();
        match victim {
            Victim::Test => program.starts_with("it-"),
            Victim::Nextest => program == "cargo-nextest" && asked == ["nextest", "run"],
            Victim::With => program == "windlass" && asked.first() == Some(&"with"),
            Victim::Supervisor => program == "windlass" && asked == ["services", "supervise"],
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

#[cfg(test)]
mod tests {
    use super::{Process, Victim};

    #[test]
    fn who_is_killed_is_known_by_its_own_program() {
        let cases = [
            ("/ws/target/debug/deps/it-0f3a test_1 --exact --nocapture", Some(Victim::Test)),
            ("/usr/local/bin/cargo-nextest nextest run --offline", Some(Victim::Nextest)),
            ("/usr/local/bin/cargo-nextest __double-spawn -- /ws/target/debug/deps/it-0f3a test_1", None),
            ("/ws/target/debug/windlass with -- cargo nextest run --offline", Some(Victim::With)),
            ("/ws/target/debug/windlass services supervise --owner 7", Some(Victim::Supervisor)),
            ("postgres -D /dev/shm/data", None),
        ];
        for (line, expected) in cases {
            let process = Process { pid: 1, line: line.to_owned() };
            let victims: Vec<Victim> = Victim::ALL.into_iter().filter(|victim| process.is(*victim)).collect();
            assert_eq!(victims, Vec::from_iter(expected), "{line}");
        }
    }
}
