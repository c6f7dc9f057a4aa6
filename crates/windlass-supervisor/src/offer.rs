//! What a service has for tests: a database, a server, or a share of what all have.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use windlass_host::{HeldPort, Host, Lock};
use windlass_services::{Definition, Kind, Mode, Values};

use crate::backend::Main;
use crate::chain::Link;
use crate::cluster::Cluster;
use crate::copies::{Copies, SHARED};
use crate::databases::Databases;
use crate::kept::any_port;
use crate::pool::{Bounds, Pool};
use crate::start::{Running, Site, Start};
use crate::{Found, Run, StartError, remains, template};

/// How many databases that failed tests had are kept.
const N_KEPT: usize = 8;
/// On how many ports a server is tried.
const N_PORTS: usize = 3;

/// What a test has been given.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    pub(crate) mode: &'static str,
    /// What it is called, for those who want to connect to it later.
    pub(crate) name: String,
    pub(crate) values: Values,
    what: What<'a>,
}

#[derive(Debug)]
enum What<'a> {
    Clone,
    Database,
    Server(Box<Running<'a>>),
    Shared,
}

/// What a service has for tests.
pub(crate) struct Offer<'a> {
    host: &'a Host,
    definition: &'a Definition,
    /// Those of the server that all share.
    values: Values,
    clones: Option<(Arc<Copies<'a>>, Pool<'a, String>)>,
    databases: Option<Databases<'a>>,
    /// None where the service runs in a container: one for all.
    servers: Option<Pool<'a, Box<Running<'a>>>>,
    /// Where windlass writes for the workspace's services.
    dir: PathBuf,
    /// The command that connects to the service.
    pub(crate) connect: String,
    /// What failed tests had.
    kept: Mutex<OfFailed>,
}

/// What failed tests had.
#[derive(Debug, Default)]
pub(crate) struct OfFailed {
    /// The databases that are kept, each with the name of the test.
    pub(crate) databases: Vec<(String, String)>,
    /// How many tests have failed.
    pub(crate) n_failed: usize,
    /// Held from the first on, so that nobody looks at what an earlier run has left.
    pub(crate) lock: Option<Lock>,
}

/// What makes servers and databases.
pub(crate) struct Making<'a> {
    pub(crate) start: &'a Start<'a>,
    pub(crate) definition: &'a Definition,
    pub(crate) found: &'a Found,
    pub(crate) links: &'a [Link<'a>],
}

impl<'a> Making<'a> {
    /// A server of that name, on a port of its own.
    fn server(&self, name: &str) -> Result<Running<'a>, StartError> {
        let host = self.start.host;
        let running = self.start_on(name, || Ok((any_port(host)?, host.random(16)?)))?;
        if self.definition.kind == Kind::Postgres {
            let values = &running.site.values;
            let made = Copies::of(host, Cluster::of(values)).and_then(|copies| copies.make_main(values));
            made.map_err(|error| running.site.failure(&error.to_string()))?;
        }
        Ok(running)
    }

    /// Servers made ahead: where one is what tests get, it is worth having ready; where it is the exception, it is not.
    fn ahead(self) -> Pool<'a, Box<Running<'a>>> {
        let (host, definition) = (self.start.host, self.definition);
        let ready = if definition.modes.first() == Some(&Mode::Server) { 2 } else { 0 };
        let make = move |n| {
            let server = self.server(&format!("{}-{n}", definition.name));
            server.map(Box::new).map_err(|error| error.to_string())
        };
        let discard = |server: Box<Running<'a>>| {
            let dir: PathBuf = server.site.dir.clone();
            drop(server);
            // What cannot be removed now goes with the directory of the run.
            let _ = host.remove_tree(&dir);
        };
        let bounds = Bounds { ready, before: 0, used: 2, all: usize::MAX };
        Pool::new(bounds, Box::new(make), Box::new(discard))
    }

    /// Starts a server of that name on the port and with the password that it is given, once more on another where somebody else
    /// was faster: not every system holds a port for it.
    pub(crate) fn start_on(
        &self,
        name: &str,
        mut given: impl FnMut() -> Result<(HeldPort, String), StartError>,
    ) -> Result<Running<'a>, StartError> {
        let Self { start, definition, found, .. } = *self;
        let mut n_tries = 0;
        loop {
            let (port, password) = given()?;
            n_tries += 1;
            match self.start(start.site(name, definition, found, port, password)?) {
                Err(error) if error.is_port_taken() && n_tries < N_PORTS => {
                    start.host.remove_tree(&start.place.join(name))?;
                }
                started => return started,
            }
        }
    }

    /// Starts the server of a site with all that its databases begin with.
    fn start(&self, site: Site<'a>) -> Result<Running<'a>, StartError> {
        if self.definition.kind == Kind::Postgres {
            return template::start(site, self.links);
        }
        site.init()?;
        site.launch()
    }
}

impl<'a> Offer<'a> {
    /// What the service has whose shared server `main` is; `making` makes it servers of their own.
    pub(crate) fn new(
        start: &'a Start<'a>,
        run: Run<'_>,
        main: &Main<'a>,
        making: Option<Making<'a>>,
    ) -> Result<Self, StartError> {
        let (host, definition, values) = (start.host, main.definition(), main.values());
        let clones = match definition.kind {
            Kind::Postgres => {
                let copies = Copies::of(host, Cluster::of(values));
                let copies = Arc::new(copies.map_err(|error| main.failure(&format!("cannot be copied: {error}")))?);
                let pool = copies.ahead(host.room_bytes(start.place));
                Some((copies, pool))
            }
            _ => None,
        };
        let servers = making.map(Making::ahead);
        let (databases, values) = (Databases::of(host, definition, values), values.clone());
        Ok(Self {
            host,
            definition,
            values,
            clones,
            databases,
            servers,
            dir: run.dir.to_owned(),
            connect: format!("{} connect {}", run.program, definition.name),
            kept: Mutex::default(),
        })
    }

    /// Makes the database that the workspace's own programs are given, while others make what tests will ask for.
    pub(crate) fn make_main(&self) -> Result<(), StartError> {
        let Some((copies, _)) = &self.clones else { return Ok(()) };
        let made = copies.make_main(&self.values);
        made.map_err(|error| StartError::failed(self.name(), format!("has no database: {error}"), ""))
    }

    pub(crate) fn name(&self) -> &str {
        &self.definition.name
    }

    pub(crate) fn definition(&self) -> &'a Definition {
        self.definition
    }

    /// Makes ahead what tests will ask for, until [`Offer::end`]: databases.
    pub(crate) fn work_on_clones(&self) {
        if let Some((_, clones)) = &self.clones {
            clones.work();
        }
    }

    /// Makes ahead what tests will ask for, until [`Offer::end`]: servers.
    pub(crate) fn work_on_servers(&self) {
        if let Some(servers) = &self.servers {
            servers.work();
        }
    }

    pub(crate) fn end(&self) {
        if let Some(servers) = &self.servers {
            servers.end();
        }
        if let Some((_, clones)) = &self.clones {
            clones.end();
        }
    }

    /// Gives a test what it asks for, or what tests of this service usually get.
    pub(crate) fn give(&self, mode: Option<&str>) -> Result<Given<'a>, String> {
        let modes = &self.definition.modes;
        let asked = match mode {
            None => self.usual(),
            Some(mode) => modes.iter().find(|it| it.as_str() == mode),
        };
        let asked = asked.copied().ok_or_else(|| {
            let names: Vec<&str> = modes.iter().map(|mode| mode.as_str()).collect();
            format!("`{}` gives no `{}`; it gives {}", self.name(), mode.unwrap_or_default(), names.join(", "))
        })?;
        let shared = |database: String| Values { database, ..self.values.clone() };
        let (name, values, what) = match (asked, &self.clones, &self.databases) {
            (Mode::Clone, Some((_, clones)), _) => {
                let name = clones.take().map_err(|why| format!("`{}` has no database to give: {why}", self.name()))?;
                (name.clone(), shared(name), What::Clone)
            }
            (Mode::Database, _, Some(databases)) => {
                let name = databases.make()?;
                (name.clone(), shared(name), What::Database)
            }
            (Mode::Server, ..) => {
                let servers = self.servers.as_ref().ok_or_else(|| self.only_one())?;
                let server = servers.take()?;
                let values = server.site.values.clone();
                (values.id.clone(), values, What::Server(server))
            }
            (_, Some((copies, _)), _) => {
                copies.share().map_err(|error| error.to_string())?;
                (SHARED.to_owned(), shared(SHARED.to_owned()), What::Shared)
            }
            _ => (self.values.database.clone(), self.values.clone(), What::Shared),
        };
        Ok(Given { mode: asked.as_str(), name, values, what })
    }

    /// What a test gets that asks for nothing in particular: the first mode, unless a container cannot give that and has something
    /// else that is the test's alone.
    fn usual(&self) -> Option<&Mode> {
        let modes = &self.definition.modes;
        let first = modes.first();
        if first == Some(&Mode::Server) && self.servers.is_none() {
            return modes.iter().find(|mode| matches!(mode, Mode::Clone | Mode::Database)).or(first);
        }
        first
    }

    /// The command that looks into what a test has been given when that has failed and the run is over.
    pub(crate) fn kept_by(&self, given: &Given<'_>) -> Option<String> {
        let is_kept = matches!(given.what, What::Clone);
        is_kept.then(|| format!("{} --kept {}", self.connect, given.name))
    }

    fn only_one(&self) -> String {
        let modes = self.definition.modes.iter().filter(|mode| **mode != Mode::Server).map(|mode| mode.as_str());
        format!(
            "`{}` runs in a container here, one for all tests, and gives none a server of its own; it gives {}: ask for that, or \
             have its programs at hand",
            self.name(),
            modes.collect::<Vec<_>>().join(", ")
        )
    }

    /// Takes back what a test had; what the test `kept` had, which failed, is kept while there is room.
    pub(crate) fn take_back(&self, given: Given<'a>, kept: Option<String>) {
        match (given.what, &self.clones, &self.databases) {
            (What::Clone, Some((_, clones)), _) => {
                let mut list = self.kept();
                list.n_failed += usize::from(kept.is_some());
                if kept.is_some() && list.lock.is_none() {
                    list.lock = remains::lock(self.host, &self.dir, self.name()).ok().flatten();
                }
                match kept.filter(|_| list.databases.len() < N_KEPT) {
                    Some(test) => list.databases.push((given.name, test)),
                    None => clones.give_back(given.name),
                }
            }
            (What::Database, _, Some(databases)) => databases.remove(&given.name),
            (What::Server(server), ..) => {
                if let Some(servers) = &self.servers {
                    servers.give_back(server);
                }
            }
            _ => {}
        }
    }

    /// What failed tests had.
    pub(crate) fn kept(&self) -> MutexGuard<'_, OfFailed> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
