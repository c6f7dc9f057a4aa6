//! Which programs of a service are at hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::Host;
use windlass_plan::Command;
use windlass_services::{Definition, version_in};

use crate::StartError;

/// How long a program may take to say its version.
const ANSWER: Duration = Duration::from_secs(20);

/// The programs of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The directory that they are in.
    pub bin: PathBuf,
    /// Their version, such as `15.18`.
    pub version: String,
}

/// Finds the programs of a service: the first on `PATH` that will do, else the newest in the places where systems have them.
///
/// # Errors
///
/// When there are none, or none of a version that will do: those that there are, are named.
pub fn find(host: &Host, definition: &Definition) -> Result<Found, StartError> {
    let on_path = host.env("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = on_path.split(':').filter(|dir| dir.starts_with('/')).map(PathBuf::from).collect();
    let mut elsewhere: Vec<Found> = definition
        .package
        .find
        .iter()
        .flat_map(|pattern| expanded(host, pattern))
        .filter_map(|dir| look(host, definition, dir))
        .collect();
    elsewhere.sort_by_key(|found| std::cmp::Reverse(numbers(&found.version)));
    let mut refused = Vec::new();
    for found in on_path.into_iter().filter_map(|dir| look(host, definition, dir)).chain(elsewhere) {
        if definition.version.accepts(&found.version) {
            return Ok(found);
        }
        if !refused.contains(&found) {
            refused.push(found);
        }
    }
    let name = definition.name.clone();
    if refused.is_empty() {
        let program = definition.package.probe[0].clone();
        return Err(StartError::NotAtHand { name, program, debian: definition.package.debian.join(" ") });
    }
    let found = refused.iter().map(|it| format!("{} in `{}`", it.version, it.bin.display())).collect::<Vec<_>>();
    Err(StartError::WrongVersion { name, wanted: definition.version.to_string(), found: found.join(", ") })
}

/// What a directory has of a service.
fn look(host: &Host, definition: &Definition, bin: PathBuf) -> Option<Found> {
    let (program, args) = definition.package.probe.split_first()?;
    let program = bin.join(program);
    if !host.exists(&program) {
        return None;
    }
    let command = Command::new(program.to_string_lossy(), "/").args(args);
    let answer = host.read(&command, ANSWER).ok().filter(|answer| answer.code == Some(0))?;
    Some(Found { bin, version: version_in(&answer.stdout)? })
}

/// The directories that a pattern names: `*` stands for any part of one name.
fn expanded(host: &Host, pattern: &str) -> Vec<PathBuf> {
    let mut dirs = vec![PathBuf::from("/")];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        let Some((start, end)) = component.split_once('*') else {
            dirs.iter_mut().for_each(|dir| dir.push(component));
            continue;
        };
        let fits =
            |name: &String| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end);
        let below = |dir: &PathBuf| {
            let names = host.list_dir(dir).unwrap_or_default();
            names.into_iter().filter(fits).map(|name| dir.join(name)).collect::<Vec<_>>()
        };
        dirs = dirs.iter().flat_map(below).collect();
    }
    dirs.retain(|dir| host.is_dir(Path::new(dir)));
    dirs
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|number| number.parse().ok()).collect()
}
