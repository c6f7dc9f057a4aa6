//! Copies of whole directories, such as the data of a server.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;

use crate::Host;
use crate::files::{Result, tried};

/// A file that is copied in one piece.
const SMALL_BYTES: u64 = 256 << 10;

impl Host {
    /// Copies a directory and all in it, with the permissions that its owner has, as many files at once as the machine runs
    /// threads; what is there already is an error.
    ///
    /// # Errors
    ///
    /// When something in it cannot be read, or the copy cannot be written.
    pub fn copy_tree(&self, from: &Path, to: &Path) -> Result<()> {
        let mut files = Vec::new();
        make_dirs(from, to, &mut files)?;
        let n_threads = usize::try_from(self.cpus()).unwrap_or(1);
        let share = files.len().div_ceil(n_threads).max(1);
        let copy = |(from, to): &(PathBuf, PathBuf)| {
            // The file that could not be written is the copy.
            tried("copy", to, copy_file(from, to))
        };
        thread::scope(|scope| {
            let shares = files.chunks(share).map(|share| scope.spawn(move || share.iter().try_for_each(copy)));
            let shares: Vec<_> = shares.collect();
            shares.into_iter().try_for_each(|share| share.join().expect("copying a file does not panic"))
        })
    }
}

/// Makes the directories and links of a copy, and says which files are to be copied.
fn make_dirs(from: &Path, to: &Path, files: &mut Vec<(PathBuf, PathBuf)>) -> Result<()> {
    let mode = tried("read", from, fs::metadata(from))?.permissions().mode() & 0o7777;
    tried("make the directory", to, fs::DirBuilder::new().mode(mode).create(to))?;
    for entry in tried("read the directory", from, fs::read_dir(from))? {
        let entry = tried("read the directory", from, entry)?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        let kind = tried("read", &path, entry.file_type())?;
        if kind.is_dir() {
            make_dirs(&path, &copy, files)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&path).and_then(|target| std::os::unix::fs::symlink(target, &copy));
            tried("copy", &path, link)?;
        } else if kind.is_file() {
            files.push((path, copy));
        }
    }
    Ok(())
}

/// Copies a file. Most in a server's data are small, and there are hundreds: they are read and written at once.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = fs::File::open(from)?;
    let meta = source.metadata()?;
    let mut copy = fs::File::options().write(true).create_new(true).mode(meta.permissions().mode()).open(to)?;
    if meta.len() > SMALL_BYTES {
        return io::copy(&mut source, &mut copy).map(drop);
    }
    let mut bytes = Vec::with_capacity(SMALL_BYTES as usize);
    source.read_to_end(&mut bytes)?;
    copy.write_all(&bytes)
}
