//! Empty databases of a server that all tests share, each for one test: of MariaDB, over its private socket, and of Redis.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use windlass_host::Host;
use windlass_services::{Definition, Kind, MysqlError, MysqlSession, RedisError, RedisSession, Values};

/// How long making or removing a database may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// The databases of a server that tests have.
pub(crate) struct Databases<'a> {
    host: &'a Host,
    definition: &'a Definition,
    /// Those of the server.
    values: Values,
    known: Known,
}

/// What is known of the names.
enum Known {
    /// Of MariaDB how many there have been: none is called as another was.
    Count(AtomicU64),
    /// Of Redis, which has a fixed number of them, those that are not free.
    Taken(Mutex<BTreeSet<u32>>),
}

impl<'a> Databases<'a> {
    /// Those of the server that has these values; `None` where a database is not all that such servers make for a test.
    pub(crate) fn of(host: &'a Host, definition: &'a Definition, values: &Values) -> Option<Self> {
        let known = match definition.kind {
            Kind::Mysql => Known::Count(AtomicU64::new(0)),
            Kind::Redis => Known::Taken(Mutex::default()),
            _ => return None,
        };
        Some(Self { host, definition, values: values.clone(), known })
    }

    /// Makes one that is empty: its name.
    pub(crate) fn make(&self) -> Result<String, String> {
        match &self.known {
            Known::Count(count) => {
                let name = format!("w{}", count.fetch_add(1, Ordering::Relaxed));
                let session = session(self.host, &self.values, PATIENCE);
                let made = session.and_then(|mut session| session.create_database(&name));
                made.map(|()| name).map_err(|error| self.failure(&error.to_string()))
            }
            Known::Taken(taken) => {
                let number = self.take(taken)?;
                // Who had it before may have written to it after its end.
                self.empty(number).inspect_err(|_| {
                    locked(taken).remove(&number);
                })?;
                Ok(number.to_string())
            }
        }
    }

    /// Removes one. What cannot be removed goes with the server.
    pub(crate) fn remove(&self, name: &str) {
        match &self.known {
            Known::Count(_) => {
                let session = session(self.host, &self.values, PATIENCE);
                let _ = session.and_then(|mut session| session.drop_database(name));
            }
            Known::Taken(taken) => {
                // What was not emptied now may be emptied later, and is not given again.
                if let Ok(number) = name.parse()
                    && self.empty(number).is_ok()
                {
                    locked(taken).remove(&number);
                }
            }
        }
    }

    /// The smallest number that is free; 0 is what all share.
    fn take(&self, taken: &Mutex<BTreeSet<u32>>) -> Result<u32, String> {
        let Definition { name, .. } = self.definition;
        let with =
            |database: &str| self.definition.url(&Values { database: database.to_owned(), ..self.values.clone() });
        if with("1") == with("2") {
            return Err(self.failure(&format!(
                "`services.{name}.url` does not say `{{database}}`, and so names the same one for all tests"
            )));
        }
        let mut taken = locked(taken);
        let number = (1..).find(|number| !taken.contains(number)).expect("there are more numbers than tests");
        taken.insert(number);
        Ok(number)
    }

    fn empty(&self, number: u32) -> Result<(), String> {
        let failed = |error: RedisError| self.failure(&error.to_string());
        let mut session = self.redis().map_err(failed)?;
        session.select(number).map_err(|error| match error {
            RedisError::Refused(_) => self.failure(&format!(
                "{error} (number {number})\nhelp: `services.{}.settings.databases` says how many there are, of which 0 is what all \
                 tests share",
                self.definition.name
            )),
            error => failed(error),
        })?;
        session.flush_database().map_err(failed)
    }

    /// A session where its users have one: not every Redis has a socket that windlass knows.
    fn redis(&self) -> Result<RedisSession<TcpStream>, RedisError> {
        let mut session = RedisSession::new(self.host.connect_tcp(self.values.port, PATIENCE)?);
        session.log_in(&self.values.password)?;
        Ok(session)
    }

    fn failure(&self, why: &str) -> String {
        format!("`{}` has no database to give: {why}", self.definition.name)
    }
}

fn locked(taken: &Mutex<BTreeSet<u32>>) -> MutexGuard<'_, BTreeSet<u32>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session over the private socket of a MariaDB, whose every answer may take as long as `patience`.
pub(crate) fn session(
    host: &Host,
    values: &Values,
    patience: Duration,
) -> Result<MysqlSession<UnixStream>, MysqlError> {
    let socket = Path::new(&values.run).join("mysql.sock");
    MysqlSession::open(host.connect_unix(&socket, patience)?, &values.user, "")
}
