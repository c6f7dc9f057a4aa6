//! What a service is, as data: one TOML file each says how it runs, when it is ready, and what it gives to those who use it.
//! Nothing here touches the machine: the files become values and commands, the protocols work on any stream.

mod answer;
pub mod cargo;
mod cause;
mod container;
mod content;
pub mod debian;
mod definition;
mod engine;
mod http;
pub mod image;
mod kind;
mod memcached;
pub mod migrations;
mod mqtt;
mod mysql;
mod nats;
pub mod pip;
mod postgres;
mod read;
mod redis;
mod rendered;
#[cfg(test)]
mod scripted;
mod sha1;
mod shipped;
mod template;

pub use answer::AnswerError;
pub use cause::{PORT_TAKEN, cause};
pub use container::ContainerSpec;
pub use content::{Content, Fixture, FixtureFile, Migrations, Run, kind_of_file};
pub use definition::{Backend, Container, Definition, Package, Process, Programs, Root, Settings, Signal, Use, Values};
pub use engine::{ContainerState, Engine, EngineError, EngineSession, ImageSays, Labelled, LocalImage, Written};
pub use http::{http_answers, s3_answers};
pub use kind::{Kind, Mode, Probe};
pub use memcached::memcached_version;
pub use mqtt::mqtt_lets_in;
pub use mysql::{MysqlError, MysqlSession};
pub use nats::nats_name;
pub use postgres::{PostgresError, PostgresSession, Rows, line_at, postgres_answers};
pub use read::read;
pub use redis::{RedisError, RedisSession};
pub use shipped::{shipped, shipped_names};
pub use template::{Template, UnknownName};
pub use windlass_toml::{Wanted, numbers, version_in};
