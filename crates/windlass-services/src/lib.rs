//! What a service is, as data: one TOML file each says how it runs, when it is ready, and what it gives to those who use it.
//! Nothing here touches the machine: the files become values and commands, the protocols work on any stream.

mod content;
pub mod debian;
mod definition;
pub mod migrations;
mod postgres;
mod read;
mod redis;
#[cfg(test)]
mod scripted;
mod shipped;
mod template;
mod version;

pub use content::{Content, Fixture, FixtureFile, Migrations, Run, kind_of_file};
pub use definition::{Definition, Kind, Mode, Package, Process, Root, Settings, Signal, Use, Values};
pub use postgres::{PostgresError, PostgresSession, Rows, line_at, postgres_answers};
pub use read::read;
pub use redis::{RedisError, RedisSession};
pub use shipped::{shipped, shipped_names};
pub use template::{Template, UnknownName};
pub use version::{Wanted, numbers, version_in};
