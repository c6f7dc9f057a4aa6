//! Files and directories.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Host;

/// Something the machine refused: what was tried, on which path, and why not.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {reason}", path.display())]
pub struct HostError {
    /// What was tried, as a verb.
    pub action: &'static str,
    /// The path.
    pub path: PathBuf,
    /// Why not.
    pub reason: io::Error,
}

impl HostError {
    pub(crate) fn new(action: &'static str, path: &Path, reason: io::Error) -> Self {
        Self { action, path: path.to_owned(), reason }
    }
}

pub(crate) type Result<T> = std::result::Result<T, HostError>;

pub(crate) fn tried<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T> {
    result.map_err(|source| HostError::new(action, path, source))
}

/// What `io` found, or nothing where the path does not exist.
fn found<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(HostError::new(action, path, source)),
    }
}

impl Host {
    /// The text of a file; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read, or is no UTF-8.
    pub fn read_text(&self, path: &Path) -> Result<Option<String>> {
        found("read", path, fs::read_to_string(path))
    }

    /// The last `limit_bytes` of a file, cut to whole lines, with what is no UTF-8 replaced; empty if there is no file.
    pub fn read_tail(&self, path: &Path, limit_bytes: u64) -> String {
        self.read_tail_from(path, 0, limit_bytes)
    }

    /// The same of what it has from a place on, in bytes.
    pub fn read_tail_from(&self, path: &Path, from: u64, limit_bytes: u64) -> String {
        use std::io::{Read, Seek, SeekFrom};
        let read = || -> io::Result<(bool, Vec<u8>)> {
            let mut file = fs::File::open(path)?;
            let begin = file.metadata()?.len().saturating_sub(limit_bytes).max(from);
            file.seek(SeekFrom::Start(begin))?;
            let mut bytes = Vec::new();
            file.take(limit_bytes).read_to_end(&mut bytes)?;
            Ok((begin > from, bytes))
        };
        let Ok((cut, bytes)) = read() else { return String::new() };
        let text = String::from_utf8_lossy(&bytes);
        match text.split_once('\n') {
            Some((_, rest)) if cut => rest.to_owned(),
            _ => text.into_owned(),
        }
    }

    /// What a file has from a place on, in bytes, cut behind the last whole line, with what is no UTF-8 replaced; and the place where
    /// that ends. A file that has become shorter is read from its start.
    pub fn read_on(&self, path: &Path, from: u64) -> (String, u64) {
        use std::io::{Read, Seek, SeekFrom};
        let read = || -> io::Result<(String, u64)> {
            let mut file = fs::File::open(path)?;
            let from = if file.metadata()?.len() < from { 0 } else { from };
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1));
            Ok((String::from_utf8_lossy(&bytes).into_owned(), from + bytes.len() as u64))
        };
        read().unwrap_or((String::new(), from))
    }

    /// How long a file is, in bytes; 0 if there is none.
    pub fn file_bytes(&self, path: &Path) -> u64 {
        fs::metadata(path).map_or(0, |meta| meta.len())
    }

    /// How long all files in a directory and below it are together, in bytes; what cannot be read counts nothing.
    pub fn tree_bytes(&self, dir: &Path) -> u64 {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let bytes = |entry: fs::DirEntry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => self.tree_bytes(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        };
        entries.map(bytes).sum()
    }

    /// Writes a file whole or not at all, making the directories above it.
    ///
    /// # Errors
    ///
    /// When the directories or the file cannot be written.
    pub fn write_text(&self, path: &Path, text: &str) -> Result<()> {
        if let Some(parent) = path.parent() {
            self.make_dir(parent)?;
        }
        // A symbolic link is written through, as an editor does.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let draft = target.with_file_name(format!(".{name}.{}", std::process::id()));
        let write = || -> io::Result<()> {
            let mut file = fs::File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            if let Ok(before) = fs::metadata(&target) {
                file.set_permissions(before.permissions())?;
            }
            fs::rename(&draft, &target)
        };
        tried("write", path, write()).inspect_err(|_| drop(fs::remove_file(&draft)))
    }

    /// Copies a file, making the directories above the copy.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or the copy cannot be written.
    pub fn copy_file(&self, from: &Path, to: &Path) -> Result<()> {
        if let Some(parent) = to.parent() {
            self.make_dir(parent)?;
        }
        tried("copy", from, fs::copy(from, to)).map(drop)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// When it is not there, or cannot be read.
    pub fn read_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        tried("read", path, fs::read(path))
    }

    /// Opens a file to read it piece by piece.
    ///
    /// # Errors
    ///
    /// When it is not there, or cannot be read.
    pub fn open(&self, path: &Path) -> Result<fs::File> {
        tried("read", path, fs::File::open(path))
    }

    /// Makes a file that is not there yet, to be written piece by piece.
    ///
    /// # Errors
    ///
    /// When it is there, or cannot be made.
    pub fn create(&self, path: &Path) -> Result<fs::File> {
        tried("write", path, fs::File::create_new(path))
    }

    /// The files in a directory and below it, named relative to it and sorted.
    ///
    /// # Errors
    ///
    /// When one of the directories cannot be read.
    pub fn files_below(&self, dir: &Path) -> Result<Vec<String>> {
        let mut files = Vec::new();
        for name in self.list_dir(dir)? {
            let path = dir.join(&name);
            if path.is_dir() {
                files.extend(self.files_below(&path)?.into_iter().map(|file| format!("{name}/{file}")));
            } else {
                files.push(name);
            }
        }
        Ok(files)
    }

    /// Says of a file or a directory that it has just been used.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn touch(&self, path: &Path) -> Result<()> {
        let touched = fs::File::open(path).and_then(|file| file.set_modified(std::time::SystemTime::now()));
        tried("touch", path, touched)
    }

    /// When a file or a directory was last changed, in milliseconds since 1970; `None` if it is not there.
    pub fn modified_unix_ms(&self, path: &Path) -> Option<u64> {
        let modified = fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
        u64::try_from(modified.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis()).ok()
    }

    /// Makes a file a program that everybody may run.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not this user's.
    pub fn make_program(&self, path: &Path) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        tried("make a program of", path, fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
    }

    /// Appends to a file, making it if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn append_text(&self, path: &Path, text: &str) -> Result<()> {
        let append = || fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes());
        tried("append to", path, append())
    }

    /// Makes a directory and those above it.
    ///
    /// # Errors
    ///
    /// When one of them cannot be made.
    pub fn make_dir(&self, path: &Path) -> Result<()> {
        tried("make the directory", path, fs::create_dir_all(path))
    }

    /// Makes a directory that is not there yet, in one that is; `false` if it is there already.
    ///
    /// # Errors
    ///
    /// When it is not there and cannot be made.
    pub fn make_new_dir(&self, path: &Path) -> Result<bool> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            made => tried("make the directory", path, made).map(|()| true),
        }
    }

    /// A new, empty directory of a name that nobody else uses, in the system's temporary directory.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn fresh_temporary_directory(&self, prefix: &str) -> Result<PathBuf> {
        let root = std::env::temp_dir();
        let mut path = root.join(format!("{prefix}-{}", self.run_id()));
        for n in 1.. {
            if self.make_new_dir(&path)? {
                return Ok(path);
            }
            path = root.join(format!("{prefix}-{}-{n}", self.run_id()));
        }
        unreachable!("some number is free")
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be removed.
    pub fn remove_file(&self, path: &Path) -> Result<()> {
        found("remove", path, fs::remove_file(path)).map(drop)
    }

    /// Removes a directory if it is there and empty; whether it is gone.
    ///
    /// # Errors
    ///
    /// When it is empty and cannot be removed.
    pub fn remove_dir(&self, path: &Path) -> Result<bool> {
        match fs::remove_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
            result => found("remove", path, result).map(|_| true),
        }
    }

    /// Removes a directory and all in it, if it is there.
    ///
    /// # Errors
    ///
    /// When something in it cannot be removed.
    pub fn remove_tree(&self, path: &Path) -> Result<()> {
        found("remove", path, fs::remove_dir_all(path)).map(drop)
    }

    /// Waits until all that was written to the file system of a directory is on its disk.
    ///
    /// # Errors
    ///
    /// When there is no such directory, or the disk refuses.
    pub fn flush(&self, dir: &Path) -> Result<()> {
        #[cfg(target_os = "linux")]
        let flush = |dir: fs::File| rustix::fs::syncfs(dir).map_err(io::Error::from);
        #[cfg(not(target_os = "linux"))]
        let flush = |_| {
            rustix::fs::sync();
            Ok(())
        };
        tried("write to the disk of", dir, fs::File::open(dir).and_then(flush))
    }

    /// Gives a file or a directory another name.
    ///
    /// # Errors
    ///
    /// When the other name is taken by a directory, or is on another disk.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        tried("rename", from, fs::rename(from, to))
    }

    /// Makes `path` a symbolic link to `target`, in place of the link that may be there.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or `path` is there and no symbolic link.
    pub fn link(&self, path: &Path, target: &Path) -> Result<()> {
        let draft = path.with_extension(format!("{}", std::process::id()));
        let link = || {
            if fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_symlink()) {
                return Err(io::Error::other("it is there and no symbolic link"));
            }
            std::os::unix::fs::symlink(target, &draft)?;
            fs::rename(&draft, path)
        };
        tried("link", path, link()).inspect_err(|_| drop(fs::remove_file(&draft)))
    }

    /// Whether something is there.
    pub fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    /// Whether a directory is there.
    pub fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    /// The absolute path without symbolic links; `None` if nothing is there.
    pub fn canonical(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok()
    }

    /// The names in a directory, sorted; empty if there is none.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn list_dir(&self, path: &Path) -> Result<Vec<String>> {
        let Some(entries) = found("read the directory", path, fs::read_dir(path))? else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        for entry in entries {
            names.push(tried("read the directory", path, entry)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Where a program of that name is found on `PATH`, or the path itself if `name` is one.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let runs =
            |path: &Path| fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
        if name.contains('/') {
            return Some(PathBuf::from(name)).filter(|path| runs(path));
        }
        let path = self.env.get(std::ffi::OsStr::new("PATH"))?;
        std::env::split_paths(path).map(|dir| dir.join(name)).find(|path| runs(path))
    }

    /// `windlass/` in the user's cache directory: `$XDG_CACHE_HOME`, else `~/Library/Caches` on macOS and `~/.cache`
    /// elsewhere; `None` where the user has no home.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_CACHE_HOME", if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" })
    }

    /// `windlass/` where the user's programs keep what is to stay: `$XDG_DATA_HOME`, else `~/Library/Application Support` on
    /// macOS and `~/.local/share` elsewhere; `None` where the user has no home.
    pub fn data_dir(&self) -> Option<PathBuf> {
        let below = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
        self.user_dir("XDG_DATA_HOME", below)
    }

    fn user_dir(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let home = || self.env("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let named = self.env(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        Some(named.or_else(|| home().map(|home| home.join(below_home)))?.join("windlass"))
    }
}
