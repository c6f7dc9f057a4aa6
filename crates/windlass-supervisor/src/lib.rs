//! Keeps the servers of a run: finds their programs, starts them, knows when they are ready, and leaves nothing behind,
//! whatever is killed in whatever order.

mod account;
mod find;
mod kept;
mod place;
mod ready;
mod start;
mod supervise;
mod unpack;

pub use find::{Found, find};
pub use place::{Swept, sweep};
pub use start::StartError;
pub use supervise::{Launcher, READY, supervise};
pub use unpack::{Unpacking, unpack, unpacking};
