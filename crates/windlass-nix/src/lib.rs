//! What windlass knows of Nix: whether a source parses, is formatted and has dead code in it, whether flake.lock is sound and
//! agrees with flake.nix, which tools nix/pins.toml names, and the command lines of `nix`. It evaluates nothing.

mod agreement;
mod dead;
mod finding;
mod flake;
mod lock;
mod outputs;
mod pins;
mod program;
mod reference;
mod soundness;
mod source;
mod tree;

pub use agreement::check_lock;
pub use finding::Finding;
pub use lock::{Github, Lock, Node, Target};
pub use outputs::Outputs;
pub use pins::{PINS, Pin, System, is_of_channel, read_pins, toolchain_channel};
pub use program::{MINIMUM, Nix, VersionError, contract, parse_contract, parse_version, what_failed};
pub use source::{check_source, format_source};
