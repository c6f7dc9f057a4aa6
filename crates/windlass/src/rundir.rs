//! Where runs are kept: `windlass/runs/RUN/` below cargo's target directory, and `windlass/latest`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use windlass_host::{Host, HostError};
use windlass_record::Record;

/// How many runs are kept, the newest included.
const KEPT_RUNS: usize = 20;

/// The directory of one run.
#[derive(Debug)]
pub(crate) struct RunDir {
    /// The id of the run, which no other has; the name of the directory where runs are kept.
    pub(crate) id: String,
    /// The directory.
    pub(crate) path: PathBuf,
    /// Why it is not where runs are kept, but in the system's temporary directory.
    pub(crate) fallback: Option<String>,
}

/// `windlass/` in cargo's target directory.
pub(crate) fn windlass_dir(target_directory: &str) -> PathBuf {
    Path::new(target_directory).join("windlass")
}

impl RunDir {
    /// Makes the directory of a run that begins now.
    pub(crate) fn create(host: &Host, target_directory: &str) -> anyhow::Result<Self> {
        let runs = windlass_dir(target_directory).join("runs");
        let made = fresh(host, &runs).and_then(|id| {
            let path = runs.join(&id);
            // A directory can be made on a disk that is too full to write to.
            host.write_text(&path.join("record.json"), "").map(|()| Self { id, path, fallback: None })
        });
        made.or_else(|error| Self::temporary(host, host.run_id(), &error.to_string()))
    }

    /// A fresh directory in the system's temporary one, for `reason`.
    pub(crate) fn temporary(host: &Host, id: String, reason: &str) -> anyhow::Result<Self> {
        let path =
            host.fresh_temporary_directory("windlass").with_context(|| format!("{reason}, and neither can that"))?;
        host.print_error(&format!("error: {reason}\n  the record of this run goes to `{}`\n", path.display()));
        Ok(Self { id, path, fallback: Some(reason.to_owned()) })
    }

    /// Writes files into it.
    pub(crate) fn write(&self, host: &Host, files: &[(&str, String)]) -> Result<(), HostError> {
        files.iter().try_for_each(|(name, text)| host.write_text(&self.path.join(name), text))
    }

    /// Makes it the latest run and removes whole old runs.
    pub(crate) fn keep(&self, host: &Host) -> Result<(), HostError> {
        let (Some(runs), Some(id)) = (self.path.parent(), self.path.file_name()) else { return Ok(()) };
        host.link(&runs.with_file_name("latest"), &Path::new("runs").join(id))?;
        let names = host.list_dir(runs)?;
        let others = names.iter().filter(|name| id.to_str() != Some(name));
        let n_old = names.len().saturating_sub(KEPT_RUNS);
        others.take(n_old).try_for_each(|name| host.remove_tree(&runs.join(name)))
    }
}

/// Makes a directory in `runs` that nobody else has, and gives its name.
fn fresh(host: &Host, runs: &Path) -> Result<String, HostError> {
    host.make_dir(runs)?;
    let id = host.run_id();
    let mut name = id.clone();
    for n in 2.. {
        if host.make_new_dir(&runs.join(&name))? {
            break;
        }
        // This process has had another run within the second.
        name = format!("{id}-{n}");
    }
    Ok(name)
}

/// The record of a kept run: the latest, or that of the given id or the given file or directory.
pub(crate) fn kept(
    host: &Host,
    target_directory: &str,
    run: Option<&str>,
) -> anyhow::Result<Option<(PathBuf, Record)>> {
    let dir = windlass_dir(target_directory);
    let path = match run {
        None => dir.join("latest"),
        Some(run) if run.contains('/') => PathBuf::from(run.strip_suffix("/record.json").unwrap_or(run)),
        Some(id) => dir.join("runs").join(id),
    };
    let file = path.join("record.json");
    let Some(text) = host.read_text(&file)? else { return Ok(None) };
    let record = Record::from_json(&text).with_context(|| format!("cannot read `{}`", file.display()))?;
    Ok(Some((host.canonical(&path).unwrap_or(path), record)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn two_runs_of_one_process_within_a_second_have_a_directory_each() {
        let target = tempfile::tempdir().unwrap();
        let host = Host::new();
        let made = [(); 3].map(|()| RunDir::create(&host, target.path().to_str().unwrap()).unwrap());
        let ids: std::collections::BTreeSet<_> = made.iter().map(|dir| &dir.id).collect();
        assert_eq!(ids.len(), 3);
        assert!(made.iter().all(|dir| dir.path.ends_with(&dir.id) && dir.fallback.is_none() && dir.path.is_dir()));
    }
}
