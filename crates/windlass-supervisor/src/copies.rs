//! Copies of the template, on one server: a database for each test, and one that all may read.

use std::sync::{Arc, Mutex, PoisonError};

use windlass_host::Host;
use windlass_services::{PostgresError, Values};

use crate::cluster::{Cluster, Session, Strategy, clone, literal, quoted, set_password_by, strategy};
use crate::pool::{Bounds, Pool};
use crate::template::TEMPLATE;

/// The database that all tests may read and none may change.
pub(crate) const SHARED: &str = "windlass_shared";

/// What makes copies.
#[derive(Debug)]
pub(crate) struct Copies<'a> {
    host: &'a Host,
    cluster: Cluster,
    strategy: Strategy,
    /// Of one of them, in bytes.
    size: u64,
    /// Sessions that nobody uses at the moment.
    idle: Mutex<Vec<Session>>,
    has_shared: Mutex<bool>,
}

impl<'a> Copies<'a> {
    pub(crate) fn of(host: &'a Host, cluster: Cluster) -> Result<Self, PostgresError> {
        let mut session = cluster.control(host)?;
        let strategy = strategy(&mut session)?;
        let size = session.query(&format!("SELECT pg_database_size({})", literal(TEMPLATE)))?;
        let size = size.first().and_then(|row| row[0].as_deref()?.parse().ok()).unwrap_or(1);
        let idle = Mutex::new(vec![session]);
        Ok(Self { host, cluster, strategy, size, idle, has_shared: Mutex::default() })
    }

    /// Copies made ahead: twice as many as the machine runs tests at once, for as long as all that there are take no more than
    /// half of `room_bytes`, and those that have been used a sixteenth: it may be memory.
    pub(crate) fn ahead(self: &Arc<Self>, room_bytes: u64) -> Pool<'a, String> {
        let within = |bytes: u64| usize::try_from(bytes / self.size.max(1)).unwrap_or(usize::MAX);
        let ready = 2 * usize::try_from(self.host.cpus()).unwrap_or(1);
        let used = within(room_bytes / 16).max(ready);
        let bounds = Bounds { ready, before: 1, used, all: within(room_bytes / 2) };
        let (maker, remover) = (Arc::clone(self), Arc::clone(self));
        let make = move |n| {
            let name = format!("test_{n}");
            maker.make(&name).map(|()| name).map_err(|error| error.to_string())
        };
        let remove = move |name: String| {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", quoted(&name));
            // Where the server has gone, so has the database.
            let _ = remover.control(|session| session.query(&drop).map(std::mem::drop));
        };
        Pool::new(bounds, Box::new(make), Box::new(remove))
    }

    /// Makes the database that all may read, unless it is there.
    pub(crate) fn share(&self) -> Result<(), PostgresError> {
        let mut has_shared = self.has_shared.lock().unwrap_or_else(PoisonError::into_inner);
        if !*has_shared {
            self.make(SHARED)?;
            let read_only = format!("ALTER DATABASE {SHARED} SET default_transaction_read_only = on");
            self.control(|session| session.query(&read_only).map(drop))?;
            *has_shared = true;
        }
        Ok(())
    }

    /// Makes the database that the workspace's own programs are given, and the password by which they log in. An image may have
    /// made an empty one of its name, and what was kept has another run's password.
    pub(crate) fn make_main(&self, values: &Values) -> Result<(), PostgresError> {
        self.control(|session| {
            set_password_by(session, values)?;
            session.query(&format!("DROP DATABASE IF EXISTS {}", quoted(&values.database)))?;
            clone(session, &values.database, TEMPLATE, self.strategy)
        })
    }

    /// Makes a database.
    fn make(&self, name: &str) -> Result<(), PostgresError> {
        self.control(|session| clone(session, name, TEMPLATE, self.strategy))
    }

    fn control<T>(&self, act: impl FnOnce(&mut Session) -> Result<T, PostgresError>) -> Result<T, PostgresError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let before = idle().pop();
        let mut session = match before {
            Some(session) => session,
            None => self.cluster.control(self.host)?,
        };
        let done = act(&mut session);
        // A session that has broken is not used again.
        if !matches!(done, Err(PostgresError::Io(_))) {
            idle().push(session);
        }
        done
    }
}
