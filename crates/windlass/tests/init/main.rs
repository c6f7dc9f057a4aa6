//! `windlass init` on small workspaces of every shape: what it writes, and that it can take it back to the byte.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod fixture;
#[path = "../fixture/temporary.rs"]
mod temporary;

mod changed;
mod flake;
mod lock;
mod refused;
mod shapes;
mod xtask;
