//! The process that owns a run's servers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use windlass_host::{Host, Signal};
use windlass_services::{Definition, Root};

use crate::account::Account;
use crate::find;
use crate::kept::Kept;
use crate::place::{Place, sweep};
use crate::start::{Start, StartError};

/// How often servers, signals and the owner are looked at.
const TICK: Duration = Duration::from_millis(10);

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

/// Starts the servers of services, says so by [`READY`], and keeps them until it is asked to stop, or the process `owner` has
/// died; `dir` is where windlass writes for the workspace. Nothing is left afterwards.
///
/// # Errors
///
/// When a server cannot be started, or ends while it is needed.
pub fn supervise(
    host: &Host,
    definitions: Vec<Definition>,
    dir: &Path,
    launcher: &Launcher,
    owner: u32,
) -> Result<(), StartError> {
    let owner = host.watch(owner).map_err(StartError::Owner)?;
    let is_owned = || owner.as_ref().is_some_and(|owner| !owner.has_ended());
    for swept in sweep(host) {
        host.print_error(&format!("note: {swept}\n"));
    }
    // All that are missing are known before any is started.
    let found = definitions.iter().map(|definition| find(host, definition)).collect::<Result<Vec<_>, _>>()?;
    let refuses_root = definitions.iter().any(|definition| definition.process.root == Root::Refuses);
    let account = if refuses_root { Account::of_servers(host)? } else { Account::Own };
    let place = Place::make(host, account)?;
    let mut kept = Kept::read(host, dir)?;
    let start = Start { host, launcher, account, place: &place.dir, id: &place.id };
    let mut running = Vec::new();
    for (definition, found) in definitions.into_iter().zip(&found) {
        let (port, password, said) = kept.address(host, &definition.name)?;
        if let Some(said) = said {
            host.print_error(&format!("note: {said}\n"));
        }
        running.push(start.start(definition, found, port, password)?);
    }
    kept.keep(host)?;
    let given: BTreeMap<String, String> = running.iter().flat_map(|it| it.definition.gives(&it.values)).collect();
    let file = place.dir.join("given.json");
    host.write_private(&file, &serde_json::to_string(&given).expect("texts hold nothing that JSON cannot"))?;
    host.print(&format!("{READY}{}\n", file.display()));
    while host.interrupted_by().is_none() && is_owned() {
        for it in &mut running {
            if let Some(outcome) = it.server.ended() {
                return Err(it.failure(host, &format!("ended while it was needed: {outcome}")));
            }
        }
        host.sleep(TICK);
    }
    Ok(())
}
