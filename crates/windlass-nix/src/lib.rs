//! What windlass knows of Nix: whether a source parses, is formatted and has dead code in it, whether flake.lock is sound and
//! agrees with flake.nix, which tools nix/pins.toml names, and the command lines of `nix`. It evaluates nothing.

mod dead;
mod finding;
mod source;
mod tree;

pub use finding::Finding;
pub use source::{FormatError, check_source, format_source};
