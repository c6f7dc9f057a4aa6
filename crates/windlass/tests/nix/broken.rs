//! Whatever is broken in the flake, a check is red, and says where.

use std::path::Path;

use crate::real::{copy, windlass};

/// A file, what stands in it, what is put in its place, the level that finds it, and what that says.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: [Case; 17] = [
    ("flake.lock", "\"nodes\": {", "\"nodes\": ", "L0", "flake.lock:"),
    (
        "flake.lock",
        "\"ref\": \"nixos-unstable\"",
        "\"ref\": \"nixos-26.05\"",
        "L0",
        "`inputs.nixpkgs` has the `ref` `nixos-unstable`",
    ),
    ("flake.lock", "sha256-IItrdb7P", "sha256-!", "L0", "`narHash`"),
    ("flake.lock", "\"rev\": \"b7c2", "\"rev\": \"", "L0", "`rev`"),
    (
        "flake.nix",
        "inputs.nixpkgs.follows = \"nixpkgs\";",
        "",
        "L0",
        "`inputs.rust-overlay.inputs.nixpkgs` follows `nixpkgs`, which flake.nix does not say",
    ),
    ("flake.nix", "outputs = inputs", "outputs = inputs @ { self, ... }", "L0", "flake.nix:"),
    ("nix/shells.nix", "packages:", "  packages:", "L0", "nix/shells.nix:"),
    ("nix/pins.toml", "schema = 1", "schema = 1 # \u{1}", "L0", "nix/pins.toml:"),
    ("nix/pins.toml", "[tools.git]", "[tools.git]\nsince = 2026-11-26", "L0", "nix/pins.toml:"),
    (
        "crates/windlass-services/services/redis.toml",
        "schema = 1",
        "schema = 1\ndocs = { a = \"\\e\" }",
        "L0",
        "services/redis.toml:4: `\\e` is TOML 1.1",
    ),
    (
        "nix/pins.toml",
        "version = \">=2.30\"",
        "version = \">=99\"",
        "L1",
        "nix/pins.toml wants `git` >=99, and there is",
    ),
    (
        "nix/pins.toml",
        "[tools.mold]",
        "[tools.mold]\nnix = \"mold-wraped\"",
        "L1",
        "nixpkgs has no `mold-wraped`, which is `mold` in nix/pins.toml",
    ),
    ("nix/shells.nix", "pkgs.mkShell", "pkgs.mkShel", "L1", "attribute 'mkShel' missing"),
    (
        "crates/windlass-services/services/postgres.toml",
        "version = \">=13\"",
        "version = \"9.6\"",
        "L1",
        "nixpkgs has no `postgresql_9`",
    ),
    ("rust-toolchain.toml", "channel = \"1.95.0\"", "channel = \"1.94.0\"", "L1", "1.94.0"),
    ("nix/outputs.txt", "templates.minimal template\n", "", "L1", "+templates.minimal template"),
    (
        "nix/host/nixpkgs/contract.txt",
        "pkgs.git\n",
        "",
        "L1",
        "contract.txt is to have the names that there are: +pkgs.git",
    ),
];

#[test]
fn what_is_broken_is_found_and_named() {
    let copy = copy();
    let dir = copy.path();
    let check = |level: &str| {
        let ended = windlass(dir, &["check", "--level", level]);
        (ended.code, format!("{}{}", ended.stdout, ended.stderr))
    };
    let (code, text) = check("L1");
    assert_eq!(code, Some(0), "{text}");
    for (file, from, to, level, expected) in CASES {
        let path = dir.join(file);
        let before = std::fs::read_to_string(&path).unwrap();
        let after = before.replacen(from, to, 1);
        assert_ne!(before, after, "`{from}` is not in {file}");
        std::fs::write(&path, after).unwrap();
        let (code, text) = check(level);
        std::fs::write(&path, before).unwrap();
        assert!(code.is_some_and(|code| code != 0), "{file}: `{to}` is not found\n{text}");
        assert!(text.contains(expected), "{file}: `{to}`\n{text}");
    }
}

#[test]
fn a_level_that_cannot_be_reached_is_an_error_and_one_that_was_not_asked_for_is_said() {
    let copy = copy();
    let without = |args: &[&str]| {
        let mut command = crate::fixture::clean(env!("CARGO_BIN_EXE_windlass"));
        command.arg("nix").args(args).current_dir(copy.path());
        command.env("PATH", path_without_nix()).env("XDG_CACHE_HOME", copy.path().join("cache"));
        crate::fixture::ended(&mut command)
    };
    let asked = without(&["check", "--level", "L2"]);
    assert_eq!(asked.code, Some(3), "{}", asked.stderr);
    assert!(
        asked.stderr.contains("L2 was asked for, and L0 is as far as this goes: there is no `nix`\nhelp: "),
        "{}",
        asked.stderr
    );
    let unasked = without(&["check"]);
    assert_eq!(unasked.code, Some(0), "{}", unasked.stderr);
    assert!(unasked.stdout.contains("L1       not tried: there is no `nix`\n"), "{}", unasked.stdout);
    assert!(unasked.stdout.ends_with("reached  L0\n"), "{}", unasked.stdout);
}

fn path_without_nix() -> String {
    let path = std::env::var("PATH").unwrap();
    path.split(':').filter(|dir| !Path::new(dir).join("nix").exists()).collect::<Vec<_>>().join(":")
}
