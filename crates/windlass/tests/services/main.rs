//! Real servers under one command: what it is given, and that nothing is left, whatever is killed.
#![allow(clippy::disallowed_methods)]

#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../faults/live.rs"]
#[allow(dead_code, unreachable_pub, reason = "the faults use more of it")]
mod live;
#[path = "../faults/pty.rs"]
#[allow(dead_code, unreachable_pub, reason = "the faults use more of it")]
mod pty;

mod container;
mod content;
mod dev;
mod engine;
mod generic;
mod image;
mod killed;
mod kinds;
mod lease;
mod pipeline;
mod refused;
mod shop;
mod testkit;
mod with;
