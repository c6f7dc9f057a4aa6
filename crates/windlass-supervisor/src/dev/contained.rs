//! A server of development in a container, whose data stays in a volume.

use std::path::Path;

use windlass_host::Host;
use windlass_services::{Container, Definition, Kind, PostgresError, Values};

use super::first;
use super::home::Home;
use super::volume::{self, Stored};
use crate::StartError;
use crate::chain::{self, Adds};
use crate::cluster::{Cluster, literal};
use crate::container::{Data, RunningContainer, StartContainer, Stays};
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
    demand_data(definition)?;
    let (stored, is_new) = volume::make(host, home, definition)?;
    let started = on_volume(container, home, definition, addresses, &stored).and_then(|running| {
        let image = Some(running.image.clone());
        Stored { image, is_complete: true, ..stored.clone() }.write(host, home, name)?;
        Ok(running)
    });
    if is_new && started.is_err() {
        // What keeps it from going is worth less than why there is no server.
        let _ = volume::remove(host, home, name);
    }
    started.map_err(|error| match error {
        StartError::Failed { name, what, said } if !is_new => {
            let help = match said.contains("database files are incompatible with server") {
                true => format!(
                    "another version wrote its data: `version` or `container.image` in `[services.{name}]` names it; `reset \
                     {name}` removes the data and starts afresh; it"
                ),
                false => "its data".to_owned(),
            };
            let said = format!("{said}\nhelp: {help} is in the volume `{}`, as it was", stored.volume);
            StartError::Failed { name, what, said }
        }
        error => error,
    })
}

/// Sees that the server in a container is told where its data is to be: what is elsewhere does not stay.
fn demand_data(definition: &Definition) -> Result<(), StartError> {
    if definition.container.as_ref().is_none_or(Container::says_where_data_is) {
        return Ok(());
    }
    let what = "cannot keep its data in a container: nothing in `container.command`, `container.env` and `container.files` \
        has `{data}`, the directory that stays";
    Err(StartError::failed(&definition.name, what, ""))
}

fn on_volume<'a>(
    container: StartContainer<'a>,
    home: &Home,
    definition: &'a Definition,
    addresses: &mut Kept,
    stored: &Stored,
) -> Result<RunningContainer<'a>, StartError> {
    let (host, name) = (container.host, &*definition.name);
    let (held, password, said) = addresses.address(host, name, false)?;
    let port = held.port;
    // The engine takes it from here; should somebody be faster, another one is taken.
    drop(held);
    // Before there is data that has the password.
    addresses.keep(host)?;
    let (log, lock) = (home.log_of(name), home.lock());
    let stays = Stays { volume: &stored.volume, image: stored.image.as_deref(), log: &log, lock: &lock };
    let mut running = container.start(definition, password, Some(port), Data::Volume(stays))?;
    let notes = [Some(format!("`{name}` runs in a container: {}", running.line)), said];
    let changed = addresses.remember(name, &running.values);
    addresses.keep(host)?;
    for note in notes.into_iter().chain([changed]).flatten() {
        host.print_error(&format!("note: {note}\n"));
    }
    if definition.kind == Kind::Postgres {
        running.values.database = definition.kind.first_database().to_owned();
        let values = running.values.clone();
        let failed = |error: PostgresError| running.failure(&error.to_string());
        let at = data_directory(host, &values).map_err(failed)?;
        if !Path::new(&at).starts_with(&values.data) {
            return Err(running.failure(&format!(
                "keeps its data in `{at}` of its container, where it does not stay: its image `{}` has to heed `PGDATA`",
                running.image
            )));
        }
        if !is_complete(host, &values).map_err(failed)? {
            fill(host, home, definition, &values)?;
            first::give(host, &values).map_err(failed)?;
        }
    }
    Ok(running)
}

fn data_directory(host: &Host, values: &Values) -> Result<String, PostgresError> {
    let rows = Cluster::of(values).control(host)?.query("SHOW data_directory")?;
    Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default())
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
