//! What a test has.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use crate::held::{Held, hold};
use crate::protocol::Resource;

/// Something that belongs to a test until this is dropped.
#[must_use = "it is given back when it is dropped"]
pub struct Lease {
    resource: Resource,
    /// What the supervisor knows it by.
    held: Option<Arc<Held>>,
    /// The container that stands in for a server.
    #[cfg(feature = "testcontainers")]
    _container: Option<crate::containers::Running>,
}

impl Lease {
    pub(crate) fn of_supervisor(resource: Resource, stream: UnixStream, of_process: bool) -> Self {
        let held = Some(hold(&resource, stream, of_process));
        Self {
            resource,
            held,
            #[cfg(feature = "testcontainers")]
            _container: None,
        }
    }

    #[cfg(feature = "testcontainers")]
    pub(crate) fn of_container(resource: Resource, container: crate::containers::Running) -> Self {
        Self { resource, held: None, _container: Some(container) }
    }

    /// Where it is reached: over a unix socket where it has one (`postgres://user:password@%2Fdirectory:5432/database`).
    pub fn url(&self) -> &str {
        &self.resource.url
    }

    /// Where it is reached over TCP on the loopback interface: for what knows no unix sockets.
    pub fn tcp_url(&self) -> &str {
        &self.resource.tcp_url
    }

    /// The host of [`Lease::tcp_url`].
    pub fn host(&self) -> &str {
        &self.resource.host
    }

    /// The port of [`Lease::tcp_url`].
    pub fn port(&self) -> u16 {
        self.resource.port
    }

    /// The user, or nothing where the service has none.
    pub fn user(&self) -> &str {
        &self.resource.user
    }

    /// The password, or nothing where the service has none.
    pub fn password(&self) -> &str {
        &self.resource.password
    }

    /// The database, or nothing where the service has none.
    pub fn database(&self) -> &str {
        &self.resource.database
    }

    /// What windlass calls it.
    pub fn name(&self) -> &str {
        &self.resource.name
    }

    /// The environment that a program has which uses it, by the names that the service exports.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.resource.env
    }

    /// A variable of [`Lease::env`].
    ///
    /// # Panics
    ///
    /// When the service exports none of this name.
    #[track_caller]
    pub fn var(&self, name: &str) -> &str {
        let Resource { service, env, .. } = &self.resource;
        let Some(value) = env.get(name) else {
            let names = env.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            panic!(
                "windlass-testkit: `{service}` exports no `{name}`; it exports: {names}\n\
                 help: `export` in `[services.{service}]` of .config/windlass.toml names them"
            )
        };
        value
    }

    /// Gives it back now, whatever becomes of the test. Under nextest what is merely dropped is given back when the test has
    /// ended, so that it can be kept if that fails: a test that asks again and again, case by case, uses this.
    pub fn release(mut self) {
        self.held = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        if std::thread::panicking() {
            held.fail();
        }
        if held.of_process {
            // The supervisor waits for the end of the process, and sees how that was.
            std::mem::forget(held);
        }
    }
}

/// Without the password, and what holds it.
impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resource { service, mode, name, host, port, user, database, .. } = &self.resource;
        f.debug_struct("Lease")
            .field("service", service)
            .field("mode", mode)
            .field("name", name)
            .field("host", host)
            .field("port", port)
            .field("user", user)
            .field("database", database)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
