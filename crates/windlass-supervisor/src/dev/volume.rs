//! The volumes of a container engine that have the data of development: one a worktree and service.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use windlass_host::{Host, HostError};
use windlass_services::{Definition, EngineError, EngineSession, Labelled};

use super::home::Home;
use crate::StartError;
use crate::container::connect;
use crate::containers::{PATIENCE, end, is_own, whose};

/// The root of the worktree that a volume belongs to, and its directory for what stays.
const WORKTREE: &str = "windlass.dev";
const HOME: &str = "windlass.home";

/// How long a container that has ended may hold a volume.
const HELD_MS: u64 = 2000;
const TICK: Duration = Duration::from_millis(20);

/// What is known of the data that a service has in a container engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// The volume.
    pub(super) volume: String,
    /// The image of the last server that worked on it.
    pub(super) image: Option<String>,
    /// Whether it has all that data begins with.
    pub(super) is_complete: bool,
}

impl Stored {
    /// What is written down; nothing if it cannot be read.
    pub(super) fn read(host: &Host, home: &Home, service: &str) -> Option<Self> {
        let text = host.read_text(&home.volume_file(service)).ok().flatten()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes it down, whole or not at all.
    pub(super) fn write(&self, host: &Host, home: &Home, service: &str) -> Result<(), HostError> {
        let file = home.volume_file(service);
        let part = file.with_extension("part");
        host.write_text(&part, &serde_json::to_string(self).expect("texts hold nothing that JSON cannot"))?;
        host.rename(&part, &file)
    }
}

/// What the volume of a service is called that has none yet: other users and machines may have the same engine, and the same paths.
fn name(host: &Host, home: &Home, service: &str) -> String {
    let whose = format!("{}:{}:{}", host.machine_name(), host.uid(), home.dir.display());
    let hash: String = Sha256::digest(whose).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("windlass-dev-{hash}-{service}")
}

/// The volume of a service, and whether nobody has worked on its data before; nobody does any more.
///
/// # Errors
///
/// When the engine refuses, or a container has it that is not windlass's own.
pub(super) fn make(host: &Host, home: &Home, definition: &Definition) -> Result<(Stored, bool), StartError> {
    let service = &*definition.name;
    let last = Stored::read(host, home, service);
    let volume = last.as_ref().map_or_else(|| name(host, home, service), |last| last.volume.clone());
    let failed = |what: String| StartError::failed(service, what, "");
    let refused = |error: EngineError| failed(format!("cannot have the volume `{volume}`: {error}"));
    let mut engine = connect(host, service)?;
    let is_there = engine.has_volume(&volume).map_err(refused)?;
    if !is_there && last.as_ref().is_some_and(|last| last.is_complete) {
        host.print_error(&format!(
            "note: the container engine has no volume `{volume}`, in which `{service}` had its data: it begins afresh\n"
        ));
    }
    let stop = definition.process.stop.name();
    if let Some(theirs) = see_off(host, &mut engine, &volume, Some(stop)).map_err(refused)? {
        return Err(failed(format!("has its data in the volume `{volume}`, which the container `{theirs}` uses")));
    }
    let is_new = !is_there || last.as_ref().is_some_and(|last| !last.is_complete);
    let image = last.and_then(|last| last.image).filter(|_| is_there);
    let stored = Stored { volume: volume.clone(), image, is_complete: !is_new };
    // Before there is one, so that it is removed with the data of the service.
    stored.write(host, home, service)?;
    let paths = [(WORKTREE, &home.root), (HOME, &home.dir)];
    let paths = paths.map(|(name, path)| (name.to_owned(), path.to_string_lossy().into_owned()));
    let labels = BTreeMap::from_iter(whose(host).into_iter().chain(paths));
    engine.make_volume(&volume, &labels).map_err(refused)?;
    Ok((stored, is_new))
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
        if !is_own(host, &it) {
            return Ok(Some(it.name));
        }
        end(host, engine, &it.name, stop)?;
    }
    Ok(None)
}

/// All volumes of the user's, each with whose it is; none where no engine answers.
pub(super) fn all(host: &Host) -> Vec<(String, Home)> {
    let Ok(mut engine) = connect(host, "") else { return Vec::new() };
    let volumes = engine.volumes(WORKTREE).unwrap_or_default().into_iter().filter(|it| is_own(host, it));
    let with_home = |it: Labelled| {
        let path = |name: &str| it.labels.get(name).map(PathBuf::from);
        let home = Home { root: path(WORKTREE)?, dir: path(HOME)? };
        Some((it.name, home))
    };
    volumes.filter_map(with_home).collect()
}

/// Removes all volumes of a worktree.
///
/// # Errors
///
/// When the engine refuses, or a container has one that is not windlass's own.
pub(super) fn remove_all(host: &Host, home: &Home) -> Result<(), StartError> {
    for service in host.list_dir(&home.dir)? {
        remove(host, home, &service)?;
    }
    // Those that it has not written down any more.
    home.volumes(host).iter().try_for_each(|volume| remove_named(host, volume))
}

/// Removes the volume of a service, if it has one.
///
/// # Errors
///
/// When the engine refuses, there is none, or a container has it that is not windlass's own.
pub(super) fn remove(host: &Host, home: &Home, service: &str) -> Result<(), StartError> {
    if let Some(stored) = Stored::read(host, home, service) {
        remove_named(host, &stored.volume)?;
    }
    Ok(host.remove_file(&home.volume_file(service))?)
}

fn remove_named(host: &Host, volume: &str) -> Result<(), StartError> {
    let removed = || -> Result<(), String> {
        let said = |error: EngineError| error.to_string();
        let stream = host.connect_container_engine(PATIENCE).map_err(|error| error.to_string())?;
        let mut engine = EngineSession::new(stream);
        if let Some(theirs) = see_off(host, &mut engine, volume, None).map_err(said)? {
            return Err(format!("the container `{theirs}` uses it"));
        }
        let deadline_ms = host.elapsed_ms() + HELD_MS;
        loop {
            match engine.remove_volume(volume) {
                Err(EngineError::Refused { status: 409, .. }) if host.elapsed_ms() < deadline_ms => host.sleep(TICK),
                removed => return removed.map(drop).map_err(said),
            }
        }
    };
    removed().map_err(|why| StartError::Development(format!("the volume `{volume}` cannot be removed: {why}")))
}
