//! The private directory of a run's servers, and what earlier runs have left of theirs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{Host, HostError, Lock};
use windlass_plan::Command;

use crate::account::Account;
use crate::{template, unfinished};

/// What a tmpfs must have room for, in bytes, to hold the data of servers.
const ROOM_BYTES: u64 = 512 << 20;
/// A unix socket's path has 103 bytes at the least, of which what stands below such a directory takes some sixty.
const MAX_PATH: usize = 40;

/// The private directory of one run; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'h> {
    host: &'h Host,
    /// Its name is what the servers of the run are known by.
    pub(crate) id: String,
    /// The directory.
    pub(crate) dir: PathBuf,
    _lock: Lock,
}

/// What was left by a run that has died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Its directory, which is gone now.
    pub dir: PathBuf,
    /// The processes that still ran in it, and were killed.
    pub n_processes: usize,
    /// Why it is still there, if it is.
    pub left: Option<String>,
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.dir.display();
        match &self.left {
            None => write!(f, "removed `{dir}`, left by a run that was killed")?,
            Some(why) => write!(f, "`{dir}`, left by a run that was killed, cannot be removed: {why}")?,
        }
        match self.n_processes {
            0 => Ok(()),
            n => write!(f, ", with {n} processes that still ran in it"),
        }
    }
}

impl<'h> Place<'h> {
    /// Makes the directory of a run: on a tmpfs if one has room.
    pub(crate) fn make(host: &'h Host, account: Account) -> Result<Self, HostError> {
        let mut bases = bases(host);
        if account.owner().is_some() {
            // Another user gets there; the user's own directories let nobody through.
            bases.retain(|base| [Path::new("/dev/shm"), Path::new("/tmp")].contains(&base.as_path()));
        }
        let short = |base: &&PathBuf| base.as_os_str().len() <= MAX_PATH;
        let roomy = bases.iter().filter(short).find(|base| host.room_bytes(base) >= ROOM_BYTES);
        let base = roomy.cloned().unwrap_or_else(|| PathBuf::from("/tmp"));
        let root = root(host, &base);
        host.make_private_dir(&root)?;
        let _guard = guard(host, &root);
        let id = host.random(4)?;
        let dir = root.join(&id);
        host.make_private_dir(&dir)?;
        if account.owner().is_some() {
            host.let_through(&root)?;
            host.let_through(&dir)?;
        }
        let lock = host.lock(&lock_file(&dir))?.expect("nobody else knows the file while the guard is held");
        Ok(Self { host, id, dir, _lock: lock })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Nobody sweeps it while its lock is held, which goes last. What cannot be removed now, the next run sweeps.
        empty(self.host, &self.dir);
        let _guard = self.dir.parent().map(|root| guard(self.host, root));
        let _ = self.host.remove_tree(&self.dir);
    }
}

/// Removes what is left of runs that have died: a lock that nobody holds says so. Never by the name of a process.
pub fn sweep(host: &Host) -> Vec<Swept> {
    let mut swept = Vec::new();
    for base in bases(host) {
        let root = root(host, &base);
        if !host.is_dir(&root) {
            continue;
        }
        // Where all may write, it may be somebody else's, who has no say in this.
        if host.make_private_dir(&root).is_err() {
            continue;
        }
        let _guard = guard(host, &root);
        let names = host.list_dir(&root).unwrap_or_default();
        for dir in names.into_iter().map(|name| root.join(name)).filter(|dir| host.is_dir(dir)) {
            // What cannot be locked is gone by now, or nobody's to remove.
            let Ok(Some(_lock)) = host.lock(&lock_file(&dir)) else { continue };
            let n_processes = empty(host, &dir);
            let left = host.remove_tree(&dir).err().map(|error| error.to_string());
            swept.push(Swept { dir, n_processes, left });
        }
    }
    swept.extend(template::cache(host).into_iter().flat_map(|cache| unfinished::sweep(host, &cache)));
    swept
}

/// Whether somebody holds a lock; who cannot even look at it has none.
pub(crate) fn is_locked(host: &Host, lock: &Path) -> bool {
    host.exists(lock) && matches!(host.lock(lock), Ok(None))
}

/// Whether the run of a private directory lives: it holds its lock. Of what cannot be asked, it is assumed.
pub(crate) fn is_held(host: &Host, dir: &Path) -> bool {
    host.is_dir(dir) && !matches!(host.lock(&lock_file(dir)), Ok(Some(_)))
}

/// Removes what servers have left in a private directory and beside it; how many processes still ran in it.
fn empty(host: &Host, dir: &Path) -> usize {
    // A backend that is busy outlives its server when that is killed.
    let n_processes = host.kill_all_in(dir);
    for below in host.list_dir(dir).unwrap_or_default().into_iter().map(|name| dir.join(name)) {
        remove_segment(host, &below.join("data"));
        if below != lock_file(dir) {
            // Told when the directory itself cannot be removed.
            let _ = host.remove_tree(&below);
        }
    }
    n_processes
}

/// Removes the shared memory segment that the PostgreSQL server of a data directory has written down: line 7 of its
/// `postmaster.pid`. There is one only where the server has been killed; where there is no `ipcrm`, its 56 bytes stay.
pub(crate) fn remove_segment(host: &Host, data: &Path) {
    let text = host.read_text(&data.join("postmaster.pid")).ok().flatten().unwrap_or_default();
    if let Some(segment) = text.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
        host.clean_up(&Command::new("ipcrm", "/").args(["-m", segment]), Duration::from_secs(5));
    }
}

/// Where private directories may be, in the order of preference.
fn bases(host: &Host) -> Vec<PathBuf> {
    let named =
        ["XDG_RUNTIME_DIR", "TMPDIR"].map(|name| host.env(name).map(PathBuf::from).filter(|dir| dir.is_absolute()));
    let [runtime, temporary] = named;
    let mut bases: Vec<PathBuf> = runtime.into_iter().chain([PathBuf::from("/dev/shm")]).chain(temporary).collect();
    bases.push(PathBuf::from("/tmp"));
    let mut known = std::collections::BTreeSet::new();
    bases.retain(|base| host.is_dir(base) && known.insert(base.clone()));
    bases
}

fn root(host: &Host, base: &Path) -> PathBuf {
    base.join(format!("windlass-{}", host.uid()))
}

fn lock_file(dir: &Path) -> PathBuf {
    dir.join("lock")
}

/// Held while directories are made, swept or removed, so that nobody sweeps one that is just being made. Who has it for longer
/// than that takes is not waited for.
pub(crate) fn guard(host: &Host, root: &Path) -> Option<Lock> {
    for _ in 0..2000 {
        match host.lock(&root.join("lock")) {
            Ok(None) => host.sleep(Duration::from_millis(5)),
            held => return held.ok().flatten(),
        }
    }
    None
}
