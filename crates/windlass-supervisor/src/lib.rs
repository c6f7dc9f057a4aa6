//! Keeps the servers of a run: finds their programs, starts them, knows when they are ready, and leaves nothing behind,
//! whatever is killed in whatever order.

mod account;
mod backend;
mod chain;
mod cluster;
mod contained;
mod container;
mod containers;
mod copies;
mod databases;
pub mod dev;
mod fill;
mod find;
mod image;
mod initdb;
mod kept;
mod lease;
mod offer;
mod place;
mod pool;
mod ready;
pub mod remains;
mod start;
mod supervise;
mod template;
mod unfinished;
mod unpack;

pub use backend::{Way, can_be_contained, way};
pub use container::{Data, RunningContainer, StartContainer, Stays};
pub use containers::{SweptContainer, sweep_containers};
pub use find::{Found, find};
pub use image::{Built, build_image};
pub use place::{Swept, sweep};
pub use start::StartError;
pub use supervise::{Launcher, READY, Run, SOCKET, supervise};
pub use template::forget as forget_templates;
pub use unpack::{Origin, Unpacking, unpack, unpacking};
