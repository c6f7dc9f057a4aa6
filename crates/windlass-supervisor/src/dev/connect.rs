//! What a person talks to a server with.

use std::path::Path;

use windlass_host::Host;
use windlass_plan::Command;
use windlass_services::{Definition, Root, Values};

use crate::account::Account;
use crate::cluster::set_password;
use crate::container::StartContainer;
use crate::kept::any_port;
use crate::place::{Place, sweep};
use crate::start::Start;
use crate::{Found, Launcher, StartError, find, remains};

/// A client of a service, which runs where `cwd` says, with arguments of the user's behind its own.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The service.
    pub definition: &'a Definition,
    /// The directory that it runs in.
    pub cwd: &'a Path,
    /// The user's arguments.
    pub args: &'a [String],
}

/// The command that talks to the server of these values.
///
/// # Errors
///
/// When the service's programs are not at hand, or it has no client.
pub fn connect(host: &Host, client: Client<'_>, values: &Values) -> Result<Command, StartError> {
    let found = find(host, client.definition)?;
    client_of(host, client, &found, values)
}

fn client_of(host: &Host, client: Client<'_>, found: &Found, values: &Values) -> Result<Command, StartError> {
    let (words, env) = client.definition.client(values);
    if words.is_empty() {
        let what = "has no client; `package.client` names one: a program and its arguments";
        return Err(StartError::failed(&client.definition.name, what, ""));
    }
    let words = found.resolved(host, words);
    let command = Command::new(&words[0], client.cwd.to_string_lossy()).args(&words[1..]).args(client.args);
    let command = found.with_libraries(command);
    Ok(env.into_iter().fold(command, |command, (name, value)| command.env(name, value)))
}

/// Starts a server on a copy of what failed tests have left of a service in `dir`, has `act` do something with the client of one of
/// its databases, and removes the server.
///
/// # Errors
///
/// When it cannot be started.
pub fn on_remains<T>(
    host: &Host,
    client: Client<'_>,
    (dir, database): (&Path, &str),
    launcher: &Launcher,
    act: impl FnOnce(&Command) -> T,
) -> Result<T, StartError> {
    for swept in sweep(host) {
        host.print_error(&format!("note: {swept}\n"));
    }
    let definition = client.definition;
    let found = find(host, definition)?;
    let account = if definition.process.root == Root::Refuses { Account::of_servers(host)? } else { Account::Own };
    let place = Place::make(host, account)?;
    let container = StartContainer { host, place: &place.dir, id: &place.id, may_pull: true };
    if let Some(running) = remains::start_contained(dir, container, definition)? {
        set_password(host, &running.values).map_err(|error| running.failure(&error.to_string()))?;
        let values = Values { database: database.to_owned(), ..running.values.clone() };
        return Ok(act(&client_of(host, client, &found, &values)?));
    }
    let start = Start { host, launcher, account, place: &place.dir, id: &place.id, home: None, root: Path::new("/") };
    let port = any_port(host)?;
    let site = start.site(&definition.name, definition, &found, port, host.random(16)?)?;
    remains::copy(host, dir, &definition.name, &found.version, site.data())?;
    let running = site.launch()?;
    set_password(host, &running.site.values).map_err(|error| running.site.failure(&error.to_string()))?;
    let values = Values { database: database.to_owned(), ..running.site.values.clone() };
    Ok(act(&client_of(host, client, &found, &values)?))
}
