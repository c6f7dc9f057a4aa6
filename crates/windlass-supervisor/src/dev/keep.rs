//! The process that keeps the servers of development.

use std::path::Path;
use std::time::Duration;

use windlass_host::{Host, HostError};
use windlass_plan::Command;
use windlass_services::{Backend, Definition, Kind, Root};

use super::home::Home;
use super::kept::{Kept, KeptServer, configured};
use super::{contained, first};
use crate::account::Account;
use crate::backend::{Main, refuses_root};
use crate::cluster::set_password;
use crate::container::StartContainer;
use crate::containers::sweep_and_say;
use crate::kept::Kept as Addresses;
use crate::place::Place;
use crate::start::{Running, Start};
use crate::{Found, Launcher, StartError, Way};

const TICK: Duration = Duration::from_millis(50);
/// A log that is longer makes room for a new one when its server starts.
const LOG_BYTES: u64 = 16 << 20;
/// How long a system may take to say whether a directory can be reached.
const ANSWER: Duration = Duration::from_secs(5);

/// Whose servers are kept, and how.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// Where they have what stays.
    pub home: &'a Home,
    /// What becomes a server.
    pub launcher: &'a Launcher,
    /// Whether an image may be fetched that is not there.
    pub may_pull: bool,
}

/// Starts the servers of development and keeps them, in a session of its own, until it is asked to stop; they are stopped in good
/// order then. One that ends by itself does not end the others.
///
/// # Errors
///
/// When they are kept already, or one cannot be started.
pub fn keep(host: &Host, definitions: &[Definition], keeping: Keeping<'_>) -> Result<(), StartError> {
    host.leave_session();
    let home = keeping.home;
    // What a dead process has kept is found by the lock that is taken next.
    sweep_and_say(host);
    home.make(host)?;
    let _lock = home
        .keep(host)?
        .ok_or_else(|| StartError::Development("the servers of development are kept by another process".into()))?;
    // At once, for what is there is of somebody who has died.
    let (pid, since_unix_ms) = (host.pid(), host.unix_ms());
    let (boot, servers) = home.last(host)?.map(|last| (last.boot, last.servers)).unwrap_or_default();
    let mut kept = Kept { pid, since_unix_ms, is_ready: false, boot, servers };
    home.write(host, &kept)?;
    home.see_off(host)?;
    kept.boot = host.boot_id();
    kept.servers.clear();
    let done = start_and_watch(host, definitions, keeping, &mut kept);
    // All have been stopped in good order; now others may know that they are gone.
    home.forget(host)?;
    done
}

/// Starts the servers, and writes down what becomes of them until this process is asked to stop.
fn start_and_watch(
    host: &Host,
    definitions: &[Definition],
    Keeping { home, launcher, may_pull }: Keeping<'_>,
    kept: &mut Kept,
) -> Result<(), StartError> {
    let ways = home.ways(host, definitions)?;
    let account = if refuses_root(definitions, &ways) { Account::of_servers(host)? } else { Account::Own };
    let place = Place::make(host, account)?;
    let start = Start { host, launcher, account, place: &place.dir, id: &place.id, home: None, root: &home.root };
    let durable = Start { home: Some(&home.dir), ..start };
    let container = StartContainer { host, place: &place.dir, id: &place.id, may_pull };
    let mut addresses = Addresses::read(host, &home.dir)?;
    let mut running = Vec::new();
    for (definition, way) in definitions.iter().zip(&ways) {
        make_room(host, home, definition)?;
        let backend = match way {
            Way::Process(_) => Backend::Process,
            Way::Container => Backend::Container,
        };
        first::say_other_data(host, home, &definition.name, backend);
        let server = match way {
            Way::Process(found) => {
                Main::Process(start_process(&start, &durable, home, definition, found, &mut addresses)?)
            }
            Way::Container => Main::Container(contained::start(container, home, definition, &mut addresses)?),
        };
        home.remember_backend(host, &definition.name, backend)?;
        if definition.kind == Kind::Postgres {
            // The file of addresses may have been lost.
            set_password(host, server.values()).map_err(|error| server.failure(&error.to_string()))?;
        }
        let (pid, container) = match &server {
            Main::Process(it) => (Some(it.pid()), None),
            Main::Container(it) => (None, Some(it.name.clone())),
        };
        let (values, configured) = (server.values().clone(), configured(definition, way));
        let program = pid.and_then(|pid| host.program_of(pid));
        let server_kept = KeptServer { values, ended: None, configured, pid, program, container };
        kept.servers.insert(definition.name.clone(), server_kept);
        running.push(server);
        home.write(host, kept)?;
    }
    kept.is_ready = true;
    home.write(host, kept)?;
    Ok(watch(host, home, kept, &mut running)?)
}

/// Makes the directory of a service, if it has none, and room in its log.
fn make_room(host: &Host, home: &Home, definition: &Definition) -> Result<(), HostError> {
    let dir = home.dir.join(&definition.name);
    if !host.is_dir(&dir) {
        host.make_private_dir(&dir)?;
    }
    let log = home.log_of(&definition.name);
    if host.file_bytes(&log) > LOG_BYTES {
        host.rename(&log, &log.with_extension("old"))?;
    }
    Ok(())
}

/// Starts a server as a process, on the data that it has, or on what tests begin with.
fn start_process<'a>(
    start: &Start<'_>,
    durable: &'a Start<'a>,
    home: &Home,
    definition: &'a Definition,
    found: &'a Found,
    addresses: &mut Addresses,
) -> Result<Running<'a>, StartError> {
    let (host, account, name) = (start.host, start.account, &*definition.name);
    let (port, password, said) = addresses.address(host, name, false)?;
    if let Some(said) = said {
        host.print_error(&format!("note: {said}\n"));
    }
    // Before there is data that has the password.
    addresses.keep(host)?;
    if host.uid() == 0 && account.owner().is_none() {
        // It may have been handed over when servers ran as somebody else.
        host.hand_over(&home.dir.join(name), 0)?;
    }
    let data = home.data_of(name);
    if !host.is_dir(&data) {
        first::make(start, definition, found, &password, &data)?;
    }
    if definition.process.root == Root::Refuses {
        see_that_it_is_reached(host, account, name, &home.dir)?;
    }
    durable.site(name, definition, found, port, password)?.launch()
}

/// Writes down what ends, until this process is asked to stop.
fn watch(host: &Host, home: &Home, kept: &mut Kept, running: &mut [Main<'_>]) -> Result<(), HostError> {
    while host.interrupted_by().is_none() {
        for it in &mut *running {
            let Some(server) = kept.servers.get_mut(&it.definition().name).filter(|server| server.ended.is_none())
            else {
                continue;
            };
            if let Some(how) = it.ended() {
                host.print_error(&format!("error: {}\n", it.failure(&format!("has ended: {how}"))));
                server.ended = Some(how);
                home.write(host, kept)?;
            }
        }
        host.sleep(TICK);
    }
    Ok(())
}

/// Sees that the user whom files are handed over to is let through to them.
fn see_that_it_is_reached(host: &Host, account: Account, service: &str, dir: &Path) -> Result<(), StartError> {
    if account.owner().is_none() {
        return Ok(());
    }
    // Those that windlass has made; the others are the user's.
    for dir in dir.ancestors().take(3) {
        host.let_through(dir)?;
    }
    let words = account.command(vec!["test".into(), "-d".into(), dir.join(".").to_string_lossy().into_owned()]);
    let asked = host.read(&Command::new(&words[0], "/").args(&words[1..]), ANSWER);
    if asked.is_ok_and(|answer| answer.code == Some(0)) {
        return Ok(());
    }
    let what = format!(
        "runs as `nobody` here, who is not let through to `{}`\nhelp: set `XDG_DATA_HOME` to a directory that everybody may pass \
         through",
        dir.display()
    );
    Err(StartError::failed(service, what, ""))
}
