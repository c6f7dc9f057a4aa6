//! What a run has left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// What a run has left after the next start.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) processes: Vec<String>,
    pub(super) directories: Vec<PathBuf>,
    pub(super) containers: Vec<String>,
    pub(super) volumes: Vec<String>,
    pub(super) segments: Vec<String>,
}

impl Left {
    pub(super) const NAMES: [&str; 5] = ["processes", "directories", "containers", "volumes", "shared memory segments"];

    pub(super) fn count(&self) -> [usize; 5] {
        let Self { processes, directories, containers, volumes, segments } = self;
        [processes.len(), directories.len(), containers.len(), volumes.len(), segments.len()]
    }
}

/// The private directories that there are.
pub(super) fn directories(place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for root in std::fs::read_dir(place)? {
        for entry in std::fs::read_dir(root?.path())? {
            found.extend(Some(entry?.path()).filter(|path| path.is_dir()));
        }
    }
    Ok(found)
}

/// Where the templates of a user's cache are.
pub(super) fn templates(cache: &Path) -> PathBuf {
    cache.join("windlass/templates")
}

/// What a cache has of templates that are not whole: those that were being written, and those that were being removed.
pub(super) fn parts(cache: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let templates = templates(cache);
    if !templates.is_dir() {
        return Ok(Vec::new());
    }
    let is_part = |path: &PathBuf| {
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        end.starts_with("part-") || end.starts_with("gone-")
    };
    let paths = std::fs::read_dir(templates)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(is_part).collect())
}

/// The shared memory segments of the machine: System V's, and those of POSIX by which PostgreSQL shares queries.
pub(super) fn segments() -> anyhow::Result<BTreeSet<String>> {
    let output = Command::new("ipcs").arg("-m").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let of_system_v = text.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned);
    let files = std::fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let of_posix = files.map(|entry| entry.path().display().to_string());
    Ok(of_system_v.chain(of_posix.filter(|path| path.starts_with("/dev/shm/PostgreSQL."))).collect())
}

/// Docker, of which the containers and volumes are asked that belong to runs below a directory: others may have theirs beside them.
pub(super) struct Engine;

impl Engine {
    /// None where no Docker answers.
    pub(super) fn find() -> Option<Self> {
        Command::new("docker").arg("ps").output().is_ok_and(|output| output.status.success()).then_some(Self)
    }

    pub(super) fn containers(&self, place: &Path) -> anyhow::Result<Vec<String>> {
        self.list(place, &["ps", "--all"], "{{.Names}}")
    }

    /// The containers whose server lives.
    pub(super) fn running(&self, place: &Path) -> anyhow::Result<Vec<String>> {
        self.list(place, &["ps"], "{{.Names}}")
    }

    pub(super) fn volumes(&self, place: &Path) -> anyhow::Result<Vec<String>> {
        self.list(place, &["volume", "ls"], "{{.Name}}")
    }

    fn list(&self, place: &Path, what: &[&str], name: &str) -> anyhow::Result<Vec<String>> {
        const PLACE: &str = "windlass.place";
        let format = format!("{{{{.Label {PLACE:?}}}}} {name}");
        let filter = format!("label={PLACE}");
        let output = Command::new("docker").args(what).args(["--filter", &filter, "--format", &format]).output();
        let output = output.context("docker cannot be started")?;
        if !output.status.success() {
            bail!("`docker {}` failed: {}", what.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let pairs = text.lines().filter_map(|line| line.rsplit_once(' '));
        Ok(pairs.filter(|(of, _)| Path::new(of).starts_with(place)).map(|(_, name)| name.to_owned()).collect())
    }
}
