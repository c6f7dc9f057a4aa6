//! `[nix]`: how this workspace's flake is checked.

use windlass_toml::{Section, Source};

use super::texts;

const KEYS: [&str; 4] = ["reads", "lock-nodes", "stand-in", "slow"];

/// `[nix]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nix {
    /// TOML files that Nix reads besides those that it reads of every workspace, from the workspace's root; a directory stands for all in
    /// it.
    pub(crate) reads: Vec<String>,
    /// How many inputs flake.lock may have, those of inputs included.
    pub(crate) lock_nodes: Option<u64>,
    /// A directory with a flake for each input that is not to be fetched, by the input's name.
    pub(crate) stand_in: Option<String>,
    /// Packages and checks that are built only when all are asked for; a name that ends in `*` stands for those that begin so.
    pub(crate) slow: Vec<String>,
}

pub(super) fn read(section: &Section<'_>, source: &mut Source<'_>) -> Nix {
    section.only(&KEYS, source);
    let mut list = |key, what| {
        let entry = section.entry(key, source)?;
        entry.strings(what, source).map(texts)
    };
    let (reads, slow) = (list("reads", "a list of files"), list("slow", "a list of packages and checks"));
    let stand_in = section.entry("stand-in", source).and_then(|entry| entry.string(source));
    let lock_nodes = section.entry("lock-nodes", source).and_then(|entry| entry.count("nodes", source));
    Nix { reads: reads.unwrap_or_default(), lock_nodes, stand_in, slow: slow.unwrap_or_default() }
}
