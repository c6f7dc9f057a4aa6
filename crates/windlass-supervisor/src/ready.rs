//! Whether a server is ready: it answers where its users will ask, and is the one that was started.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use windlass_host::Host;
use windlass_services::{
    Definition, Kind, MysqlSession, Probe, RedisSession, Template, Values, http_answers, memcached_version,
    mqtt_lets_in, nats_name, postgres_answers, s3_answers,
};

use crate::cluster::Cluster;
use crate::databases::session;
use crate::start::Site;

/// How long a server may take to answer one question.
const ANSWER: Duration = Duration::from_secs(2);
/// How long a command may take that asks it.
const COMMAND: Duration = Duration::from_secs(30);

/// A server that has been started.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) site: &'a Site<'a>,
    /// Its process.
    pub(crate) pid: u32,
}

impl Asked<'_> {
    /// Asks once: where it listens that others than this machine reach, if it does; why it is not ready otherwise.
    pub(crate) fn answer(&self) -> Result<Option<SocketAddr>, String> {
        match &self.site.definition.probe {
            Probe::Protocol(kind) => self.speaks(*kind),
            Probe::Tcp => self.tcp().map(drop),
            Probe::Http(path) => {
                let path = self.site.definition.filled(std::slice::from_ref(path), &self.site.values).concat();
                http_answers(self.tcp()?, &self.address(), &path).map_err(said)
            }
            Probe::Line(text) => {
                let (log, _) = self.host().read_on(&self.site.log(), self.site.log_began);
                let is_said = log.lines().any(|line| line.contains(text));
                if is_said { Ok(()) } else { Err(format!("it has not written `{text}`")) }
            }
            Probe::Command(words) => self.lets_pass(words),
        }?;
        let Definition { probe, is_started_as_shipped, .. } = self.site.definition;
        if let (Probe::Protocol(Kind::Postgres | Kind::Redis | Kind::Nats), true) = (probe, is_started_as_shipped) {
            // They say themselves who they are, and are told where to listen; asking the system takes longer than they do.
            return Ok(None);
        }
        let Some(addresses) = self.host().listening(self.pid) else {
            // Where the system does not say who listens, the answer has to do.
            return Ok(None);
        };
        if addresses.iter().all(|it| it.port() != self.site.values.port) {
            return Err(match self.site.definition.probe {
                Probe::Line(_) | Probe::Command(_) => format!("it does not listen on {}", self.address()),
                _ => ANOTHER.into(),
            });
        }
        Ok(addresses.into_iter().find(|address| !address.ip().is_loopback()))
    }

    fn speaks(&self, kind: Kind) -> Result<(), String> {
        let values = &self.site.values;
        let Values { user, password, .. } = values;
        let named = |name: &str, own: &str| if name == own { Ok(()) } else { Err(ANOTHER.to_owned()) };
        match kind {
            Kind::Generic => Ok(()),
            Kind::Postgres => {
                // It writes down when it can be asked: before, each question costs it a process.
                let file = self.host().read_text(&self.site.data().join("postmaster.pid")).map_err(said)?;
                if file.as_deref().and_then(|text| text.lines().nth(7)).map(str::trim) != Some("ready") {
                    return Err("it is starting".into());
                }
                let mut session = Cluster::of(values).session(self.host(), "postgres", ANSWER).map_err(said)?;
                let name = session.query("SELECT current_setting('cluster_name')").map_err(said)?;
                if name != [[Some(values.id.clone())]] {
                    return Err(ANOTHER.into());
                }
                postgres_answers(self.tcp()?).map_err(said)
            }
            Kind::Redis => {
                let mut session = RedisSession::new(self.tcp()?);
                session.log_in(password).map_err(said)?;
                named(&session.process_id().map_err(said)?.to_string(), &self.pid.to_string())
            }
            Kind::Nats => named(&nats_name(self.tcp()?, user, password).map_err(said)?, &values.id),
            Kind::Mysql => {
                session(self.host(), values, ANSWER).map_err(said)?;
                MysqlSession::open(self.tcp()?, user, password).map(drop).map_err(said)
            }
            Kind::Mqtt => mqtt_lets_in(self.tcp()?, user, password).map_err(said),
            Kind::Memcached => memcached_version(self.tcp()?, user, password).map(drop).map_err(said),
            Kind::S3 => s3_answers(self.tcp()?, &self.address()).map_err(said),
        }
    }

    fn lets_pass(&self, words: &[Template]) -> Result<(), String> {
        let words = self.site.definition.filled(words, &self.site.values);
        let command = self.site.program(words, Path::new(&self.site.values.run));
        let answer = self.host().read(&command, COMMAND).map_err(said)?;
        match answer.code {
            Some(0) => Ok(()),
            _ => Err(format!("`{}` does not pass: {}", command.program, answer.stderr.trim_end())),
        }
    }

    fn host(&self) -> &Host {
        self.site.start.host
    }

    fn tcp(&self) -> Result<TcpStream, String> {
        self.host().connect_tcp(self.site.values.port, ANSWER).map_err(said)
    }

    fn address(&self) -> String {
        format!("{}:{}", self.site.values.host, self.site.values.port)
    }
}

const ANOTHER: &str = "another server answers";

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
