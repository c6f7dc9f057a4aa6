//! What the process that keeps the servers of development says of them, and whether that is what the services say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use windlass_services::{Definition, Values};

use crate::Found;

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
    pub(crate) pid: u32,
    /// The program that it runs, where the system says it.
    pub(crate) program: Option<PathBuf>,
}

impl Kept {
    /// What is otherwise than the services say, each in a sentence; nothing where all run as they should.
    pub fn differs(&self, definitions: &[Definition], found: &[Found]) -> Vec<String> {
        let mut said = Vec::new();
        for (definition, found) in definitions.iter().zip(found) {
            let name = &definition.name;
            said.extend(match self.servers.get(name) {
                None => Some(format!("`{name}` is new")),
                Some(KeptServer { ended: Some(how), .. }) => Some(format!("`{name}` has ended: {how}")),
                Some(it) if it.values.version != found.version => {
                    Some(format!("`{name}` has version {}, and {} is at hand", it.values.version, found.version))
                }
                Some(it) if it.configured != configured(definition, found) => {
                    Some(format!("`{name}` is configured otherwise by now"))
                }
                Some(_) => None,
            });
        }
        let is_declared = |name: &String| definitions.iter().any(|definition| definition.name == *name);
        let gone = self.servers.keys().filter(|name| !is_declared(name));
        said.extend(gone.map(|name| format!("`{name}` is no longer declared")));
        said
    }
}

/// What stands for all that a server is started with.
pub(crate) fn configured(definition: &Definition, found: &Found) -> String {
    let Definition { process, settings, url, .. } = definition;
    let all = format!("{:?}", (process, &settings.base, &settings.dev, &settings.own, url, found));
    Sha256::digest(all.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
