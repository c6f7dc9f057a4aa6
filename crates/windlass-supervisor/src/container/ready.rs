//! Whether a server in a container is ready: it answers on the port that its users have, and is the one that was started.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::Host;
use windlass_plan::Command;
use windlass_services::{
    Definition, Kind, MysqlSession, Probe, RedisSession, Values, http_answers, memcached_version, mqtt_lets_in,
    nats_name, postgres_answers, s3_answers,
};

use crate::cluster::Cluster;

/// How long a server may take to answer one question.
const ANSWER: Duration = Duration::from_secs(2);
/// How long a command may take that asks it.
const COMMAND: Duration = Duration::from_secs(30);
/// How long a connection has to stay open that nothing is said on.
const QUIET: Duration = Duration::from_millis(50);

const ANOTHER: &str = "another server answers";

/// The version that the server says it has, if it says one; why it is not ready otherwise. The port is the engine's word for this
/// very container; PostgreSQL, Redis and NATS are asked who they are besides.
pub(super) fn is_ready(
    host: &Host,
    definition: &Definition,
    values: &Values,
    (log, log_began): (&Path, u64),
) -> Result<Option<String>, String> {
    let tcp = || host.connect_tcp(values.port, ANSWER).map_err(said);
    let address = format!("{}:{}", values.host, values.port);
    match &definition.probe {
        Probe::Protocol(kind) => speaks(host, definition, *kind, values),
        Probe::Tcp => stays_open(host, values.port).map(|()| None),
        Probe::Http(path) => {
            let path = definition.filled(std::slice::from_ref(path), values).concat();
            http_answers(tcp()?, &address, &path).map_err(said).map(|()| None)
        }
        Probe::Line(text) => {
            let (log, _) = host.read_on(log, log_began);
            let is_said = log.lines().any(|line| line.contains(text));
            if is_said { Ok(None) } else { Err(format!("it has not written `{text}`")) }
        }
        Probe::Command(words) => {
            let words = definition.filled(words, values);
            let command = Command::new(&words[0], &values.run).args(&words[1..]);
            let answer = host.read(&command, COMMAND).map_err(said)?;
            match answer.code {
                Some(0) => Ok(None),
                _ => Err(format!("`{}` does not pass: {}", command.program, answer.stderr.trim_end())),
            }
        }
    }
}

fn speaks(host: &Host, definition: &Definition, kind: Kind, values: &Values) -> Result<Option<String>, String> {
    let Values { user, password, port, .. } = values;
    let tcp = || host.connect_tcp(*port, ANSWER).map_err(said);
    match kind {
        Kind::Generic => Ok(None),
        Kind::Postgres => {
            // Before the server that stays there may be one that prepares it, which listens on its socket only.
            postgres_answers(tcp()?).map_err(said)?;
            if !cfg!(target_os = "linux") {
                return Ok(None);
            }
            name_socket(host, definition, values)?;
            let mut session = Cluster::of(values).session(host, "postgres", ANSWER).map_err(said)?;
            let asked = "SELECT current_setting('cluster_name'), current_setting('server_version')";
            match &session.query(asked).map_err(said)?[..] {
                [row] if row[0].as_ref() == Some(&values.id) => Ok(row[1].clone()),
                _ => Err(ANOTHER.into()),
            }
        }
        Kind::Redis => {
            let mut session = RedisSession::new(tcp()?);
            session.log_in(password).map_err(said)?;
            if cfg!(target_os = "linux") {
                let socket = Path::new(&values.run).join("redis.sock");
                let mut private = RedisSession::new(host.connect_unix(&socket, ANSWER).map_err(said)?);
                private.log_in(password).map_err(said)?;
                if session.about("run_id").map_err(said)? != private.about("run_id").map_err(said)? {
                    return Err(ANOTHER.into());
                }
            }
            session.about("redis_version").map(Some).map_err(said)
        }
        Kind::Nats => {
            let name = nats_name(tcp()?, user, password).map_err(said)?;
            if name == values.id { Ok(None) } else { Err(ANOTHER.into()) }
        }
        Kind::Mysql => MysqlSession::open(tcp()?, user, password).map(|_| None).map_err(said),
        Kind::Mqtt => mqtt_lets_in(tcp()?, user, password).map(|()| None).map_err(said),
        Kind::Memcached => memcached_version(tcp()?, user, password).map(Some).map_err(said),
        Kind::S3 => s3_answers(tcp()?, &format!("{}:{port}", values.host)).map(|()| None).map_err(said),
    }
}

/// Gives the socket the name that belongs to the port that the server has for the machine.
fn name_socket(host: &Host, definition: &Definition, values: &Values) -> Result<(), String> {
    let (run, name) = (Path::new(&values.run), |port: u16| format!(".s.PGSQL.{port}"));
    if values.port == definition.port {
        return Ok(());
    }
    host.link(&run.join(name(values.port)), &PathBuf::from(name(definition.port))).map_err(said)
}

/// An engine takes every connection, and closes those that nobody within wants.
fn stays_open(host: &Host, port: u16) -> Result<(), String> {
    let mut stream: TcpStream = host.connect_tcp(port, QUIET).map_err(said)?;
    match stream.read(&mut [0]) {
        Ok(0) => Err("nobody listens within".into()),
        Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(said(error)),
        _ => Ok(()),
    }
}

fn said(error: impl fmt::Display) -> String {
    error.to_string()
}
