//! `windlass nix`: the flake of a workspace, checked for what it says and for what it does.

mod built;
mod check;
mod develop;
mod evaluated;
mod flake;
mod host;
mod lock;
mod parity;
mod pinned;
mod program;
mod stand_ins;
mod templates;
mod texts;

/// The flake's own file.
const FLAKE: &str = "flake.nix";
/// The file of its inputs' versions.
const LOCK: &str = "flake.lock";

pub(crate) use self::check::check;
pub(crate) use self::develop::develop;
pub(crate) use self::lock::{lock, seed};
pub(crate) use self::parity::parity;
pub(crate) use self::pinned::pinned;
pub(crate) use self::texts::fmt;
