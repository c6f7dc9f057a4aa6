//! Whether flake.lock is what flake.nix asks for.

use std::collections::BTreeMap;

use crate::flake::{self, Input};
use crate::lock::{self, Lock, Node, Target};
use crate::reference::Reference;
use crate::{Finding, soundness};

/// Everything that is wrong with a lock, given by its text: in itself, and held against the text of flake.nix. `budget` is how
/// many nodes it may have beside the root.
pub fn check_lock(lock: &str, flake: &str, budget: Option<usize>) -> Vec<Finding> {
    let (inputs, mut findings) = flake::read(flake);
    let lock = match Lock::parse(lock) {
        Ok(lock) => lock,
        Err(finding) => {
            findings.push(finding);
            return findings;
        }
    };
    let is_read = findings.is_empty();
    findings.extend(soundness::check(&lock, budget));
    if let Some(root) = lock.nodes.get(&lock.root).filter(|_| is_read) {
        let mut comparison = Comparison { lock: &lock, flake, findings };
        comparison.compare(&[], &inputs, root);
        findings = comparison.findings;
    }
    findings
}

struct Comparison<'a> {
    lock: &'a Lock,
    flake: &'a str,
    findings: Vec<Finding>,
}

impl Comparison<'_> {
    /// Compares the inputs of what a path leads to: as flake.nix has them, and as its node has them.
    fn compare(&mut self, path: &[&str], inputs: &BTreeMap<String, Input>, node: &Node) {
        // Nodes that are inputs of each other are no lock that Nix writes; here they only must not last forever.
        if path.len() > self.lock.nodes.len() {
            return;
        }
        for (name, input) in inputs {
            self.declared(&[path, &[name]].concat(), input, node.inputs.get(name));
        }
        for (name, target) in node.inputs.iter().filter(|(name, _)| !inputs.contains_key(*name)) {
            self.undeclared(&[path, &[name]].concat(), target);
        }
    }

    fn declared(&mut self, path: &[&str], input: &Input, target: Option<&Target>) {
        let key = key(path);
        let message = match (&input.follows, target) {
            (_, None) if path.len() == 1 => format!("flake.lock has no `{key}`: run `nix flake lock`"),
            (_, None) => {
                format!("flake.lock has no `{key}`: run `nix flake lock`; if there is no such input, this must go")
            }
            (Some(wanted), Some(Target::Follows(found))) if wanted == found => return,
            (Some(wanted), Some(found)) => {
                let wanted = Target::Follows(wanted.clone());
                format!(
                    "in flake.lock `{key}` is {}; it must be {}: run `nix flake lock`",
                    shown(found),
                    shown(&wanted)
                )
            }
            // It follows what its own flake says: flake.nix only speaks of its inputs.
            (None, Some(Target::Follows(_))) if path.len() > 1 && input.reference().is_none() => return,
            (None, Some(found @ Target::Follows(_))) => {
                format!("in flake.lock `{key}` is {}, but here it follows nothing: run `nix flake lock`", shown(found))
            }
            (None, Some(Target::Node(name))) => {
                let Some(node) = self.lock.nodes.get(name) else { return };
                self.compare(path, &input.inputs, node);
                let Some(message) = difference(path, input, name, node) else { return };
                message
            }
        };
        self.findings.push(Finding::at(flake::FILE, self.flake, input.offset, message));
    }

    fn undeclared(&mut self, path: &[&str], target: &Target) {
        let key = key(path);
        let message = match target {
            _ if path.len() == 1 => {
                format!("the root has `{key}`, which flake.nix does not declare: run `nix flake lock`")
            }
            Target::Node(name) => {
                self.lock.nodes.get(name).into_iter().for_each(|node| self.compare(path, &BTreeMap::new(), node));
                return;
            }
            // What an input's own flake says begins, here, with the name of that input.
            Target::Follows(found) if found.first().is_some_and(|first| first == path[0]) => return,
            Target::Follows(found) => {
                let found = found.join("/");
                format!(
                    "`{key}` follows `{found}`, which flake.nix does not say: add `{key}.follows = \"{found}\"` there"
                )
            }
        };
        self.findings.push(Finding::of(lock::FILE, message));
    }
}

/// What a node has otherwise than flake.nix says.
fn difference(path: &[&str], input: &Input, name: &str, node: &Node) -> Option<String> {
    let key = key(path);
    let reference = match input.reference() {
        // What nothing is said of is looked for in the registry.
        None if path.len() == 1 => Reference::parse(path[0], true),
        reference => reference?,
    };
    if input.is_plain == node.flake {
        let is = if input.is_plain { "`false`" } else { "not `false`" };
        return Some(format!("`{key}.flake` is {is}, which the node `{name}` has otherwise: run `nix flake lock`"));
    }
    // That it has none is said already.
    node.original.as_ref()?;
    let (differs, said, found) = reference.difference(|key| node.original(key))?;
    let with =
        |value: Option<&str>| value.map_or(format!("no `{differs}`"), |value| format!("the `{differs}` `{value}`"));
    let (said, found) = (with(said), with(found));
    Some(format!("`{key}` has {said}, but `original` of the node `{name}` has {found}: run `nix flake lock`"))
}

/// The key of flake.nix: `inputs.a.inputs.b`.
fn key(path: &[&str]) -> String {
    format!("inputs.{}", path.join(".inputs."))
}

fn shown(target: &Target) -> String {
    match target {
        Target::Node(name) => format!("the node `{name}`"),
        Target::Follows(path) => format!("`{}`", serde_json::json!(path)),
    }
}
