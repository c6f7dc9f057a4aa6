//! What a person talks to a server with.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use windlass_host::Host;
use windlass_plan::Command;
use windlass_services::{Definition, Root, Values};

use super::kept::KeptServer;
use crate::account::Account;
use crate::cluster::set_password;
use crate::container::{self, StartContainer};
use crate::containers::sweep_and_say;
use crate::kept::any_port;
use crate::place::Place;
use crate::start::Start;
use crate::{Found, Launcher, StartError, find, remains};

/// How long an engine of containers may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

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

/// The command that talks to a server of development.
///
/// # Errors
///
/// When the client is not at hand, or the service has none.
pub fn connect(host: &Host, client: Client<'_>, server: &KeptServer) -> Result<Command, StartError> {
    match &server.container {
        Some(container) => of_container(host, client, container, &server.values),
        None => of_machine(host, client, Some(&find(host, client.definition.programs())?), &server.values),
    }
}

/// A client of this machine: that of the server's own programs, where they are at hand.
fn of_machine(host: &Host, client: Client<'_>, found: Option<&Found>, values: &Values) -> Result<Command, StartError> {
    let (mut words, env) = words(client, values)?;
    if let Some(found) = found {
        words = found.resolved(host, words);
    }
    let command = Command::new(&words[0], client.cwd.to_string_lossy()).args(&words[1..]).args(client.args);
    let command = match found {
        Some(found) => found.with_libraries(command),
        None => command,
    };
    Ok(set(command, &env))
}

/// The client of this machine, if there is one, else the one that the container has.
fn of_container(host: &Host, client: Client<'_>, container: &str, values: &Values) -> Result<Command, StartError> {
    let Client { definition, cwd, args } = client;
    let (on_machine, env) = words(client, values)?;
    let found = find(host, definition.programs()).ok();
    if found.is_some() || host.find_program(&on_machine[0]).is_some() {
        return of_machine(host, client, found.as_ref(), values);
    }
    let failed = |what: String| StartError::failed(&definition.name, what, "");
    let engine = container::connect(host, &definition.name)?.engine();
    let engine = engine.map_err(|error| failed(format!("cannot be reached in its container: {error}")))?.program;
    if host.find_program(&engine).is_none() {
        let client = &on_machine[0];
        let what = format!(
            "has its client in a container: there is neither `{client}` on `PATH`, nor `{engine}`, which runs that one"
        );
        return Err(failed(what));
    }
    // Its program would take another engine than windlass, where there are two.
    let socket = host.container_engine(ANSWER).map_err(|error| failed(format!("needs a container: {error}")))?;
    let socket = format!("unix://{}", socket.display());
    let (within, _) = words(client, &Values { port: definition.port, ..values.clone() })?;
    let mut command = Command::new(engine, cwd.to_string_lossy()).args(["exec", "--interactive"]);
    if host.is_talked_to() {
        command = command.arg("--tty");
    }
    // Its value is the command's own: arguments can be read by everybody.
    let names = env.keys().flat_map(|name| ["--env", name]);
    let command = command.args(names).arg(container).args(within).args(args);
    Ok(set(command.env("DOCKER_HOST", &*socket).env("CONTAINER_HOST", &*socket), &env))
}

fn set(command: Command, env: &BTreeMap<String, String>) -> Command {
    env.iter().fold(command, |command, (name, value)| command.env(name, value))
}

/// The client with what is set for it.
fn words(client: Client<'_>, values: &Values) -> Result<(Vec<String>, BTreeMap<String, String>), StartError> {
    let (words, env) = client.definition.client(values);
    if words.is_empty() {
        let what = "has no client; `package.client` names one: a program and its arguments";
        return Err(StartError::failed(&client.definition.name, what, ""));
    }
    Ok((words, env))
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
    sweep_and_say(host);
    let definition = client.definition;
    let is_contained = remains::read(host, dir, &definition.name)?.is_some_and(|remains| remains.in_container);
    if is_contained {
        let place = Place::make(host, Account::Own)?;
        let start = StartContainer { host, place: &place.dir, id: &place.id, may_pull: true };
        let running = remains::start_contained(dir, start, definition)?;
        set_password(host, &running.values).map_err(|error| running.failure(&error.to_string()))?;
        let values = Values { database: database.to_owned(), ..running.values.clone() };
        return Ok(act(&of_container(host, client, &running.name, &values)?));
    }
    let found = find(host, definition.programs())?;
    let account = if definition.process.root == Root::Refuses { Account::of_servers(host)? } else { Account::Own };
    let place = Place::make(host, account)?;
    let start = Start { host, launcher, account, place: &place.dir, id: &place.id, home: None, root: Path::new("/") };
    let port = any_port(host)?;
    let site = start.site(&definition.name, definition, &found, port, host.random(16)?)?;
    remains::copy(host, dir, &definition.name, &found.version, site.data())?;
    let running = site.launch()?;
    set_password(host, &running.site.values).map_err(|error| running.site.failure(&error.to_string()))?;
    let values = Values { database: database.to_owned(), ..running.site.values.clone() };
    Ok(act(&of_machine(host, client, Some(&found), &values)?))
}
