//! What must hold of a flake.lock alone.

use std::collections::BTreeMap;

use crate::Finding;
use crate::lock::{FILE, Lock, Node, Target};
use crate::reference::is_rev;

/// Everything about a lock that is wrong whatever flake.nix says. `budget` is how many nodes it may have beside the root.
pub(crate) fn check(lock: &Lock, budget: Option<usize>) -> Vec<Finding> {
    let Some(root) = lock.nodes.get(&lock.root) else {
        return vec![Finding::of(FILE, format!("`root` names the node `{}`, which does not exist", lock.root))];
    };
    let mut said: Vec<String> = Vec::new();
    for (name, node) in lock.inputs() {
        said.extend(facts(name, node));
    }
    for (name, node) in &lock.nodes {
        for (input, target) in &node.inputs {
            said.extend(leads_nowhere(lock, target).map(|why| format!("the input `{input}` of `{name}` {why}")));
        }
    }
    let reached = lock.reached();
    for (name, _) in lock.inputs().filter(|(name, _)| !reached.contains_key(name)) {
        said.push(format!("nothing reaches the node `{name}`; it must go: run `nix flake lock`"));
    }
    // Most flakes have some: it is for those who have said how many there may be.
    if budget.is_some() {
        said.extend(twice(lock, root, &reached));
    }
    let count = lock.inputs().count();
    if let Some(budget) = budget.filter(|budget| count > *budget) {
        said.push(format!(
            "there are {count} nodes beside the root; there must be no more than {budget}: every one is fetched and evaluated"
        ));
    }
    said.into_iter().map(|message| Finding::of(FILE, message)).collect()
}

/// What is wrong with what a node says of itself.
fn facts(name: &str, node: &Node) -> Vec<String> {
    let mut said = Vec::new();
    if node.original.is_none() {
        said.push(format!("the node `{name}` has no `original`, which says where it comes from"));
    }
    let Some(kind) = node.locked("type") else {
        said.push(format!("the node `{name}` has no `type` in `locked`, such as \"github\""));
        return said;
    };
    // A name in the registry stands for another place.
    let keys =
        if node.original("type") == Some("indirect") { &[][..] } else { &["type", "owner", "repo", "host", "rev"] };
    let pairs = keys.iter().filter_map(|key| Some((key, node.original(key)?, node.locked(key))));
    for (key, original, _) in pairs.filter(|(_, original, locked)| *locked != Some(original)) {
        said.push(format!(
            "the node `{name}` has another `{key}` in `locked` than in `original`; it must be `{original}`"
        ));
    }
    let mut demand = |key: &str, found: Option<&str>, is_right: bool, right: &str| match found {
        _ if is_right => {}
        Some(found) => said.push(format!("the node `{name}` has the `{key}` `{found}`; it must be {right}")),
        None => said.push(format!("the node `{name}` has no `{key}` in `locked`; it must be {right}")),
    };
    if matches!(kind, "github" | "gitlab" | "sourcehut" | "git") {
        let rev = node.locked("rev");
        demand("rev", rev, rev.is_some_and(is_rev), "the 40 hexadecimal digits of a commit");
    }
    // A directory of the flake itself is locked with it.
    if kind == "path" && node.locked("path").is_some_and(|path| !path.starts_with('/')) {
        return said;
    }
    let hash = node.nar_hash();
    demand("narHash", hash, hash.is_some_and(is_hash), "`sha256-` and 32 bytes in 44 characters of base64");
    if kind != "file" {
        let is_right = node.last_modified().is_some();
        demand("lastModified", None, is_right, "the seconds from 1970 to its last change");
    }
    said
}

/// Whether it is `sha256-` and 32 bytes in base64, of which the last character but one has four bits, and `=` ends it.
fn is_hash(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match text.strip_prefix("sha256-").map(str::as_bytes) {
        Some([digits @ .., last, b'=']) => {
            digits.len() == 42 && digits.iter().all(|byte| is_digit(*byte)) && b"AEIMQUYcgkosw048".contains(last)
        }
        _ => false,
    }
}

fn leads_nowhere(lock: &Lock, target: &Target) -> Option<String> {
    match target {
        Target::Node(name) if lock.nodes.contains_key(name) => None,
        Target::Node(name) => Some(format!("is the node `{name}`, which does not exist")),
        Target::Follows(path) if lock.find(path).is_some() => None,
        Target::Follows(path) => Some(format!(
            "follows `{}`, which leads nowhere; it must be the names of inputs, from the root on",
            path.join("/")
        )),
    }
}

/// Nodes that are the same source. Two inputs of the flake's own are meant if they are said to be different.
fn twice(lock: &Lock, root: &Node, reached: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let mut by_source: BTreeMap<Vec<Option<&str>>, Vec<&str>> = BTreeMap::new();
    for (name, node) in lock.inputs().filter(|(name, _)| reached.contains_key(name)) {
        let source = ["type", "host", "owner", "repo", "url", "path"].map(|key| node.locked(key)).to_vec();
        by_source.entry(source).or_default().push(name);
    }
    let is_own = |name: &str| root.inputs.values().any(|target| *target == Target::Node(name.to_owned()));
    let is_meant =
        |one: &str, other: &str| is_own(one) && is_own(other) && lock.nodes[one].original != lock.nodes[other].original;
    let mut said = Vec::new();
    for mut names in by_source.into_values() {
        names.sort_by_key(|name| (reached[name].len(), *name));
        let (first, others) = names.split_first().expect("a source is that of a node");
        for other in others.iter().filter(|other| !is_meant(first, other)) {
            said.push(format!(
                "the nodes `{first}` and `{other}` are the same source, and each copy is fetched and evaluated: add \
                 `inputs.{}.follows = \"{}\"` to flake.nix",
                reached[other].join(".inputs."),
                reached[first].join("/")
            ));
        }
    }
    said
}
