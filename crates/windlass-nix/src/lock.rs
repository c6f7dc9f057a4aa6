//! flake.lock: which revision of each input is used, and which input follows which.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Finding;

/// How findings call the file.
pub(crate) const FILE: &str = "flake.lock";

const VERSION: u64 = 7;

/// The nodes of a lock, and which of them is the flake's own.
#[derive(Clone, Debug, Deserialize)]
pub struct Lock {
    /// Each with its name.
    pub nodes: BTreeMap<String, Node>,
    /// The name of the node that is the flake itself.
    pub root: String,
}

/// An input, of whatever flake.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// What its own inputs are.
    #[serde(default)]
    pub inputs: BTreeMap<String, Target>,
    pub(crate) locked: Option<Map<String, Value>>,
    pub(crate) original: Option<Map<String, Value>>,
    #[serde(default = "yes")]
    pub(crate) flake: bool,
}

/// What an input of a node is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "an input must be the name of a node, or a list of names that lead to what it follows")]
pub enum Target {
    /// A node, by its name.
    Node(String),
    /// What these inputs lead to, one after the other from the root.
    Follows(Vec<String>),
}

/// A commit on GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Github<'a> {
    /// Whose repository.
    pub owner: &'a str,
    /// Its name.
    pub repo: &'a str,
    /// The commit, as 40 hexadecimal digits.
    pub rev: &'a str,
}

fn yes() -> bool {
    true
}

impl Lock {
    /// Reads the text of a flake.lock. What it says may still be wrong: [`check_lock`](crate::check_lock) tells.
    ///
    /// # Errors
    ///
    /// When it is no JSON, not of version 7, or not made as that is.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        #[derive(Deserialize)]
        struct Versioned {
            version: Option<Value>,
        }
        let versioned: Versioned = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        match versioned.version {
            Some(version) if version == VERSION => serde_json::from_str(text).map_err(|error| malformed(&error)),
            Some(version) => Err(Finding::of(FILE, format!("`version` is {version}; it must be {VERSION}"))),
            None => Err(Finding::of(FILE, format!("`version` is missing; it must be {VERSION}"))),
        }
    }

    /// Every node but the root, with its name.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &Node)> {
        let others = self.nodes.iter().filter(|(name, _)| **name != self.root);
        others.map(|(name, node)| (name.as_str(), node))
    }

    /// The name of the node to which inputs lead, one after the other from the root.
    pub fn find(&self, path: &[String]) -> Option<&str> {
        // What follows in a circle leads nowhere; a way that does not is no longer than there are inputs.
        self.walk(path, self.nodes.values().map(|node| node.inputs.len()).sum())
    }

    fn walk(&self, path: &[String], steps: usize) -> Option<&str> {
        let mut name = self.root.as_str();
        for input in path {
            name = match self.nodes.get(name)?.inputs.get(input)? {
                Target::Node(name) => name,
                Target::Follows(path) => self.walk(path, steps.checked_sub(1)?)?,
            };
        }
        Some(name)
    }

    /// The nodes that the root reaches, each with the shortest path of inputs to it.
    pub(crate) fn reached(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut reached = BTreeMap::from([(self.root.as_str(), Vec::new())]);
        let mut next = vec![self.root.as_str()];
        while !next.is_empty() {
            for parent in std::mem::take(&mut next) {
                for (input, target) in self.nodes.get(parent).into_iter().flat_map(|node| &node.inputs) {
                    let Target::Node(name) = target else { continue };
                    if !reached.contains_key(name.as_str()) {
                        let path = reached[parent].iter().copied().chain([input.as_str()]).collect();
                        reached.insert(name, path);
                        next.push(name);
                    }
                }
            }
        }
        reached
    }
}

impl Node {
    /// The commit on GitHub that it is, if it is one.
    pub fn github(&self) -> Option<Github<'_>> {
        let is_github = self.locked("type") == Some("github");
        is_github.then_some(Github {
            owner: self.locked("owner")?,
            repo: self.locked("repo")?,
            rev: self.locked("rev")?,
        })
    }

    /// The hash of its files, such as `sha256-…`.
    pub fn nar_hash(&self) -> Option<&str> {
        self.locked("narHash")
    }

    /// When it was last changed, in seconds since 1970.
    pub fn last_modified(&self) -> Option<u64> {
        self.locked.as_ref()?.get("lastModified")?.as_u64()
    }

    pub(crate) fn locked(&self, key: &str) -> Option<&str> {
        self.locked.as_ref()?.get(key)?.as_str()
    }

    pub(crate) fn original(&self, key: &str) -> Option<&str> {
        self.original.as_ref()?.get(key)?.as_str()
    }
}

fn malformed(error: &serde_json::Error) -> Finding {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    Finding { line: Some(error.line()), column: Some(error.column()), ..Finding::of(FILE, message) }
}
