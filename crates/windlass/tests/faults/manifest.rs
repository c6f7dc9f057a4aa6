//! Manifests that cargo cannot load, and places where there is none.

use crate::fixture::{Ended, Fixture, manifest};
use crate::live::run;

const TASKS: [&[&str]; 5] = [&["ci"], &["test", "--dry-run"], &["setup"], &["doctor"], &["report"]];

/// Every task that needs the workspace refuses it with exit code 2 and this in its words.
fn refused(it: &Fixture, more: &[&str], expected: &[&str]) {
    for task in TASKS {
        let Ended { code, stdout, stderr } = run(it.command(task).args(more));
        assert_eq!((code, &*stdout), (Some(2), ""), "{task:?}\n{stderr}");
        for text in expected {
            assert!(stderr.contains(text), "{task:?} does not say `{text}`\n{stderr}");
        }
    }
    assert!(!it.path("target").exists());
}

#[test]
fn a_manifest_with_a_syntax_error_is_refused_with_cargos_message() {
    let it = Fixture::app();
    it.file("Cargo.toml", "[package\nname = \"app\"\n");
    refused(&it, &[], &["error: cargo cannot load the workspace\n", "Cargo.toml:1:9", "unclosed table"]);
}

#[test]
fn a_manifest_that_is_no_text_is_refused() {
    let it = Fixture::app();
    std::fs::write(it.path("Cargo.toml"), b"[package]\nname = \"caf\xe9\"\n").unwrap();
    refused(&it, &[], &["error: cargo cannot load the workspace\n", "Cargo.toml"]);
}

#[test]
fn a_member_that_is_not_there_is_named() {
    let it = Fixture::app();
    it.file("Cargo.toml", &manifest("app", "[workspace]\nmembers = [\"gone\"]\n"));
    refused(&it, &[], &["error: cargo cannot load the workspace\n", "gone/Cargo.toml"]);
}

#[test]
fn a_broken_member_breaks_the_workspace() {
    let it = Fixture::app();
    it.file("Cargo.toml", &manifest("app", "[workspace]\nmembers = [\"part\"]\n"));
    it.file("part/Cargo.toml", "[package]\nversion = \"0.1.0\"\n");
    refused(&it, &[], &["error: cargo cannot load the workspace\n", "part/Cargo.toml", "name"]);
}

#[test]
fn a_manifest_path_that_does_not_exist_is_named() {
    let it = Fixture::app();
    let expected = format!("error: `--manifest-path`: there is no `{}`\n", it.path("no/Cargo.toml").display());
    refused(&it, &["--manifest-path", "no/Cargo.toml"], &[&expected]);
}

#[test]
fn a_manifest_path_of_something_else_is_refused() {
    let it = Fixture::app();
    refused(&it, &["--manifest-path", "src"], &["error: cargo cannot load the workspace\n"]);
    refused(&it, &["--manifest-path", "src/lib.rs"], &["error: cargo cannot load the workspace\n"]);
}

#[test]
fn where_there_is_no_workspace_it_says_so() {
    refused(&Fixture::empty(), &[], &["error: cargo cannot load the workspace\n", "could not find `Cargo.toml`"]);
}
