//! Whether a server is ready: it answers where its users will ask, and is the one that was started.

use std::time::Duration;

use windlass_host::Host;
use windlass_services::{Definition, Kind, PostgresError, RedisError, RedisSession, Values, postgres_answers};

use crate::cluster::Cluster;

/// How long a server may take to answer one question.
const ANSWER: Duration = Duration::from_secs(2);

/// Asks the server whose process is `pid`; why it is not ready otherwise.
pub(crate) fn is_ready(host: &Host, definition: &Definition, values: &Values, pid: u32) -> Result<(), String> {
    let Values { password, port, .. } = values;
    match definition.kind {
        Kind::Postgres => {
            let said = |error: PostgresError| error.to_string();
            let mut session = Cluster::of(values).session(host, "postgres", ANSWER).map_err(said)?;
            let name = session.query("SELECT current_setting('cluster_name')").map_err(said)?;
            if name != [[Some(values.id.clone())]] {
                return Err("another server answers".into());
            }
            let tcp = host.connect_tcp(*port, ANSWER).map_err(|error| error.to_string())?;
            postgres_answers(tcp).map_err(said)
        }
        Kind::Redis => {
            let said = |error: RedisError| error.to_string();
            let tcp = host.connect_tcp(*port, ANSWER).map_err(|error| error.to_string())?;
            let mut session = RedisSession::new(tcp);
            session.log_in(password).map_err(said)?;
            if session.process_id().map_err(said)? == pid { Ok(()) } else { Err("another server answers".into()) }
        }
    }
}
