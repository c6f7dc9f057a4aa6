//! What the data of a server of development begins with: what tests begin with.

use std::path::Path;

use windlass_host::Host;
use windlass_services::{Backend, Definition, Kind, PostgresError, Values};

use super::home::Home;
use crate::cluster::{Cluster, quoted};
use crate::kept::any_port;
use crate::start::{Site, Start};
use crate::template::{self, TEMPLATE};
use crate::{Found, StartError, chain};

/// Makes the data of a server that has none: beside those that stay, and there at once when it is complete. `start` is that of
/// servers of tests.
pub(crate) fn make(
    start: &Start<'_>,
    definition: &Definition,
    found: &Found,
    password: &str,
    data: &Path,
) -> Result<(), StartError> {
    let (host, name) = (start.host, &definition.name);
    let port = any_port(host)?;
    let site = start.site(name, definition, found, port, password.to_owned())?;
    let made = site.data().to_owned();
    let dir = site.dir.clone();
    match definition.kind {
        Kind::Postgres => postgres(start, site)?,
        _ => site.init()?,
    }
    let part = data.with_extension("part");
    host.remove_tree(&part)?;
    host.copy_tree(&made, &part).inspect_err(|_| drop(host.remove_tree(&part)))?;
    // Neither the copy nor the server of tests has forced anything to the disk, and the next one relies on it.
    host.flush(&part)?;
    host.rename(&part, data)?;
    Ok(host.remove_tree(&dir)?)
}

/// A cluster with the schema and the fixtures that tests have, in the database that is given to users.
fn postgres(start: &Start<'_>, site: Site<'_>) -> Result<(), StartError> {
    let host = start.host;
    say_new(host, site.definition);
    let links = chain::read(host, start.root, site.definition, &site.found.version)?;
    let mut running = template::start(site, &links)?;
    give(host, &running.site.values).map_err(|error| running.site.failure(&error.to_string()))?;
    // What is copied is whole, and written down.
    running.halt();
    Ok(())
}

/// Says what a new server begins with, where that is not nothing.
pub(super) fn say_new(host: &Host, definition: &Definition) {
    let Definition { name, content, .. } = definition;
    if content.migrations.is_some() || !content.fixtures.is_empty() {
        host.print_error(&format!(
            "note: `{name}` is new, and begins with what tests begin with: schema and fixtures; later migrations are yours to run\n"
        ));
    }
}

/// Makes of [`TEMPLATE`] the database that is given to users.
pub(super) fn give(host: &Host, values: &Values) -> Result<(), PostgresError> {
    let mut session = Cluster::of(values).control(host)?;
    session.query(&format!("ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS true IS_TEMPLATE false"))?;
    session.query(&format!("ALTER DATABASE {TEMPLATE} RENAME TO {}", quoted(&values.database))).map(drop)
}

/// Says so where the server of a service is to run in another way than the last one, whose data it does not see.
pub(super) fn say_other_data(host: &Host, home: &Home, service: &str, backend: Backend) {
    let Some(other) = home.last_backend(host, service).filter(|last| *last != backend) else { return };
    let begins =
        if home.has(host, service, backend) { "goes on with the data that it had so" } else { "begins afresh" };
    let (backend, other) = (backend.name(), other.name());
    host.print_error(&format!(
        "note: `{service}` is a {backend} now, and {begins}; what it has as a {other} stays: `backend = \"{other}\"` in \
         `[services.{service}]` has it again\n"
    ));
}
