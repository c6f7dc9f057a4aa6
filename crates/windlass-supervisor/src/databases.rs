//! Empty databases of a MariaDB server, each for one test, and the private socket over which they are made.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use windlass_host::Host;
use windlass_services::{MysqlError, MysqlSession, Values};

/// How long making or removing a database may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// A session over the private socket, whose every answer may take as long as `patience`.
pub(crate) fn session(
    host: &Host,
    values: &Values,
    patience: Duration,
) -> Result<MysqlSession<UnixStream>, MysqlError> {
    let socket = Path::new(&values.run).join("mysql.sock");
    MysqlSession::open(host.connect_unix(&socket, patience)?, &values.user, "")
}

/// Makes an empty database.
pub(crate) fn make(host: &Host, values: &Values, name: &str) -> Result<(), MysqlError> {
    session(host, values, PATIENCE)?.create_database(name)
}

/// Removes a database.
pub(crate) fn remove(host: &Host, values: &Values, name: &str) -> Result<(), MysqlError> {
    session(host, values, PATIENCE)?.drop_database(name)
}
