//! What the container of a service is made of.

use std::path::{Path, PathBuf};

use windlass_plan::Command;
use windlass_services::{Container, ContainerSpec, Definition, Use, Values};

/// Where a container sees the directory that it shares with the machine.
const INSIDE: &str = "/run/windlass";
/// Where a container has the data of tests, in memory.
const MEMORY: &str = "/var/lib/windlass";

/// The command line that would make and start the container of a service in an image, as `--explain` shows it: for a run whose
/// private directory would be `place`.
pub fn container_line(
    definition: &Definition,
    program: &str,
    image: &str,
    place: &Path,
    use_for: Use,
) -> Option<String> {
    let container = definition.container.as_ref()?;
    let name = format!("windlass-{}", definition.name);
    let inside = inside(definition, container, &name, String::new(), use_for);
    let mut spec = definition.container_spec(container, image, &inside, use_for);
    share(&mut spec, &place.join(&definition.name).join("run"), use_for);
    let words = spec.run_words(program, &name, &definition.container_secrets(container));
    Some(Command::new(&words[0], "/").args(&words[1..]).shell_here())
}

/// What a server knows of itself within its container.
pub(super) fn inside(
    definition: &Definition,
    container: &Container,
    id: &str,
    password: String,
    use_for: Use,
) -> Values {
    Values {
        data: match use_for {
            Use::Test => MEMORY.to_owned(),
            Use::Dev => container.data.clone(),
        },
        run: INSIDE.to_owned(),
        prefix: "/usr".into(),
        host: "0.0.0.0".into(),
        port: definition.port,
        user: "windlass".into(),
        password,
        database: "windlass".into(),
        version: String::new(),
        id: id.to_owned(),
    }
}

/// Shares a directory of the machine with a container, and gives it memory for the data of tests.
pub(super) fn share(spec: &mut ContainerSpec, run: &Path, use_for: Use) {
    spec.binds = vec![(text(run), INSIDE.to_owned())];
    spec.is_removed_at_its_end = true;
    if use_for == Use::Test {
        spec.tmpfs = [(MEMORY.to_owned(), "mode=1777".to_owned())].into();
    }
}

/// Where the machine has a file of the shared directory.
pub(super) fn on_machine(inside: &str, run: &Path) -> PathBuf {
    run.join(inside.strip_prefix(INSIDE).unwrap_or(inside).trim_start_matches('/'))
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
