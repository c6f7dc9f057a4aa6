//! A program while it runs, and what it leaves behind.

use std::fs::File;
use std::path::Path;
use std::process::{Child, ChildStdin, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Ended, clean};

/// Everything that a program under test starts inherits this variable, with a value of its own.
const MARK: &str = "WINDLASS_FAULTS_MARK";
/// How long anything here may take: a compile on a busy machine, and far from what a hanging step would.
const PATIENCE: Duration = Duration::from_secs(240);

/// A program that runs.
#[derive(Debug)]
pub struct Live {
    child: Child,
    mark: String,
    said: tempfile::TempDir,
}

/// Runs a program to its end, and sees that nothing of it is left.
pub fn run(command: &mut Command) -> Ended {
    Live::start(command).ended()
}

impl Live {
    pub fn start(command: &mut Command) -> Self {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let mark = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let said = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(said.path().join(name)).unwrap();
        let child = command.env(MARK, &mark).stdout(file("out")).stderr(file("err")).spawn().unwrap();
        Self { child, mark, said }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Waits until the file is there, which the program or something that it started makes.
    pub fn wait_for_file(&mut self, path: &Path) {
        self.wait_until(&format!("there was no `{}`", path.display()), |_| path.exists());
    }

    /// Waits until it has printed something.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_until(&format!("it did not say `{text}`"), |it| it.text("out").contains(text));
    }

    /// The same on standard error.
    #[allow(dead_code, reason = "the services are told of there")]
    pub fn wait_for_error(&mut self, text: &str) {
        self.wait_until(&format!("it did not say `{text}`"), |it| it.text("err").contains(text));
    }

    /// Waits until something is so, for as long as it runs; `otherwise` is said with what it has printed.
    pub fn wait_until(&mut self, otherwise: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            let status = self.child.try_wait().unwrap();
            assert!(
                status.is_none(),
                "{otherwise}, and it ended: {status:?}\n{}\n{}",
                self.text("out"),
                self.text("err")
            );
            assert!(Instant::now() < deadline, "{otherwise}\n{}\n{}", self.text("out"), self.text("err"));
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal: `INT`, `TERM`, ...
    pub fn signal(&self, name: &str) {
        assert!(clean("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap().success());
    }

    /// Waits for its end, and sees that nothing of it is left.
    pub fn ended(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                panic!("it did not end\n{}\n{}", self.text("out"), self.text("err"));
            }
            thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(left_behind(&self.mark), [""; 0], "processes that outlived it");
        Ended { code: status.code(), stdout: self.text("out"), stderr: self.text("err") }
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.said.path().join(name)).unwrap()).into_owned()
    }
}

/// The command lines of the processes that have inherited the mark and still run.
#[cfg(target_os = "linux")]
fn left_behind(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let read = |path: std::path::PathBuf| std::fs::read(path).unwrap_or_default();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let marked =
        processes.filter(|path| read(path.join("environ")).split(|byte| *byte == 0).any(|it| it == wanted.as_bytes()));
    let line = |path: std::path::PathBuf| String::from_utf8_lossy(&read(path.join("cmdline"))).replace('\0', " ");
    marked.map(line).filter(|line| !line.is_empty()).collect()
}

/// Only Linux says which environment a process has.
#[cfg(not(target_os = "linux"))]
fn left_behind(_mark: &str) -> Vec<String> {
    Vec::new()
}
