//! The flake of this repository, and `windlass nix`, with a real Nix: nextest's profile `nix` runs them.
#![cfg(feature = "nix")]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod adopted;
mod apps;
mod broken;
mod deep;
mod image;
mod module;
mod parity;
mod programs;
mod real;
mod render;
mod seed;
mod shell;
