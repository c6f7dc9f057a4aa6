//! The pins of this workspace.
#![allow(clippy::disallowed_methods)]

use windlass_nix::{Pin, read_pins};

#[test]
fn the_tools_of_this_workspace_are_read() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../nix/pins.toml")).unwrap();
    let pins = read_pins("nix/pins.toml", &text).unwrap();
    let shown = pins.iter().map(|Pin { name, nix, version, probe, .. }| format!("{name} {nix} {version} {probe:?}\n"));
    insta::assert_snapshot!(shown.collect::<String>(), @r#"
    cargo-nextest cargo-nextest >=0.9.77 ["cargo-nextest", "nextest", "--version"]
    sccache sccache >=0.4 ["sccache", "--version"]
    mold mold >=1.10 ["mold", "--version"]
    git git >=2.30 ["git", "--version"]
    shellcheck shellcheck any version ["shellcheck", "--version"]
    curl curl any version ["curl", "--version"]
    "#);
}
