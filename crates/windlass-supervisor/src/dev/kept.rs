//! What the process that keeps the servers of development says of them, and whether that is what the services say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use windlass_services::{Definition, Values};

use crate::Way;

/// The servers that run, as the process says that keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The process.
    pub pid: u32,
    pub(crate) boot: String,
    /// When they were started.
    pub since_unix_ms: u64,
    /// Whether all have been ready.
    pub is_ready: bool,
    /// The servers by the names of their services.
    pub servers: BTreeMap<String, KeptServer>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptServer {
    /// What is known of it, its password too.
    pub values: Values,
    /// How it has ended, if it has.
    pub ended: Option<String>,
    /// Stands for the configuration that it was started with.
    pub(crate) configured: String,
    /// Its process, if it is one of this machine.
    pub(crate) pid: Option<u32>,
    /// The program that it runs, where the system says it.
    pub(crate) program: Option<PathBuf>,
    /// Its container, if it is in one.
    pub(crate) container: Option<String>,
}

impl KeptServer {
    /// Whether it runs in a container.
    pub fn is_contained(&self) -> bool {
        self.container.is_some()
    }
}

impl Kept {
    /// What is otherwise than the services say, each in a sentence; nothing where all run as they should.
    pub fn differs(&self, definitions: &[Definition], ways: &[Way]) -> Vec<String> {
        let mut said = Vec::new();
        for (definition, way) in definitions.iter().zip(ways) {
            let name = &definition.name;
            said.extend(match self.servers.get(name) {
                None => Some(format!("`{name}` is new")),
                Some(KeptServer { ended: Some(how), .. }) => Some(format!("`{name}` has ended: {how}")),
                Some(it) => match way {
                    Way::Process(found) if it.container.is_none() && it.values.version != found.version => {
                        Some(format!("`{name}` has version {}, and {} is at hand", it.values.version, found.version))
                    }
                    _ if it.configured != configured(definition, way) => {
                        Some(format!("`{name}` is configured otherwise by now"))
                    }
                    _ => None,
                },
            });
        }
        let is_declared = |name: &String| definitions.iter().any(|definition| definition.name == *name);
        let gone = self.servers.keys().filter(|name| !is_declared(name));
        said.extend(gone.map(|name| format!("`{name}` is no longer declared")));
        said
    }
}

/// What stands for all that a server is started with.
pub(crate) fn configured(definition: &Definition, way: &Way) -> String {
    let Definition { process, container, version, settings, url, .. } = definition;
    let how = match way {
        Way::Process(found) => format!("{:?}", (process, found)),
        Way::Container => format!("{:?}", (container, version, process.stop)),
    };
    let all = format!("{:?}", (how, &settings.base, &settings.dev, &settings.own, url));
    Sha256::digest(all.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
