//! The volumes of a container engine that have the data of development: one a worktree and service.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use windlass_host::Host;
use windlass_services::{Definition, EngineError, EngineSession, Labelled};

use super::home::Home;
use crate::StartError;
use crate::container::connect;
use crate::containers::{MACHINE, PLACE, USER, end};

/// The root of the worktree that a volume belongs to, and its directory for what stays.
const WORKTREE: &str = "windlass.dev";
const HOME: &str = "windlass.home";

/// What the volume of a service is called. Other users of the same engine have others.
fn name(host: &Host, home: &Home, service: &str) -> String {
    let whose = format!("{}:{}", host.uid(), home.dir.display());
    let hash: String = Sha256::digest(whose).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("windlass-dev-{hash}-{service}")
}

/// The volume of a service, and whether it is new; nobody works on its data any more.
///
/// # Errors
///
/// When the engine refuses, or a container has it that is not windlass's own.
pub(super) fn make(host: &Host, home: &Home, definition: &Definition) -> Result<(String, bool), StartError> {
    let service = &*definition.name;
    let name = name(host, home, service);
    let failed = |what: String| StartError::failed(service, what, "");
    let refused = |error: EngineError| failed(format!("cannot have the volume `{name}`: {error}"));
    let mut engine = connect(host, service)?;
    let is_new = !engine.has_volume(&name).map_err(refused)?;
    let stop = definition.process.stop.name();
    if let Some(theirs) = see_off(host, &mut engine, &name, Some(stop)).map_err(refused)? {
        return Err(failed(format!("has its data in the volume `{name}`, which the container `{theirs}` uses")));
    }
    // Before there is one, so that it is removed with the data of the service.
    host.write_text(&home.volume_file(service), &name)?;
    let paths = [(WORKTREE, &home.root), (HOME, &home.dir)];
    let paths = paths.map(|(name, path)| (name.to_owned(), path.to_string_lossy().into_owned()));
    let labels = BTreeMap::from_iter(whose(host).into_iter().chain(paths));
    engine.make_volume(&name, &labels).map_err(refused)?;
    Ok((name, is_new))
}

/// Ends the containers that a supervisor which has died has left on a volume, for nobody else has the worktree; a container that is
/// somebody else's stays, and is told.
fn see_off<S: Read + Write>(
    host: &Host,
    engine: &mut EngineSession<S>,
    volume: &str,
    stop: Option<&str>,
) -> Result<Option<String>, EngineError> {
    for it in engine.containers_with(volume)? {
        if !it.labels.contains_key(PLACE) {
            return Ok(Some(it.name));
        }
        end(host, engine, &it.name, stop)?;
    }
    Ok(None)
}

/// All volumes of the user's, each with whose it is; none where no engine answers.
pub(super) fn all(host: &Host) -> Vec<(String, Home)> {
    let Ok(mut engine) = connect(host, "") else { return Vec::new() };
    let own = whose(host);
    let is_own = |it: &Labelled| own.iter().all(|(name, value)| it.labels.get(name) == Some(value));
    let volumes = engine.volumes(WORKTREE).unwrap_or_default().into_iter().filter(is_own);
    let with_home = |it: Labelled| home_of(&it).map(|home| (it.name, home));
    volumes.filter_map(with_home).collect()
}

fn home_of(volume: &Labelled) -> Option<Home> {
    let path = |name: &str| volume.labels.get(name).map(PathBuf::from);
    Some(Home { root: path(WORKTREE)?, dir: path(HOME)? })
}

/// Removes all volumes of a worktree.
///
/// # Errors
///
/// When the engine refuses.
pub(super) fn remove_all(host: &Host, home: &Home) -> Result<(), StartError> {
    for service in host.list_dir(&home.dir)? {
        remove(host, &home.volume_file(&service), &service)?;
    }
    // Those that it has not written down any more.
    home.volumes(host).iter().try_for_each(|name| remove_named(host, name, ""))
}

/// Whose a volume is, as it is written on it.
fn whose(host: &Host) -> [(String, String); 2] {
    [(MACHINE.to_owned(), host.machine_name()), (USER.to_owned(), host.uid().to_string())]
}

/// Removes the volume of a service that a file names, if it does.
///
/// # Errors
///
/// When the engine refuses, or there is none.
pub(super) fn remove(host: &Host, file: &Path, service: &str) -> Result<(), StartError> {
    if let Some(name) = host.read_text(file)? {
        remove_named(host, &name, service)?;
    }
    Ok(host.remove_file(file)?)
}

fn remove_named(host: &Host, name: &str, service: &str) -> Result<(), StartError> {
    let removed = || -> Result<(), String> {
        let said = |error: EngineError| error.to_string();
        let mut engine = connect(host, service).map_err(|error| error.to_string())?;
        see_off(host, &mut engine, name, None).map_err(said)?;
        engine.remove_volume(name).map(drop).map_err(said)
    };
    removed().map_err(|why| StartError::Development(format!("the volume `{name}` cannot be removed: {why}")))
}
