//! The process that owns a run's servers.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use windlass_host::{Host, Signal};
use windlass_services::Definition;

use crate::account::Account;
use crate::backend::{Main, Way, refuses_root, way};
use crate::container::StartContainer;
use crate::containers::sweep_and_say;
use crate::kept::Kept;
use crate::lease::Leases;
use crate::offer::{Making, Offer};
use crate::place::Place;
use crate::start::{Start, StartError};
use crate::{chain, contained, remains};

/// How often servers, signals and the owner are looked at.
const TICK: Duration = Duration::from_millis(10);
/// How many databases, and how many servers, are made at once for the tests of a service.
const N_WORKERS: usize = 2;

/// The words that become a server which dies with the process that starts it: this program, and the subcommand that does so.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The program and its first arguments; the number of the parent, that of a signal and the server's command follow.
    pub words: Vec<String>,
}

impl Launcher {
    pub(crate) fn words(&self, parent: u32, die: Signal, server: Vec<String>) -> Vec<String> {
        let numbers = [parent.to_string(), die.as_raw().to_string()];
        self.words.iter().cloned().chain(numbers).chain(["--".to_owned()]).chain(server).collect()
    }
}

/// What the supervisor says on its standard output once all servers are ready, before the path of a file that nobody else may
/// read: a JSON object of what they give, such as `postgres.url`.
pub const READY: &str = "services ready: ";

/// What the supervisor says on its standard output before it ends because the programs of a service are not at hand, and the name of
/// that service.
pub(crate) const NOT_AT_HAND: &str = "services not at hand: ";

/// What the path of the socket is called among what services give at which tests ask for what is theirs alone.
pub const SOCKET: &str = "windlass.socket";

/// For whom servers run, and where.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The workspace's root.
    pub root: &'a Path,
    /// Where windlass writes for the workspace's services.
    pub dir: &'a Path,
    /// What the user types before the name of a task: `cargo xtask` or `windlass`.
    pub program: &'a str,
    /// What becomes a server.
    pub launcher: &'a Launcher,
    /// The process whose end is the end of the servers.
    pub owner: u32,
    /// Whether an image may be fetched that is not there.
    pub may_pull: bool,
}

/// Starts the servers of services, says so by [`READY`], gives tests what they ask for, and keeps the servers until it is asked to
/// stop, or the owner has died. Nothing is left afterwards but what failed tests had, in `kept/`.
///
/// # Errors
///
/// When a server cannot be started, or ends while it is needed.
pub fn supervise(host: &Host, definitions: &[Definition], run: Run<'_>) -> Result<(), StartError> {
    // From the first moment: what a template takes to build may be much longer than the life of who wants it.
    host.end_with(run.owner).map_err(StartError::Owner)?;
    sweep_and_say(host);
    let (ways, account) = look(host, definitions)?;
    let mut links = Vec::new();
    for (definition, way) in definitions.iter().zip(&ways) {
        let version = match way {
            Way::Process(found) => &*found.version,
            Way::Container => "in a container",
        };
        links.push(chain::read(host, run.root, definition, version)?);
    }
    let place = Place::make(host, account)?;
    let mut kept = Kept::read(host, run.dir)?;
    let start =
        Start { host, launcher: run.launcher, account, place: &place.dir, id: &place.id, home: None, root: run.root };
    let mut running = Vec::new();
    let mut offers = Vec::new();
    for ((definition, way), links) in definitions.iter().zip(&ways).zip(&links) {
        let (main, making) = match way {
            Way::Process(found) => {
                let making = Making { start: &start, definition, found, links };
                let mut is_taken = false;
                let running = making.start_on(&definition.name, || {
                    let (port, password, said) = kept.address(host, &definition.name, is_taken)?;
                    if let Some(said) = said {
                        host.print_error(&format!("note: {said}\n"));
                    }
                    is_taken = true;
                    Ok((port, password))
                })?;
                (Main::Process(running), Some(making))
            }
            Way::Container => {
                let container = StartContainer { host, place: &place.dir, id: &place.id, may_pull: run.may_pull };
                (Main::Container(contained::start(container, run.root, definition, links, &mut kept)?), None)
            }
        };
        offers.push(Offer::new(&start, run, &main, making)?);
        running.push(main);
    }
    kept.keep(host)?;
    serve(host, &place.dir, &offers, &mut running)?;
    for (offer, server) in offers.iter().zip(&mut running) {
        remains::keep(host, run.dir, server, &mut offer.kept(), &offer.connect)?;
    }
    Ok(())
}

/// In which way each service runs, and as whom servers do that refuse root.
fn look(host: &Host, definitions: &[Definition]) -> Result<(Vec<Way>, Account), StartError> {
    // All that are missing are known before any is started.
    let (ways, account) = thread::scope(|scope| {
        let account = scope.spawn(|| Account::of_servers(host));
        let ways: Vec<_> = definitions.iter().map(|definition| scope.spawn(move || way(host, definition))).collect();
        let ways = ways.into_iter().map(|way| way.join().expect("looking for programs does not panic"));
        let ways = ways.collect::<Result<Vec<_>, _>>();
        (ways, account.join().expect("asking what the system allows does not panic"))
    });
    if let Err(StartError::NotAtHand { name, .. }) = &ways {
        host.print(&format!("{NOT_AT_HAND}{name}\n"));
    }
    let ways = ways?;
    let account = if refuses_root(definitions, &ways) { account? } else { Account::Own };
    Ok((ways, account))
}

/// Gives tests what they ask for, for as long as the servers are needed.
fn serve<'a>(host: &'a Host, place: &Path, offers: &[Offer<'a>], running: &mut [Main<'_>]) -> Result<(), StartError> {
    let socket = place.join("lease.sock");
    let listener = host.listen_unix(&socket)?;
    let leases = Leases::new(host, offers);
    thread::scope(|scope| {
        for offer in offers {
            for _ in 0..N_WORKERS {
                scope.spawn(|| offer.work_on_clones());
                scope.spawn(|| offer.work_on_servers());
            }
        }
        scope.spawn(|| leases.serve(&listener, scope));
        let made = offers.iter().try_for_each(Offer::make_main);
        let kept = made.and_then(|()| say_ready(host, place, &socket, running)).and_then(|()| keep(host, running));
        leases.end();
        kept
    })
}

fn say_ready(host: &Host, place: &Path, socket: &Path, running: &[Main<'_>]) -> Result<(), StartError> {
    let gives = running.iter().flat_map(|it| it.definition().gives(it.values()));
    let socket = (SOCKET.to_owned(), socket.to_string_lossy().into_owned());
    let given: BTreeMap<String, String> = gives.chain([socket]).collect();
    let file = place.join("given.json");
    host.write_private(&file, &serde_json::to_string(&given).expect("texts hold nothing that JSON cannot"))?;
    host.print(&format!("{READY}{}\n", file.display()));
    Ok(())
}

/// Keeps the servers for as long as they are needed.
fn keep(host: &Host, running: &mut [Main<'_>]) -> Result<(), StartError> {
    while host.interrupted_by().is_none() {
        for it in &mut *running {
            if let Some(outcome) = it.ended() {
                return Err(it.failure(&format!("ended while it was needed: {outcome}")));
            }
        }
        host.sleep(TICK);
    }
    Ok(())
}
