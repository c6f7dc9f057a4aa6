//! The crate `testcontainers` and its modules on the images that `windlass services image` has built: what they set is honoured,
//! and the container is ready when they say that it is.

mod postgres;
mod redis;

/// The tags of the images: the one change that it takes.
const POSTGRES: &str = "15-windlass";
const REDIS: &str = "7-windlass";
