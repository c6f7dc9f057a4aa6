//! Source trees in the store under their locked hashes: a flake evaluates with no network and nothing that stands in.

use std::path::Path;

use crate::fixture::{clean, ended};
use crate::real::{call, said, said_by, windlass};

const FLAKE: &str =
    "{\n  inputs.tree.url = \"github:somebody/tree\";\n  outputs = { tree, ... }: { answer = tree.answer; };\n}\n";

/// A workspace whose flake has an input that was never fetched, and the tree of that input; the hash that is locked.
fn prepared(dir: &Path) -> String {
    let write = |path: &str, text: &str| {
        std::fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        std::fs::write(dir.join(path), text).unwrap();
    };
    // Another one each time: the store may be older than this test.
    let answer = format!("{{ outputs = _: {{ answer = \"{}\"; }}; }}\n", dir.display());
    write("tree/flake.nix", &answer);
    write("other/flake.nix", "{ outputs = _: { answer = 0; }; }\n");
    write("ws/Cargo.toml", "[package]\nname = \"app\"\nedition = \"2021\"\n");
    write("ws/src/lib.rs", "");
    write("ws/flake.nix", FLAKE);
    let hash = said(&["hash", "path", "--sri", &dir.join("tree").to_string_lossy()]);
    // Nix remembers what it has seen of a revision.
    let rev: String =
        dir.to_string_lossy().bytes().rev().chain([0; 20]).take(20).map(|it| format!("{it:02x}")).collect();
    let lock = serde_json::json!({
        "nodes": {
            "root": { "inputs": { "tree": "tree" } },
            "tree": {
                "locked": {
                    "lastModified": 1, "narHash": hash, "owner": "somebody", "repo": "tree", "rev": rev, "type": "github",
                },
                "original": { "owner": "somebody", "repo": "tree", "type": "github" },
            },
        },
        "root": "root",
        "version": 7,
    });
    write("ws/flake.lock", &format!("{lock:#}\n"));
    hash
}

#[test]
fn a_seeded_flake_evaluates_with_no_network() {
    let dir = tempfile::tempdir().unwrap();
    let hash = prepared(dir.path());
    let ws = dir.path().join("ws");
    let answer = || ended(call(&["eval", "--raw", "path:.#answer"]).current_dir(&ws));
    assert_ne!(answer().code, Some(0));
    let locked = windlass(&ws, &["lock"]);
    assert_eq!(locked.code, Some(0), "{}", locked.stdout);
    assert!(locked.stdout.contains("tree: its tree is not here, so whether the hash is the right one only a Nix"));

    // Another tree is not put there.
    let refused = windlass(&ws, &["seed", "tree=../other"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stdout.contains(&format!("and flake.lock has {hash}\n")), "{}", refused.stdout);
    let checked = windlass(&ws, &["lock", "tree=../other"]);
    assert_eq!(checked.code, Some(1), "{}", checked.stdout);

    let seeded = windlass(&ws, &["seed", "tree=../tree"]);
    assert_eq!(seeded.code, Some(0), "{}", seeded.stderr);
    assert!(seeded.stdout.contains("all 1 inputs are in the store"), "{}", seeded.stdout);
    let answer = answer();
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), &*dir.path().to_string_lossy()), "{}", answer.stderr);
    let locked = windlass(&ws, &["lock"]).stdout;
    assert!(locked.contains("has the hash that is locked"), "{locked}");
}

#[test]
fn what_is_asked_for_and_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let ws = dir.path().join("ws");
    let cases = [
        (&["seed", "tre=../tree"][..], "flake.lock has no node `tre`; did you mean `tree`?"),
        (&["seed", "tree=../nowhere"], "`tree=../nowhere`: there is no such directory"),
        (&["seed", "tree"], "write `INPUT=DIR`, such as `nixpkgs=../nixpkgs`"),
    ];
    for (args, expected) in cases {
        let refused = windlass(&ws, args);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
    // A tree as git has it, instead of the files.
    said_by(clean("git").args(["init", "--quiet"]).current_dir(dir.path().join("tree")));
    let refused = windlass(&ws, &["seed", "tree=../tree"]).stdout;
    assert!(refused.contains("help: the tree is without `.git`: `git archive "), "{refused}");
}
