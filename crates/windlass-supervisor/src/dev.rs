//! The servers of development: durable, one set a worktree, kept by a process of their own until nobody wants them any more. Runs
//! of tests know nothing of them.

mod connect;
mod contained;
mod first;
mod home;
mod keep;
mod kept;
mod left;
mod stored;
mod volume;

pub use connect::{Client, connect, on_remains};
pub use home::Home;
pub use keep::{Keeping, keep};
pub use kept::{Kept, KeptServer};
