//! What the container of a service is made of.

use std::path::{Path, PathBuf};

use windlass_services::{ContainerSpec, Definition, Values};

/// Where a container sees the directory that it shares with the machine.
pub(super) const INSIDE: &str = "/run/windlass";
/// Where a container has its data: in memory, or the volume in which they stay.
pub(super) const DATA: &str = "/var/lib/windlass";

/// What a server knows of itself within its container.
pub(super) fn inside(definition: &Definition, id: &str, password: String) -> Values {
    Values {
        data: DATA.to_owned(),
        run: INSIDE.to_owned(),
        prefix: "/usr".into(),
        host: "0.0.0.0".into(),
        port: definition.port,
        user: "windlass".into(),
        password,
        database: definition.kind.first_database().into(),
        version: String::new(),
        id: id.to_owned(),
    }
}

/// Shares a directory of the machine with a container, and gives it a volume for its data, or memory.
pub(super) fn share(spec: &mut ContainerSpec, run: &Path, volume: Option<&str>) {
    spec.binds = vec![(text(run), INSIDE.to_owned())];
    spec.is_removed_at_its_end = true;
    match volume {
        Some(volume) => spec.binds.push((volume.to_owned(), DATA.to_owned())),
        None => spec.tmpfs = [(DATA.to_owned(), "mode=1777".to_owned())].into(),
    }
}

/// Where the machine has a file of the shared directory.
pub(super) fn on_machine(inside: &str, run: &Path) -> PathBuf {
    run.join(inside.strip_prefix(INSIDE).unwrap_or(inside).trim_start_matches('/'))
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
