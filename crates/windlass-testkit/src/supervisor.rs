//! The supervisor of a run: found, or started by the first test that asks.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::Program;
use crate::protocol::quoted;
use crate::run::Run;
use crate::{Problem, say};

/// What the supervisor says on its standard output when its servers are ready, before the path of a file.
const READY: &str = "services ready: ";
/// What it says there, before its name, of a service whose programs are not at hand; it ends then.
const NOT_AT_HAND: &str = "services not at hand: ";
/// In that file, the path of the socket that tests ask on.
const SOCKET: &str = "windlass.socket";
/// What cargo writes to a target directory.
const TARGET_MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];
/// How old the files of a run are when they may go.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// The supervisor of one run, and where it writes.
pub(crate) struct Supervisor {
    /// `windlass/services` in the target directory.
    pub(crate) state: PathBuf,
    pub(crate) run: Run,
    /// Where `windlass` is looked for.
    pub(crate) path: Option<std::ffi::OsString>,
    /// The directory of the package whose tests these are.
    pub(crate) manifest_dir: Option<PathBuf>,
}

impl Supervisor {
    /// The path of its socket, and a connection to it. Whoever comes first starts it, everybody else waits.
    pub(crate) fn connect(&self) -> Result<(PathBuf, UnixStream), Problem> {
        let runs = self.state.join("runs");
        let here = |error: io::Error| Problem::new(format!("cannot write to `{}`: {error}", runs.display()));
        fs::create_dir_all(&runs).map_err(here)?;
        let lock = File::options().write(true).create(true).truncate(false).open(self.file("lock")).map_err(here)?;
        lock.lock().map_err(here)?;
        let failed = fs::read_to_string(self.file("failed"));
        if let (true, Ok(text)) = (self.run.is_unique, failed) {
            return Err(self.problem_of_start(&text));
        }
        let mut started: Option<(Child, String)> = None;
        let mut nap = Duration::from_millis(1);
        loop {
            if let Some(found) = self.listening()? {
                return Ok(found);
            }
            match &mut started {
                Some((child, command)) => {
                    if let Some(status) = child.try_wait().map_err(here)? {
                        let said = fs::read_to_string(self.file("err")).unwrap_or_default();
                        let text = format!("`{command}` ended with {status}{}", quoted(&said));
                        // Who was killed has not said that it cannot be done: the next test tries again.
                        if status.code().is_some() {
                            fs::write(self.file("failed"), &text).map_err(here)?;
                        }
                        return Err(self.problem_of_start(&text));
                    }
                }
                // The test that started it may have been killed, and it goes on.
                None if is_locked(&self.file("out")) => {}
                None => started = Some(self.start()?),
            }
            thread::sleep(nap);
            nap = (nap * 2).min(Duration::from_millis(2));
        }
    }

    /// The text begins with a command, and what it said follows.
    fn problem_of_start(&self, text: &str) -> Problem {
        let said = fs::read_to_string(self.file("out")).unwrap_or_default();
        let not_at_hand = said.lines().any(|line| line.starts_with(NOT_AT_HAND));
        Problem { text: format!("the services of this run could not be started: {text}"), not_at_hand }
    }

    /// A file of this run.
    fn file(&self, extension: &str) -> PathBuf {
        self.state.join("runs").join(format!("{}.{extension}", self.run.key))
    }

    /// The supervisor that has said that it is ready, and listens.
    fn listening(&self) -> Result<Option<(PathBuf, UnixStream)>, Problem> {
        let said = fs::read_to_string(self.file("out")).unwrap_or_default();
        let whole_lines = said.rsplit_once('\n').map_or("", |(lines, _)| lines);
        let Some(given) = whole_lines.lines().find_map(|line| line.strip_prefix(READY)) else { return Ok(None) };
        // Where the file is gone, the supervisor is.
        let Ok(text) = fs::read_to_string(given) else { return Ok(None) };
        let given: Value = serde_json::from_str(&text).unwrap_or_default();
        let socket = given[SOCKET].as_str().ok_or_else(|| {
            Problem::new("this windlass gives tests nothing of their own: it is older than windlass-testkit\nhelp: update windlass")
        })?;
        Ok(UnixStream::connect(socket).ok().map(|stream| (PathBuf::from(socket), stream)))
    }

    /// Starts it: in a process group of its own, so that a test that is stopped does not take it along.
    fn start(&self) -> Result<(Child, String), Problem> {
        remove_old(&self.state.join("runs"));
        let manifest_dir = self.manifest_dir.as_deref();
        let program = Program::find(&self.state, self.path.clone(), manifest_dir)?;
        let mut command = program.command(manifest_dir, self.run.owner);
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        if matches!(program, Program::Xtask(_)) {
            say(&format!("compiling the xtask, once, for `{words}`"));
        }
        let failed = |error: io::Error| Problem::new(format!("cannot start `{words}`: {error}"));
        // Its standard output is locked for as long as it lives, whoever else does.
        let out = anew(&self.file("out")).map_err(failed)?;
        out.lock().map_err(failed)?;
        let err = anew(&self.file("err")).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
        let child = command.spawn().map_err(failed)?;
        Ok((child, words))
    }
}

/// The target directory. That of a test that cargo has compiled is above its program; a doctest's is elsewhere, and its package
/// knows.
pub(crate) fn target_dir(exe: &Path, manifest_dir: Option<&Path>) -> Result<PathBuf, Problem> {
    // Cargo tags only a directory that it has made itself, and writes the other file to any.
    let is_target = |dir: &PathBuf| TARGET_MARKS.iter().any(|mark| dir.join(mark).is_file());
    let above = exe.ancestors().skip(1).map(Path::to_owned).find(is_target);
    let of_package = || manifest_dir?.ancestors().map(|dir| dir.join("target")).find(is_target);
    above.or_else(of_package).ok_or_else(|| {
        Problem::new(format!(
            "`{}` is in no target directory of cargo's: none above it has a `CACHEDIR.TAG` or `.rustc_info.json`\n\
             help: run it by `cargo test`, `cargo nextest run`, or `windlass with -- COMMAND`",
            exe.display()
        ))
    })
}

/// A new file, also where another process writes to an old one of this name.
fn anew(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::create_new(path),
    }
}

/// Whether a process has a file locked.
fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Removes the files of runs that are long over.
fn remove_old(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
        if age.is_some_and(|age| age > OLD) && !is_locked(&entry.path()) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
