//! A server of development in a container, whose data stays in a volume.

use windlass_host::Host;
use windlass_services::{Definition, Kind, PostgresError, Values};

use super::first;
use super::home::Home;
use super::volume;
use crate::StartError;
use crate::chain::{self, Adds};
use crate::cluster::{Cluster, literal};
use crate::container::{Data, RunningContainer, StartContainer};
use crate::fill::Target;
use crate::kept::Kept;
use crate::template::{self, TEMPLATE};

/// Starts the server of a service on the data that its volume has, or on what tests begin with.
///
/// # Errors
///
/// When it cannot be started; a volume that was made for it is gone then.
pub(super) fn start<'a>(
    container: StartContainer<'a>,
    home: &Home,
    definition: &'a Definition,
    addresses: &mut Kept,
) -> Result<RunningContainer<'a>, StartError> {
    let (host, name) = (container.host, &*definition.name);
    let (volume, is_new) = volume::make(host, home, definition)?;
    if is_new && host.is_dir(&home.data_of(name)) {
        host.print_error(&first::other_data(name, "process"));
    }
    let started = on_volume(container, home, definition, addresses, &volume);
    if is_new && started.is_err() {
        // What keeps it from going is worth less than why there is no server.
        let _ = volume::remove(host, &home.volume_file(name), name);
    }
    started.map_err(|error| match error {
        StartError::Failed { name, what, said } if !is_new => {
            let said = format!(
                "{said}\nhelp: its data is in the volume `{volume}`; `reset {name}` removes it and has it start afresh"
            );
            StartError::Failed { name, what, said }
        }
        error => error,
    })
}

fn on_volume<'a>(
    container: StartContainer<'a>,
    home: &Home,
    definition: &'a Definition,
    addresses: &mut Kept,
    volume: &str,
) -> Result<RunningContainer<'a>, StartError> {
    let (host, name) = (container.host, &*definition.name);
    let (held, password, said) = addresses.address(host, name)?;
    let port = held.port;
    // The engine takes it from here; should somebody be faster, another one is taken.
    drop(held);
    // Before there is data that has the password.
    addresses.keep(host)?;
    let log = home.log_of(name);
    let data = Data::Volume { name: volume, log: &log };
    let mut running = container.start(definition, password, Some(port), data)?;
    let notes = [Some(format!("`{name}` runs in a container: {}", running.line)), said];
    let changed = addresses.remember(name, &running.values);
    for note in notes.into_iter().chain([changed]).flatten() {
        host.print_error(&format!("note: {note}\n"));
    }
    if definition.kind == Kind::Postgres {
        running.values.database = definition.kind.first_database().to_owned();
        let values = running.values.clone();
        let is_complete = is_complete(host, &values).map_err(|error| running.failure(&error.to_string()))?;
        if !is_complete {
            fill(host, home, definition, &values)?;
            first::give(host, &values).map_err(|error| running.failure(&error.to_string()))?;
        }
    }
    Ok(running)
}

/// Whether the database is there that is given to users: it gets its name when it is whole. What there is of one that has never been
/// completed is removed.
fn is_complete(host: &Host, values: &Values) -> Result<bool, PostgresError> {
    let mut session = Cluster::of(values).control(host)?;
    let asked = format!("SELECT 1 FROM pg_database WHERE datname = {}", literal(&values.database));
    if !session.query(&asked)?.is_empty() {
        return Ok(true);
    }
    if !session.query(&format!("SELECT 1 FROM pg_database WHERE datname = {}", literal(TEMPLATE)))?.is_empty() {
        session.query(&format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE false"))?;
        session.query(&format!("DROP DATABASE {TEMPLATE} WITH (FORCE)"))?;
    }
    Ok(false)
}

/// Makes what tests begin with.
fn fill(host: &Host, home: &Home, definition: &Definition, values: &Values) -> Result<(), StartError> {
    first::say_new(host, definition);
    let values = Values { database: TEMPLATE.to_owned(), ..values.clone() };
    let target = Target { host, root: &home.root, definition, values, found: None };
    let links = chain::read(host, &home.root, definition, "in a container")?;
    links.iter().filter(|link| !matches!(link.adds, Adds::Cluster)).try_for_each(|link| template::add(&target, link))
}
