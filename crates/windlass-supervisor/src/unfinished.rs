//! Directories of the cache for what is not yet whole, or not any more.

use std::path::{Path, PathBuf};

use windlass_host::{Host, HostError, Lock};

use crate::place::{Swept, guard};

/// Such a directory; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Unfinished<'h> {
    host: &'h Host,
    dir: PathBuf,
    /// Says that whoever made it lives.
    _lock: Option<Lock>,
}

impl<'h> Unfinished<'h> {
    pub(crate) fn make(host: &'h Host, cache: &Path) -> Result<Self, HostError> {
        host.make_private_dir(cache)?;
        let dir = cache.join(format!("part-{}", host.random(4)?));
        let _guard = guard(host, cache);
        host.make_private_dir(&dir)?;
        let lock = host.lock(&lock_file(&dir))?;
        Ok(Self { host, dir, _lock: lock })
    }

    /// Where what it is for is put.
    pub(crate) fn content(&self) -> PathBuf {
        self.dir.join("content")
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // What takes its time first; the lock goes while nobody sweeps. What cannot be removed now, the next run sweeps.
        let _ = self.host.remove_tree(&self.content());
        let _guard = self.dir.parent().map(|cache| guard(self.host, cache));
        let _ = self.host.remove_tree(&self.dir);
    }
}

/// Whether a directory is one.
pub(crate) fn is_one(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("part-"))
}

/// Removes what runs have left in a cache that were killed while they kept or removed something there.
pub(crate) fn sweep(host: &Host, cache: &Path) -> Vec<Swept> {
    let mut swept = Vec::new();
    let names = host.list_dir(cache).unwrap_or_default();
    let dirs: Vec<PathBuf> = names.into_iter().map(|name| cache.join(name)).filter(|dir| is_one(dir)).collect();
    let _guard = (!dirs.is_empty()).then(|| guard(host, cache));
    for dir in dirs.into_iter().filter(|dir| host.is_dir(dir)) {
        if let Ok(Some(_lock)) = host.lock(&lock_file(&dir)) {
            let left = host.remove_tree(&dir).err().map(|error| error.to_string());
            swept.push(Swept { dir, n_processes: 0, left });
        }
    }
    swept
}

fn lock_file(dir: &Path) -> PathBuf {
    dir.join("lock")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn what_is_made_and_removed_is_never_taken_for_what_was_left() {
        let cache = tempfile::tempdir().unwrap();
        let (host, is_over) = (Host::new(), AtomicBool::new(false));
        let make = || {
            let it = Unfinished::make(&host, cache.path()).unwrap();
            for file in ["a", "b", "c"] {
                host.write_text(&it.content().join(file), "").unwrap();
            }
            it
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..2000).for_each(|_| drop(make()));
                is_over.store(true, Ordering::Relaxed);
            });
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(sweep(&host, cache.path()), []);
            }
        });
        // Nobody drops what a killed run has left.
        let left = make();
        let dir = left.dir.clone();
        std::mem::forget(left);
        assert_eq!(sweep(&host, cache.path()), [], "its lock is held");
        assert!(host.is_dir(&dir));
    }
}
