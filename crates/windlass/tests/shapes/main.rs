//! The main job and its configuration, on workspaces of odd shapes, each made for its test: the real binary runs on them.
#![allow(clippy::disallowed_methods)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod arguments;
mod config;
mod harness;
mod lockfile;
mod nix;
mod own_steps;
mod red;
mod repeats;
mod runs;
mod templates;
mod workspaces;
mod xtask;
