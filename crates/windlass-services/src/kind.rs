//! Whose protocol a service speaks, how one asks whether it is ready, and how a test gets one of its own.

use crate::template::Template;

/// Whose protocol a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None that windlass knows: a server of the user's own.
    Generic,
    /// PostgreSQL.
    Postgres,
    /// Redis, or Valkey.
    Redis,
    /// NATS.
    Nats,
    /// MariaDB.
    Mysql,
    /// MQTT, as Mosquitto speaks it.
    Mqtt,
    /// memcached, with its text protocol.
    Memcached,
    /// The protocol of Amazon's S3.
    S3,
}

/// What is asked of a server until it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// To log in, by the protocol of this kind, which is not [`Kind::Generic`].
    Protocol(Kind),
    /// To accept a connection.
    Tcp,
    /// To answer a request for a path by a status from 200 to 399.
    Http(Template),
    /// To write a line that contains a text.
    Line(String),
    /// To let a command pass, which it is given the server's values for.
    Command(Vec<Template>),
}

/// What a test is given when it asks for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A database that was cloned from one that is ready.
    Clone,
    /// An empty database.
    Database,
    /// A server.
    Server,
    /// The one server that all use.
    Shared,
}

impl Kind {
    /// Each, by the word that files have for it.
    pub(crate) const WORDS: [(&str, Self); 8] = [
        ("generic", Self::Generic),
        ("postgres", Self::Postgres),
        ("redis", Self::Redis),
        ("nats", Self::Nats),
        ("mysql", Self::Mysql),
        ("mqtt", Self::Mqtt),
        ("memcached", Self::Memcached),
        ("s3", Self::S3),
    ];

    /// The word that files have for it.
    pub(crate) fn word(self) -> &'static str {
        Self::WORDS.into_iter().find_map(|(word, kind)| (kind == self).then_some(word)).unwrap_or_default()
    }

    /// The modes that such services can give; the first is given unless the file says otherwise.
    pub fn modes(self) -> &'static [Mode] {
        match self {
            Self::Postgres => &[Mode::Clone, Mode::Server, Mode::Shared],
            Self::Mysql => &[Mode::Database, Mode::Server, Mode::Shared],
            Self::Redis => &[Mode::Server, Mode::Database, Mode::Shared],
            Self::Nats | Self::Mqtt | Self::Memcached | Self::S3 => &[Mode::Server, Mode::Shared],
            // Only its author knows whether two of it can run at once.
            Self::Generic => &[Mode::Shared, Mode::Server],
        }
    }

    /// What the database is called that is there from the start.
    pub fn first_database(self) -> &'static str {
        match self {
            // It has numbers for names.
            Self::Redis => "0",
            _ => "windlass",
        }
    }
}

impl Mode {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clone => "clone",
            Self::Database => "database",
            Self::Server => "server",
            Self::Shared => "shared",
        }
    }
}
