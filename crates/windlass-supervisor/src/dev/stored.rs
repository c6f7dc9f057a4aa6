//! What services of development have, and in which way they run.

use std::path::PathBuf;

use windlass_host::{Host, HostError};
use windlass_services::{Backend, Definition, Kind};

use super::home::Home;
use super::volume::{self, Stored};
use crate::container::connect;
use crate::{StartError, Way, way};

impl Home {
    /// The volume that has the data of a service of which a server has run in a container.
    pub fn volume_of(&self, host: &Host, service: &str) -> Option<String> {
        Stored::read(host, self, service).map(|stored| stored.volume)
    }

    /// All volumes that have data of the worktree; none where no engine answers.
    pub fn volumes(&self, host: &Host) -> Vec<String> {
        volume::all(host).into_iter().filter(|(_, home)| home == self).map(|(name, _)| name).collect()
    }

    /// The services that have data, whether they are declared or not.
    pub fn stored(&self, host: &Host) -> Vec<String> {
        let names = host.list_dir(&self.dir).unwrap_or_default().into_iter();
        names
            .filter(|name| self.has(host, name, Backend::Process) || self.has(host, name, Backend::Container))
            .collect()
    }

    /// Whether a service has data of a server that ran so.
    pub(super) fn has(&self, host: &Host, service: &str, backend: Backend) -> bool {
        match backend {
            Backend::Process => host.is_dir(&self.data_of(service)),
            Backend::Container => self.volume_of(host, service).is_some(),
        }
    }

    /// How the last server of a service ran, if it has that data still.
    pub(super) fn last_backend(&self, host: &Host, service: &str) -> Option<Backend> {
        let said = host.read_text(&self.backend_file(service)).ok().flatten().unwrap_or_default();
        let backend = [Backend::Process, Backend::Container].into_iter().find(|backend| backend.name() == said)?;
        self.has(host, service, backend).then_some(backend)
    }

    /// Remembers how a server of a service runs.
    pub(super) fn remember_backend(&self, host: &Host, service: &str, backend: Backend) -> Result<(), HostError> {
        host.write_text(&self.backend_file(service), backend.name())
    }

    fn backend_file(&self, service: &str) -> PathBuf {
        self.dir.join(service).join("backend")
    }

    /// The file that names it.
    pub(super) fn volume_file(&self, service: &str) -> PathBuf {
        self.dir.join(service).join("volume")
    }

    /// The services, each to run in the way in which its last server did that has data, unless its table says another.
    pub fn settled(&self, host: &Host, mut definitions: Vec<Definition>) -> Vec<Definition> {
        for it in definitions.iter_mut().filter(|it| it.backend.is_none()) {
            let others = [Backend::Process, Backend::Container].into_iter();
            let mut ways = self.last_backend(host, &it.name).into_iter().chain(others);
            it.backend = ways.find(|backend| self.has(host, &it.name, *backend));
        }
        definitions
    }

    /// In which way each service runs, seeing that it can, and that its programs can work on the data that is there.
    ///
    /// # Errors
    ///
    /// When programs or an engine are not at hand, or the data is of another version.
    pub fn ways(&self, host: &Host, definitions: &[Definition]) -> Result<Vec<Way>, StartError> {
        let way = |definition: &Definition| {
            let name = &*definition.name;
            let found = match way(host, definition)? {
                Way::Process(found) => found,
                Way::Container => return connect(host, name).map(|_| Way::Container),
            };
            let data = self.data_of(name);
            let version = match definition.kind {
                Kind::Postgres => host.read_text(&data.join("PG_VERSION"))?,
                _ => None,
            };
            match version.as_deref().map(str::trim) {
                Some(version) if found.version.split('.').next() != Some(version) => {
                    Err(StartError::Development(format!(
                        "the data of `{name}` was written by version {version}, and there is {}, which cannot read it\nhelp: \
                     `version = \"{version}\"` in `[services.{name}]` keeps to it, where that is at hand; `reset {name}` removes \
                     the data and starts afresh; it is in `{}`",
                        found.version,
                        data.display(),
                    )))
                }
                _ => Ok(Way::Process(found)),
            }
        };
        definitions.iter().map(way).collect()
    }
}
