//! Where the servers of a worktree's development have what stays, and who keeps them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use windlass_host::{Host, HostError, Lock, Signal};

use super::kept::Kept;
use super::volume;
use crate::StartError;
use crate::containers::sweep_and_say;
use crate::place::is_locked;

/// How long those who keep servers may take to stop them all in good order.
const STOP_MS: u64 = 120_000;
/// How long one that has just started may take to say that it is there.
const START_MS: u64 = 5_000;
const TICK: Duration = Duration::from_millis(10);

/// The directory of one worktree; no other has it, and it stays when the target directory goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The worktree's root.
    pub root: PathBuf,
    /// The directory.
    pub dir: PathBuf,
}

impl Home {
    /// That of the worktree with this root.
    ///
    /// # Errors
    ///
    /// When the user has no directory for what stays, or another worktree has this one.
    pub fn of(host: &Host, root: &Path) -> Result<Self, StartError> {
        let none = || {
            let what = "there is nowhere to keep the data of development: neither `$XDG_DATA_HOME` nor `$HOME` is set";
            StartError::Development(what.into())
        };
        let root = host.canonical(root).unwrap_or_else(|| root.to_owned());
        let path = root.to_string_lossy();
        let hash: String = Sha256::digest(path.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let name: String = root.file_name().unwrap_or_default().to_string_lossy().chars().take(40).collect();
        let dir = all(host).ok_or_else(none)?.join(format!("{name}-{hash}"));
        match root_of(host, &dir) {
            Some(other) if other != root => Err(StartError::Development(format!(
                "`{}` is where the worktree `{}` has its data; move it away, or move this worktree",
                dir.display(),
                other.display()
            ))),
            _ => Ok(Self { root, dir }),
        }
    }

    /// Those of all worktrees that have had servers of development.
    pub fn all(host: &Host) -> Vec<Self> {
        let Some(all) = all(host) else { return Vec::new() };
        let dirs = host.list_dir(&all).unwrap_or_default().into_iter().map(|name| all.join(name));
        let mut homes: Vec<Self> = dirs.filter_map(|dir| Some(Self { root: root_of(host, &dir)?, dir })).collect();
        // Of which the directory was removed, and the volumes were not.
        let bare = volume::all(host).into_iter().map(|(_, home)| home);
        for home in bare.filter(|home| home.dir.parent() == Some(&all)) {
            if !homes.contains(&home) {
                homes.push(home);
            }
        }
        homes
    }

    /// That of the worktree which a directory is in, if there is one: nothing of the worktree is read, which may be broken.
    pub fn around(host: &Host, dir: &Path) -> Option<Self> {
        let dir = host.canonical(dir).unwrap_or_else(|| dir.to_owned());
        dir.ancestors().filter_map(|root| Self::of(host, root).ok()).find(|home| host.is_dir(&home.dir))
    }

    /// Whether the worktree is no longer there.
    pub fn is_orphaned(&self, host: &Host) -> bool {
        !host.exists(&self.root)
    }

    /// Makes the directory, and writes down whose it is.
    pub(crate) fn make(&self, host: &Host) -> Result<(), HostError> {
        host.make_private_dir(&self.dir)?;
        host.write_text(&self.dir.join(ROOT), &self.root.to_string_lossy())
    }

    /// What the process has written that keeps the servers.
    pub fn log(&self) -> PathBuf {
        self.dir.join("supervisor.log")
    }

    /// What the server of a service has written.
    pub fn log_of(&self, service: &str) -> PathBuf {
        self.dir.join(service).join("log")
    }

    /// The data of a service.
    pub fn data_of(&self, service: &str) -> PathBuf {
        self.dir.join(service).join("data")
    }

    /// Whether whoever kept the servers has been killed, and nobody has looked after it since.
    pub fn was_killed(&self, host: &Host) -> bool {
        !self.is_held(host) && self.last(host).ok().flatten().is_some()
    }

    /// Waits until nobody else starts, stops or removes these servers, and sees that nobody does until the lock is dropped.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made, or windlass is asked to stop.
    pub fn alone(&self, host: &Host) -> Result<Lock, StartError> {
        self.make(host)?;
        for n in 0_u64.. {
            if let Some(lock) = host.lock(&self.dir.join("task.lock"))? {
                return Ok(lock);
            }
            if n == 50 {
                host.print_error("note: waiting for another `up`, `down` or `reset` of this workspace\n");
            }
            if host.interrupted_by().is_some() {
                return Err(StartError::Interrupted);
            }
            host.sleep(TICK);
        }
        unreachable!("it is waited for until it is there")
    }

    /// Held by who keeps the servers; `None` if somebody does already. That somebody looks for a moment whether it is held is no
    /// reason not to get it.
    pub(crate) fn keep(&self, host: &Host) -> Result<Option<Lock>, HostError> {
        for _ in 0..100 {
            if let Some(lock) = host.lock(&self.lock())? {
                return Ok(Some(lock));
            }
            host.sleep(TICK);
        }
        Ok(None)
    }

    /// The servers that are kept; `None` if none are.
    ///
    /// # Errors
    ///
    /// When what is known of them cannot be read.
    pub fn kept(&self, host: &Host) -> Result<Option<Kept>, StartError> {
        let began_ms = host.elapsed_ms();
        loop {
            if !self.is_held(host) {
                return Ok(None);
            }
            if let Some(kept) = self.last(host)? {
                return Ok(Some(kept));
            }
            if host.elapsed_ms() > began_ms + START_MS {
                let (lock, file) = (self.lock(), self.file());
                let (lock, file) = (lock.display(), file.display());
                return Err(StartError::Development(format!("somebody holds `{lock}`, and `{file}` does not say who")));
            }
            host.sleep(TICK);
        }
    }

    /// What the last process wrote down that kept servers, be it dead or not.
    pub(crate) fn last(&self, host: &Host) -> Result<Option<Kept>, HostError> {
        Ok(host.read_text(&self.file())?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Writes down what is kept, whole or not at all, readable by nobody else.
    pub(crate) fn write(&self, host: &Host, kept: &Kept) -> Result<(), HostError> {
        let part = self.dir.join("running.part");
        host.write_private(&part, &serde_json::to_string(kept).expect("texts hold nothing that JSON cannot"))?;
        host.rename(&part, &self.file())
    }

    pub(crate) fn forget(&self, host: &Host) -> Result<(), HostError> {
        host.remove_file(&self.file())
    }

    /// Stops the servers in good order, and waits until they are gone; whether there were any.
    ///
    /// # Errors
    ///
    /// When they do not end.
    pub fn down(&self, host: &Host) -> Result<bool, StartError> {
        let Some(kept) = self.kept(host)? else {
            // A container whose image does not watch outlives who kept it.
            sweep_and_say(host);
            return Ok(false);
        };
        let keeper = host.watch(kept.pid).map_err(StartError::Owner)?;
        let deadline_ms = host.elapsed_ms().saturating_add(STOP_MS);
        // The lock is held until all are gone; whose it is still, the number is that of the very process.
        if let Some(keeper) = keeper.filter(|_| self.is_held(host)) {
            keeper.signal(Signal::TERM);
        }
        while self.is_held(host) {
            if host.interrupted_by().is_some() {
                return Err(StartError::Interrupted);
            }
            if host.elapsed_ms() > deadline_ms {
                let (pid, s) = (kept.pid, STOP_MS / 1000);
                let what = format!("process {pid}, which keeps the servers of development, has not ended within {s} s");
                return Err(StartError::Development(what));
            }
            host.sleep(TICK);
        }
        Ok(true)
    }

    /// Whether a process keeps servers here; who cannot even look at the lock has none.
    fn is_held(&self, host: &Host) -> bool {
        is_locked(host, &self.lock())
    }

    /// Held by who keeps the servers.
    pub(super) fn lock(&self) -> PathBuf {
        self.dir.join("supervisor.lock")
    }

    fn file(&self) -> PathBuf {
        self.dir.join("running.json")
    }
}

/// The file that says whose a directory is. No service is called like one with a dot.
const ROOT: &str = "workspace.path";

fn all(host: &Host) -> Option<PathBuf> {
    Some(host.data_dir()?.join("dev"))
}

fn root_of(host: &Host, dir: &Path) -> Option<PathBuf> {
    host.read_text(&dir.join(ROOT)).ok().flatten().map(PathBuf::from)
}
