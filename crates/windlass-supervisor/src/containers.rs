//! Whose the containers of an engine are, and which of them are left by runs that have died.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use windlass_host::Host;
use windlass_services::{EngineError, EngineSession, Labelled};

use crate::place;

/// How long an engine may take to do one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const RUN: &str = "windlass.run";
/// The private directory of the run that a container belongs to.
const PLACE: &str = "windlass.place";
const MACHINE: &str = "windlass.machine";
const BOOT: &str = "windlass.boot";
const USER: &str = "windlass.user";
/// Of a server of development: the signal that ends it, and the lock that whoever keeps it holds, which outlasts places.
const STOP: &str = "windlass.stop";
const LOCK: &str = "windlass.lock";

/// How long a server whose data is to be whole may take to end.
const HALT_MS: u64 = 20_000;
/// How long it may take to hear of a signal; a program that has not yet said what it does with one never hears of it.
const HEARD_MS: u64 = 1000;
const TICK: Duration = Duration::from_millis(10);

/// What is written on a container of the run that has the private directory `place`; `stays` is what is known of one whose data
/// stays: the signal that ends it and the lock of its keeper.
pub(crate) fn labels(host: &Host, place: &Path, id: &str, stays: Option<(&str, &Path)>) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let run = [(RUN, id.to_owned()), (PLACE, text(place)), (BOOT, host.boot_id())];
    let stays = stays.map(|(stop, lock)| [(STOP, stop.to_owned()), (LOCK, text(lock))]);
    let pairs = run.into_iter().chain(stays.into_iter().flatten());
    pairs.map(|(name, value)| (name.to_owned(), value)).chain(whose(host)).collect()
}

/// Whose a container or a volume is, as it is written on it.
pub(crate) fn whose(host: &Host) -> [(String, String); 2] {
    [(MACHINE.to_owned(), host.machine_name()), (USER.to_owned(), host.uid().to_string())]
}

/// Whether it is windlass's, of this user on this machine.
pub(crate) fn is_own(host: &Host, it: &Labelled) -> bool {
    whose(host).iter().all(|(name, value)| it.labels.get(name) == Some(value))
}

/// Whether this process may say that the run of a container has died: only its own user on its own machine can tell.
fn is_left(host: &Host, it: &Labelled) -> bool {
    let path = |name: &str| it.labels.get(name).map(Path::new);
    if !is_own(host, it) {
        return false;
    }
    if it.labels.get(BOOT) != Some(&host.boot_id()) {
        return true;
    }
    // Who does not see where the run has its directory cannot tell: it may be in another part of the machine, where it lives.
    let is_seen = |path: &Path| path.parent().is_some_and(|parent| host.is_dir(parent));
    match (path(LOCK), path(PLACE)) {
        (Some(lock), _) => is_seen(lock) && !place::is_locked(host, lock),
        (None, place) => place.is_some_and(|place| is_seen(place) && !place::is_held(host, place)),
    }
}

/// What was left by a run that has died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweptContainer {
    /// What it is: `container` or `volume`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Why it is still there, if it is.
    pub left: Option<String>,
}

impl fmt::Display for SweptContainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, left } = self;
        match left {
            None => write!(f, "removed the {kind} `{name}`, left by a run that was killed"),
            Some(why) => write!(f, "the {kind} `{name}`, left by a run that was killed, cannot be removed: {why}"),
        }
    }
}

/// Removes the containers and volumes of runs that have died, by their labels and the locks that these name. Where no engine
/// answers, there are none.
pub fn sweep_containers(host: &Host) -> Vec<SweptContainer> {
    let Ok(stream) = host.connect_container_engine(PATIENCE) else { return Vec::new() };
    let mut engine = EngineSession::new(stream);
    let mut swept = Vec::new();
    for it in engine.containers(PLACE).unwrap_or_default().iter().filter(|it| is_left(host, it)) {
        let stop = it.labels.get(STOP).map(String::as_str);
        swept.extend(told("container", &it.name, end(host, &mut engine, &it.name, stop)));
    }
    for it in engine.volumes(PLACE).unwrap_or_default().iter().filter(|it| is_left(host, it)) {
        swept.extend(told("volume", &it.name, engine.remove_volume(&it.name)));
    }
    swept
}

/// Removes what runs that have died have left, and says so; containers first, for a server in one still writes to the private
/// directory of its run.
pub(crate) fn sweep_and_say(host: &Host) {
    for swept in sweep_containers(host) {
        host.print_error(&format!("note: {swept}\n"));
    }
    for swept in place::sweep(host) {
        host.print_error(&format!("note: {swept}\n"));
    }
}

/// Removes a container, once its server has ended by the signal `stop` where there is one, or not for long; whether there was one.
pub(crate) fn end<S: Read + Write>(
    host: &Host,
    engine: &mut EngineSession<S>,
    name: &str,
    stop: Option<&str>,
) -> Result<bool, EngineError> {
    let deadline_ms = host.elapsed_ms().saturating_add(HALT_MS);
    let mut told_ms = None;
    while let Some(stop) = stop
        && host.elapsed_ms() < deadline_ms
        && engine.state(name)?.is_some_and(|state| state.is_running)
    {
        if told_ms.is_none_or(|told_ms| host.elapsed_ms() > told_ms + HEARD_MS) {
            // It may have ended just now.
            let _ = engine.kill(name, stop);
            told_ms = Some(host.elapsed_ms());
        }
        host.sleep(TICK);
    }
    loop {
        match engine.remove(name) {
            // One that has ended is being removed already.
            Err(EngineError::Refused { status: 409, .. }) if host.elapsed_ms() < deadline_ms => host.sleep(TICK),
            removed => return removed,
        }
    }
}

/// What is to be said of a removal; nothing if somebody else was faster.
fn told(kind: &'static str, name: &str, removed: Result<bool, EngineError>) -> Option<SweptContainer> {
    let left = match removed {
        Ok(false) | Err(EngineError::Refused { status: 409, .. }) => return None,
        Ok(true) => None,
        Err(error) => Some(error.to_string()),
    };
    Some(SweptContainer { kind, name: name.to_owned(), left })
}
