//! A PostgreSQL server as windlass itself talks to it: over its private socket, as the role that it trusts there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{Host, Patient};
use windlass_services::{PostgresError, PostgresSession, Values};

/// How long making or removing a database may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// How windlass reaches a server.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    socket: PathBuf,
    user: String,
}

/// A session over a private socket.
pub(crate) type Session = PostgresSession<Patient>;

/// How a server copies databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// File by file, which is right where nothing is forced to the disk.
    FileCopy,
    /// As the server itself thinks best.
    Own,
}

impl Cluster {
    pub(crate) fn of(values: &Values) -> Self {
        let socket = Path::new(&values.run).join(format!(".s.PGSQL.{}", values.port));
        Self { socket, user: values.user.clone() }
    }

    /// A session whose every answer may take as long as `patience`.
    pub(crate) fn session(&self, host: &Host, database: &str, patience: Duration) -> Result<Session, PostgresError> {
        PostgresSession::open(host.connect_patiently(&self.socket, patience)?, &self.user, database)
    }

    /// A session that makes and removes databases.
    pub(crate) fn control(&self, host: &Host) -> Result<Session, PostgresError> {
        self.session(host, "postgres", PATIENCE)
    }
}

/// Gives the role of a server the password that it is known by.
pub(crate) fn set_password(host: &Host, values: &Values) -> Result<(), PostgresError> {
    set_password_by(&mut Cluster::of(values).control(host)?, values)
}

/// The same, in a session that there is already.
pub(crate) fn set_password_by(session: &mut Session, values: &Values) -> Result<(), PostgresError> {
    let (user, password) = (quoted(&values.user), literal(&values.password));
    session.query(&format!("ALTER ROLE {user} PASSWORD {password}")).map(drop)
}

/// How databases of this server are best copied: file by file only if it is sure that no file is forced to the disk, for each
/// would be (PostgreSQL 15 and newer can do otherwise; older ones know no other way).
pub(crate) fn strategy(session: &mut Session) -> Result<Strategy, PostgresError> {
    let rows =
        session.query("SELECT current_setting('fsync'), current_setting('server_version_num')::int >= 150000")?;
    let is = |column: usize, text: &str| rows.first().is_some_and(|row| row[column].as_deref() == Some(text));
    Ok(if is(0, "off") && is(1, "t") { Strategy::FileCopy } else { Strategy::Own })
}

/// Makes a database that is a copy of another.
pub(crate) fn clone(
    session: &mut Session,
    database: &str,
    template: &str,
    strategy: Strategy,
) -> Result<(), PostgresError> {
    let strategy = match strategy {
        Strategy::FileCopy => " STRATEGY FILE_COPY",
        Strategy::Own => "",
    };
    session.query(&format!("CREATE DATABASE {} TEMPLATE {}{strategy}", quoted(database), quoted(template))).map(drop)
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL takes it.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
