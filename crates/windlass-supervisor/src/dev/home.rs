//! Where the servers of a worktree's development have what stays, and who keeps them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use windlass_host::{Host, HostError, Lock, Signal};
use windlass_services::{Backend, Definition, Kind};

use super::kept::Kept;
use super::volume::{self, Stored};
use crate::container::connect;
use crate::containers::sweep_and_say;
use crate::place::is_locked;
use crate::{StartError, Way, way};

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

    /// The volume that has the data of a service of which a server has run in a container.
    pub fn volume_of(&self, host: &Host, service: &str) -> Option<String> {
        Stored::read(host, self, service).map(|stored| stored.volume)
    }

    /// All volumes that have data of the worktree; none where no engine answers.
    pub fn volumes(&self, host: &Host) -> Vec<String> {
        volume::all(host).into_iter().filter(|(_, home)| home == self).map(|(name, _)| name).collect()
    }

    /// The services that have data, whether they are declared or not.
    pub fn stored(&self, host: &Host) -> Vec<String> {
        let names = host.list_dir(&self.dir).unwrap_or_default().into_iter();
        names
            .filter(|name| self.has(host, name, Backend::Process) || self.has(host, name, Backend::Container))
            .collect()
    }

    /// Whether a service has data of a server that ran so.
    pub(super) fn has(&self, host: &Host, service: &str, backend: Backend) -> bool {
        match backend {
            Backend::Process => host.is_dir(&self.data_of(service)),
            Backend::Container => self.volume_of(host, service).is_some(),
        }
    }

    /// How the last server of a service ran, if it has that data still.
    pub(super) fn last_backend(&self, host: &Host, service: &str) -> Option<Backend> {
        let said = host.read_text(&self.backend_file(service)).ok().flatten().unwrap_or_default();
        let backend = [Backend::Process, Backend::Container].into_iter().find(|backend| backend.name() == said)?;
        self.has(host, service, backend).then_some(backend)
    }

    /// Remembers how a server of a service runs.
    pub(super) fn remember_backend(&self, host: &Host, service: &str, backend: Backend) -> Result<(), HostError> {
        host.write_text(&self.backend_file(service), backend.name())
    }

    fn backend_file(&self, service: &str) -> PathBuf {
        self.dir.join(service).join("backend")
    }

    /// Whether whoever kept the servers has been killed, and nobody has looked after it since.
    pub fn was_killed(&self, host: &Host) -> bool {
        !self.is_held(host) && self.last(host).ok().flatten().is_some()
    }

    /// The file that names it.
    pub(super) fn volume_file(&self, service: &str) -> PathBuf {
        self.dir.join(service).join("volume")
    }

    /// The services, each to run in the way in which its last server did that has data, unless its table says another.
    pub fn settled(&self, host: &Host, mut definitions: Vec<Definition>) -> Vec<Definition> {
        for it in definitions.iter_mut().filter(|it| it.backend.is_none()) {
            let others = [Backend::Process, Backend::Container].into_iter();
            let mut ways = self.last_backend(host, &it.name).into_iter().chain(others);
            it.backend = ways.find(|backend| self.has(host, &it.name, *backend));
        }
        definitions
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

    /// In which way each service runs, seeing that it can, and that its programs can work on the data that is there.
    ///
    /// # Errors
    ///
    /// When programs or an engine are not at hand, or the data is of another version.
    pub fn ways(&self, host: &Host, definitions: &[Definition]) -> Result<Vec<Way>, StartError> {
        let way = |definition: &Definition| {
            let name = &*definition.name;
            let found = match way(host, definition)? {
                Way::Process(found) => found,
                Way::Container => return connect(host, name).map(|_| Way::Container),
            };
            let data = self.data_of(name);
            let version = match definition.kind {
                Kind::Postgres => host.read_text(&data.join("PG_VERSION"))?,
                _ => None,
            };
            match version.as_deref().map(str::trim) {
                Some(version) if found.version.split('.').next() != Some(version) => {
                    Err(StartError::Development(format!(
                        "the data of `{name}` was written by version {version}, and there is {}, which cannot read it\nhelp: \
                     `version = \"{version}\"` in `[services.{name}]` keeps to it, where that is at hand; `reset {name}` removes \
                     the data and starts afresh; it is in `{}`",
                        found.version,
                        data.display(),
                    )))
                }
                _ => Ok(Way::Process(found)),
            }
        };
        definitions.iter().map(way).collect()
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
