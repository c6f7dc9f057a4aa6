//! The floors of the house (docs/architecture.md): imports go down only.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::process::Command;

/// What each crate may import of ours; nothing here is a crate that may not exist.
const MAY_IMPORT: [(&str, &[&str]); 13] = [
    ("windlass-plan", &[]),
    ("windlass-record", &[]),
    ("windlass-toml", &["windlass-plan"]),
    ("windlass-workspace", &["windlass-plan", "windlass-record"]),
    ("windlass-nextest", &["windlass-plan", "windlass-record"]),
    ("windlass-nix", &["windlass-plan", "windlass-toml"]),
    ("windlass-report", &["windlass-plan", "windlass-record"]),
    ("windlass-services", &["windlass-plan", "windlass-toml"]),
    ("windlass-host", &["windlass-plan", "windlass-record"]),
    ("windlass-supervisor", &["windlass-plan", "windlass-services", "windlass-host"]),
    (
        "windlass",
        &[
            "windlass-plan",
            "windlass-record",
            "windlass-toml",
            "windlass-workspace",
            "windlass-nextest",
            "windlass-nix",
            "windlass-report",
            "windlass-services",
            "windlass-host",
            "windlass-supervisor",
        ],
    ),
    ("windlass-testkit", &[]),
    ("xtask", &["windlass"]),
];

/// Third-party crates that only some of ours may import: who knows arguments, who touches the machine.
const ONLY_IN: [(&str, &[&str]); 7] = [
    ("clap", &["windlass", "xtask"]),
    ("anyhow", &["windlass", "xtask"]),
    ("rustix", &["windlass-host"]),
    ("signal-hook", &["windlass-host"]),
    ("cargo_metadata", &["windlass-workspace"]),
    ("rnix", &["windlass-nix"]),
    ("nixfmt_rs", &["windlass-nix"]),
];

/// Each package of this workspace with what it imports, development dependencies left out.
fn imports() -> BTreeMap<String, Vec<String>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let normal = |dependency: &&serde_json::Value| dependency["kind"] != "dev";
        let dependencies = package["dependencies"].as_array().unwrap().iter().filter(normal);
        let names = dependencies.map(|dependency| dependency["name"].as_str().unwrap().to_owned());
        (package["name"].as_str().unwrap().to_owned(), names.collect())
    });
    packages.collect()
}

#[test]
fn imports_go_down_only() {
    let imports = imports();
    let known: Vec<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    for (package, dependencies) in &imports {
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| name == package)
            .unwrap_or_else(|| panic!("`{package}` stands on no floor: add it here and to docs/architecture.md"));
        let ours = dependencies.iter().filter(|name| known.contains(&name.as_str()));
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "`{package}` may not import `{dependency}`");
        }
    }
    assert_eq!(imports.len(), known.len(), "a crate that is listed here does not exist");
}

#[test]
fn the_machine_and_the_arguments_have_one_place_each() {
    for (package, dependencies) in imports() {
        for (crate_name, places) in ONLY_IN {
            let is_there = dependencies.iter().any(|name| name == crate_name);
            assert!(!is_there || places.contains(&package.as_str()), "`{package}` may not import `{crate_name}`");
        }
    }
}
