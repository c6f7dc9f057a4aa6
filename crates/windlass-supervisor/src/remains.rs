//! What failed tests had, kept beyond their run until the next one that has failed tests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use windlass_host::{Host, HostError, Lock};
use windlass_services::{Definition, PostgresError, Values};

use crate::StartError;
use crate::backend::Main;
use crate::cluster::{Cluster, quoted};
use crate::container::{Data, RunningContainer, StartContainer};
use crate::offer::OfFailed;
use crate::template::TEMPLATE;

/// The databases that failed tests of one run had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// The service.
    pub service: String,
    /// The version of the server that wrote them.
    pub version: String,
    /// Whether that ran in a container: what is kept is its backup.
    pub in_container: bool,
    /// Each database with the name of the test that had it.
    pub databases: Vec<(String, String)>,
}

/// Where the data of a service's failed tests is.
pub(crate) fn data(dir: &Path, service: &str) -> PathBuf {
    dir.join("kept").join(service)
}

fn index(dir: &Path, service: &str) -> PathBuf {
    dir.join("kept").join(format!("{service}.json"))
}

/// Keeps the data of a server in place of what an earlier run has kept; nothing where no test has failed.
pub(crate) fn keep(
    host: &Host,
    dir: &Path,
    server: &mut Main<'_>,
    kept: &mut OfFailed,
    connect: &str,
) -> Result<(), StartError> {
    let OfFailed { databases, n_failed, lock } = kept;
    if databases.is_empty() {
        return Ok(());
    }
    let service = server.definition().name.clone();
    let Some(_lock) = lock.take() else {
        host.print_error(&format!(
            "note: what failed tests had of `{service}` is not kept: another run keeps what its own had\n"
        ));
        return Ok(());
    };
    // What nobody wants to see is not copied; what cannot be removed is.
    let _ = reduce(host, server.values(), databases);
    let (to, index) = (data(dir, &service), index(dir, &service));
    host.remove_file(&index)?;
    host.remove_tree(&to)?;
    let version = server.values().version.clone();
    let in_container = match server {
        Main::Process(server) => {
            server.halt();
            host.copy_tree(server.site.data(), &to)?;
            false
        }
        Main::Container(server) => {
            server.back_up(&to)?;
            true
        }
    };
    let n = databases.len();
    host.print_error(&format!(
        "note: what failed tests had of `{service}` is kept, of {n} of {n_failed}: `{connect} --kept` lists it\n"
    ));
    let remains = Remains { service, version, in_container, databases: databases.clone() };
    Ok(host.write_text(&index, &serde_json::to_string(&remains).expect("texts hold nothing that JSON cannot"))?)
}

/// Removes all databases but these.
fn reduce(host: &Host, values: &Values, databases: &[(String, String)]) -> Result<(), PostgresError> {
    let mut session = Cluster::of(values).control(host)?;
    session.query(&format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE false"))?;
    let others = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'";
    for name in session.query(others)?.into_iter().flatten().flatten() {
        if databases.iter().all(|(kept, _)| *kept != name) {
            session.query(&format!("DROP DATABASE {} WITH (FORCE)", quoted(&name)))?;
        }
    }
    Ok(())
}

/// Copies what is kept of a service for a server of a version.
///
/// # Errors
///
/// When a run is replacing it at the moment, or another major version has written it.
pub(crate) fn copy(host: &Host, dir: &Path, service: &str, version: &str, to: &Path) -> Result<(), StartError> {
    let failed = |what: String| StartError::failed(service, what, "");
    let _lock = wait(host, dir, service)?;
    let wrote = of(host, dir, service)?.map(|remains| remains.version).unwrap_or_default();
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    if major(&wrote) != major(version) {
        return Err(failed(format!(
            "was kept by version {wrote}, and there is {version}: have the failed tests run again"
        )));
    }
    Ok(host.copy_tree(&data(dir, service), to)?)
}

/// Starts a container with what one has left of a service.
///
/// # Errors
///
/// When a run is replacing it at the moment, or the container cannot be started.
pub(crate) fn start_contained<'a>(
    dir: &Path,
    container: StartContainer<'a>,
    definition: &'a Definition,
) -> Result<RunningContainer<'a>, StartError> {
    let (host, service) = (container.host, &*definition.name);
    let _lock = wait(host, dir, service)?;
    container.start(definition, host.random(16)?, None, Data::Memory(&|_| Some(data(dir, service))))
}

/// Held by who keeps what failed tests have, or looks at it; `None` if somebody else does.
pub(crate) fn lock(host: &Host, dir: &Path, service: &str) -> Result<Option<Lock>, HostError> {
    host.make_dir(&dir.join("kept"))?;
    host.lock(&dir.join("kept").join(format!("{service}.lock")))
}

/// The lock, once a run that ends at the moment has ended.
fn wait(host: &Host, dir: &Path, service: &str) -> Result<Lock, StartError> {
    for _ in 0..600 {
        if let Some(lock) = lock(host, dir, service)? {
            return Ok(lock);
        }
        if host.interrupted_by().is_some() {
            return Err(StartError::Interrupted);
        }
        host.sleep(Duration::from_millis(50));
    }
    let what = "is being kept by a run that goes on: look again when it has ended";
    Err(StartError::failed(service, what, ""))
}

/// What the last run that had failed tests has kept of a service.
///
/// # Errors
///
/// When it is there and cannot be read, or a run that goes on has failed tests.
pub fn read(host: &Host, dir: &Path, service: &str) -> Result<Option<Remains>, StartError> {
    let _lock = wait(host, dir, service)?;
    of(host, dir, service)
}

fn of(host: &Host, dir: &Path, service: &str) -> Result<Option<Remains>, StartError> {
    let text = host.read_text(&index(dir, service))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
