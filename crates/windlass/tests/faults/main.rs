//! What goes wrong, for real: in steps, in tools, in what is read, on the disk, at the terminal, and by a signal.
#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test acts on the machine itself, and is nobody's library"
)]

#[path = "../fixture/mod.rs"]
mod fixture;

mod arguments;
mod config;
mod live;
mod manifest;
mod shop;
mod steps;
mod streams;
mod tools;

// These find processes in /proc, mount file systems, or use what util-linux brings.
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod pty;
#[cfg(target_os = "linux")]
mod question;
#[cfg(target_os = "linux")]
mod terminal;
