//! What is said of a workspace's Nix where there is no Nix.

use std::path::Path;
use std::process::Command;

use crate::fixture::{Fixture, ended};

/// A workspace with a flake that has nothing in it.
fn with_flake() -> Fixture {
    let it = Fixture::app();
    it.file("flake.nix", "{ outputs = _: { }; }\n");
    it
}

/// `windlass nix check` on a machine without Nix.
fn check(it: &Fixture, args: &[&str]) -> Command {
    let mut command = it.command(&[&["nix", "check"], args].concat());
    let path = std::env::var("PATH").unwrap();
    let path: Vec<_> = path.split(':').filter(|dir| !Path::new(dir).join("nix").exists()).collect();
    command.env("PATH", path.join(":")).env("XDG_CACHE_HOME", it.path("cache"));
    command
}

#[test]
fn what_is_not_toml_1_0_is_refused_in_every_file_that_nix_reads() {
    let it = with_flake();
    it.file(".config/windlass.toml", "[nix]\nreads = [\"more\", \"nix/pins.toml\"]\n");
    it.file("nix/pins.toml", "schema = 1\n[tools]\n");
    for dir in ["xtask", "xtask-windlass"] {
        it.file(&format!("{dir}/Cargo.toml"), "[package]\nname = \"x\"\n");
    }
    it.file("more/of/it.toml", "").file("more/Cargo.lock", "").file("rust-toolchain", "1.95.0\n");
    let checked = ended(&mut check(&it, &["--level", "L0"])).exits(0).stdout;
    assert!(checked.contains("1 files of Nix, 9 of TOML that it reads"), "{checked}");

    it.file("rust-toolchain", "[toolchain]\nchannel = \"1.95.0\"\n");
    let step = "[[ci.step]]\nname = \"a\"\nrun = \"a\"\nenv = { A = \"\\e\" }\n";
    let files = [
        ("Cargo.toml", "[workspace]\nmetadata = \"\\e\"\n"),
        ("Cargo.lock", "[metadata]\na = \"\\e\"\n"),
        ("rust-toolchain.toml", "a = \"\\e\"\n"),
        ("rust-toolchain", "a = \"\\e\"\n"),
        (".config/windlass.toml", step),
        ("nix/pins.toml", "git.for = \"\\e\"\n"),
        ("xtask/Cargo.toml", "a = \"\\e\"\n"),
        ("xtask-windlass/Cargo.toml", "a = \"\\e\"\n"),
        ("more/of/it.toml", "a = \"\\e\"\n"),
        ("more/Cargo.lock", "a = \"\\e\"\n"),
    ];
    let mut expected = Vec::new();
    for (file, more) in files {
        it.file(file, &(it.read(file) + more));
        expected.push(format!("{file}:{}: `\\e` is TOML 1.1", it.read(file).lines().count()));
    }
    let checked = ended(&mut check(&it, &["--level", "L0"])).exits(1).stdout;
    for line in expected {
        assert_eq!(checked.matches(&line).count(), 1, "{line}\n{checked}");
    }
}
