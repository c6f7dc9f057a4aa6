//! Ports and passwords of a worktree: chosen once and kept, so that nothing is compiled again because an address has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use windlass_host::{HeldPort, Host, HostError, Lock};
use windlass_services::Values;

use crate::StartError;

/// How one server of a worktree is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Address {
    port: u16,
    password: String,
}

/// The addresses of a worktree.
#[derive(Debug)]
pub(crate) struct Kept {
    file: PathBuf,
    addresses: BTreeMap<String, Address>,
    /// Held by the run whose servers have these addresses; without it, this run has addresses of its own, and keeps none.
    lock: Option<Lock>,
}

impl Kept {
    /// Those of the worktree that windlass writes to `dir` for; a file that cannot be read is as good as none.
    pub(crate) fn read(host: &Host, dir: &Path) -> Result<Self, HostError> {
        host.make_dir(dir)?;
        let file = dir.join("addresses.json");
        let lock = host.lock(&dir.join("addresses.lock"))?;
        let text = host.read_text(&file)?.unwrap_or_default();
        let addresses = lock.as_ref().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(Self { file, addresses, lock })
    }

    /// A held port and the password of a service, and what is to be said of the port; `is_taken` if somebody else has the one that it
    /// had.
    pub(crate) fn address(
        &mut self,
        host: &Host,
        name: &str,
        is_taken: bool,
    ) -> Result<(HeldPort, String, Option<String>), StartError> {
        let before = self.addresses.get(name).cloned();
        let held =
            before.as_ref().filter(|_| !is_taken).and_then(|it| host.hold_port(Some(it.port)).transpose()).transpose();
        let (port, said) = match (held.map_err(StartError::Port)?, &before) {
            (Some(port), _) => (port, None),
            (None, before) => {
                let port = any_port(host)?;
                let said = match (before, &self.lock) {
                    (Some(taken), _) => {
                        Some(format!("port {} of `{name}` is taken: it has {} now", taken.port, port.port))
                    }
                    (None, None) => {
                        Some(format!("another run of this workspace goes on: `{name}` has port {} here", port.port))
                    }
                    (None, Some(_)) => None,
                };
                (port, said)
            }
        };
        let password = match before {
            Some(address) => address.password,
            None => host.random(16)?,
        };
        self.addresses.insert(name.to_owned(), Address { port: port.port, password: password.clone() });
        Ok((port, password, said))
    }

    /// The port that a service had, if it had one, and its password.
    pub(crate) fn known(&self, host: &Host, name: &str) -> Result<(Option<u16>, String), StartError> {
        match self.addresses.get(name) {
            Some(address) => Ok((Some(address.port), address.password.clone())),
            None => Ok((None, host.random(16)?)),
        }
    }

    /// Remembers where a service is reached; what is to be said of a port that has changed.
    pub(crate) fn remember(&mut self, name: &str, values: &Values) -> Option<String> {
        let Values { port, password, .. } = values;
        let before = self.addresses.insert(name.to_owned(), Address { port: *port, password: password.clone() });
        let taken = before.filter(|before| before.port != *port)?;
        Some(format!("port {} of `{name}` is taken: it has {port} now", taken.port))
    }

    /// Writes them down, readable by nobody else.
    pub(crate) fn keep(&self, host: &Host) -> Result<(), HostError> {
        let text = serde_json::to_string(&self.addresses).expect("addresses hold nothing that JSON cannot");
        if self.lock.is_some() { host.write_private(&self.file, &text) } else { Ok(()) }
    }
}

/// Any port that is free.
pub(crate) fn any_port(host: &Host) -> Result<HeldPort, StartError> {
    let none = || StartError::Port(std::io::ErrorKind::AddrInUse.into());
    host.hold_port(None).map_err(StartError::Port)?.ok_or_else(none)
}
