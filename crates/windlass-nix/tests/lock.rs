//! What is wrong with a flake.lock: in itself, and held against flake.nix.

use serde_json::{Value, json};
use windlass_nix::{Github, Lock, check_lock};

const FLAKE: &str = r#"{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };
  outputs = { nixpkgs, rust-overlay, ... }: { };
}
"#;

const LOCK: &str = r#"{
  "nodes": {
    "nixpkgs": {
      "locked": {
        "lastModified": 1785967620,
        "narHash": "sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMM=",
        "owner": "NixOS",
        "repo": "nixpkgs",
        "rev": "b7c2ada94fe99c15b0dbcf4d11fd7850b957a436",
        "type": "github"
      },
      "original": {
        "owner": "NixOS",
        "ref": "nixos-unstable",
        "repo": "nixpkgs",
        "type": "github"
      }
    },
    "root": {
      "inputs": {
        "nixpkgs": "nixpkgs",
        "rust-overlay": "rust-overlay"
      }
    },
    "rust-overlay": {
      "inputs": {
        "nixpkgs": [
          "nixpkgs"
        ]
      },
      "locked": {
        "lastModified": 1786420161,
        "narHash": "sha256-PU4CY4GUCDFOoS67dGrc/fS6Y+d1cYZSh6nbgYqAAwE=",
        "owner": "oxalica",
        "repo": "rust-overlay",
        "rev": "3a646bd5daa3af78a78a1cb32329cb72d18fcae0",
        "type": "github"
      },
      "original": {
        "owner": "oxalica",
        "repo": "rust-overlay",
        "type": "github"
      }
    }
  },
  "root": "root",
  "version": 7
}
"#;

/// The lock with the value at a pointer in place of what is there; null takes it away.
fn with(lock: &str, pointer: &str, value: &Value) -> String {
    let mut lock: Value = serde_json::from_str(lock).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = lock.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.remove(key).unwrap()),
        value => drop(parent.insert(key.to_owned(), value.clone())),
    }
    serde_json::to_string_pretty(&lock).unwrap()
}

/// A sound node, of `o/REPO`.
fn node(repo: &str) -> Value {
    json!({
        "locked": {
            "lastModified": 1,
            "narHash": "sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMM=",
            "owner": "o",
            "repo": repo,
            "rev": "b7c2ada94fe99c15b0dbcf4d11fd7850b957a436",
            "type": "github"
        },
        "original": { "owner": "o", "repo": repo, "type": "github" }
    })
}

/// The only finding.
fn one(lock: &str, flake: &str) -> String {
    match &check_lock(lock, flake, Some(9))[..] {
        [finding] => format!("  {finding}\n"),
        findings => panic!("{findings:#?}"),
    }
}

#[test]
fn a_lock_that_nix_has_written_has_no_finding() {
    assert_eq!(check_lock(LOCK, FLAKE, Some(2)), []);
    // By Nix 2.26: what follows what is said by the flake, or by that of its input; files that are no flake; a directory of its own.
    let (lock, flake) = (include_str!("fixtures/follows/flake.lock"), include_str!("fixtures/follows/flake.nix"));
    assert_eq!(check_lock(lock, flake, Some(4)), []);
}

/// Two copies of one source are found where somebody has said how many there may be; most locks have some.
#[test]
fn a_source_may_be_there_twice_where_nobody_has_said_how_many_there_may_be() {
    let mut lock: Value = serde_json::from_str(LOCK).unwrap();
    lock["nodes"]["other"] = lock["nodes"]["nixpkgs"].clone();
    lock["nodes"]["root"]["inputs"]["other"] = "other".into();
    let flake = FLAKE.replacen("inputs = {", "inputs = {\n    other.url = \"github:NixOS/nixpkgs/nixos-unstable\";", 1);
    assert_ne!(flake, FLAKE);
    assert_eq!(check_lock(&lock.to_string(), &flake, None), []);
    assert_eq!(check_lock(&lock.to_string(), &flake, Some(9)).len(), 1);
}

#[test]
fn other_tasks_are_given_what_they_want_of_the_nodes() {
    let lock = Lock::parse(LOCK).unwrap();
    let shown = lock.inputs().map(|(name, node)| {
        let Github { owner, repo, rev } = node.github().unwrap();
        let (hash, time) = (node.nar_hash().unwrap(), node.last_modified().unwrap());
        format!("{name} {owner}/{repo} {rev}\n  {hash} {time}\n")
    });
    insta::assert_snapshot!(shown.collect::<String>(), @"
    nixpkgs NixOS/nixpkgs b7c2ada94fe99c15b0dbcf4d11fd7850b957a436
      sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMM= 1785967620
    rust-overlay oxalica/rust-overlay 3a646bd5daa3af78a78a1cb32329cb72d18fcae0
      sha256-PU4CY4GUCDFOoS67dGrc/fS6Y+d1cYZSh6nbgYqAAwE= 1786420161
    ");
    assert_eq!(lock.find(&["rust-overlay".into(), "nixpkgs".into()]), Some("nixpkgs"));
    assert_eq!(lock.find(&["rust-overlay".into(), "systems".into()]), None);
}

#[test]
fn what_is_no_lock_at_all_is_the_only_finding() {
    let cases = [
        ("a comma too many", LOCK.replace("\"version\": 7", "\"version\": 7,")),
        ("nothing", String::new()),
        ("no table of nodes", LOCK.replace("\"nodes\": {", "\"nodes\": [], \"more\": {")),
        ("an input that is a number", LOCK.replace("\"nixpkgs\": \"nixpkgs\"", "\"nixpkgs\": 1")),
        ("another version", with(LOCK, "/version", &json!(6))),
        ("no version", with(LOCK, "/version", &Value::Null)),
        ("no root", with(LOCK, "/root", &Value::Null)),
        ("a root that is no node", with(LOCK, "/root", &json!("top"))),
    ];
    let shown = cases.map(|(what, lock)| format!("{what}\n{}", one(&lock, FLAKE))).concat();
    insta::assert_snapshot!(shown, @"
    a comma too many
      flake.lock:48:1: trailing comma
    nothing
      flake.lock:1:0: EOF while parsing a value
    no table of nodes
      flake.lock:2:11: invalid type: sequence, expected a map
    an input that is a number
      flake.lock:21:20: an input must be the name of a node, or a list of names that lead to what it follows
    another version
      flake.lock: `version` is 6; it must be 7
    no version
      flake.lock: `version` is missing; it must be 7
    no root
      flake.lock:47:1: missing field `root`
    a root that is no node
      flake.lock: `root` names the node `top`, which does not exist
    ");
}

#[test]
fn each_thing_that_breaks_in_the_lock_is_one_finding() {
    let cases = [
        ("/nodes/nixpkgs/original", Value::Null),
        ("/nodes/nixpkgs/locked/type", Value::Null),
        ("/nodes/nixpkgs/locked/owner", json!("nixos")),
        ("/nodes/nixpkgs/locked/rev", json!("b7c2ada")),
        ("/nodes/nixpkgs/locked/rev", Value::Null),
        ("/nodes/nixpkgs/locked/narHash", json!("sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iM=")),
        ("/nodes/nixpkgs/locked/narHash", json!("sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMMA")),
        ("/nodes/nixpkgs/locked/narHash", json!("sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMN=")),
        ("/nodes/nixpkgs/locked/narHash", json!("sha1-IItrdb7Puk05RqOBWZYFC5X6Wl0=")),
        ("/nodes/nixpkgs/locked/narHash", Value::Null),
        ("/nodes/nixpkgs/locked/lastModified", Value::Null),
        ("/nodes/nixpkgs/locked/lastModified", json!("today")),
        ("/nodes/nixpkgs/original/ref", json!("nixos-24.05")),
        ("/nodes/nixpkgs/original/ref", Value::Null),
        ("/nodes/nixpkgs/original/dir", json!("lib")),
        ("/nodes/nixpkgs/flake", json!(false)),
        ("/nodes/root/inputs/more", json!("nixpkgs")),
        ("/nodes/rust-overlay/inputs", Value::Null),
        ("/nodes/rust-overlay/inputs/nixpkgs", json!("nixpkgs")),
        ("/nodes/rust-overlay/inputs/nixpkgs", json!(["rust-overlay"])),
        ("/nodes/rust-overlay/inputs", json!({ "nixpkgs": ["nixpkgs"], "x": ["rust-overlay", "y"] })),
        ("/nodes/rust-overlay/inputs", json!({ "nixpkgs": ["nixpkgs"], "x": ["rust-overlay", "x"] })),
        ("/nodes/rust-overlay/inputs", json!({ "nixpkgs": ["nixpkgs"], "x": ["nixpkgs"] })),
        ("/nodes/rust-overlay/inputs", json!({ "nixpkgs": ["nixpkgs"], "x": "y" })),
    ];
    let shown =
        cases.map(|(pointer, value)| format!("{pointer} = {value}\n{}", one(&with(LOCK, pointer, &value), FLAKE)));
    insta::assert_snapshot!(shown.concat(), @r#"
    /nodes/nixpkgs/original = null
      flake.lock: the node `nixpkgs` has no `original`, which says where it comes from
    /nodes/nixpkgs/locked/type = null
      flake.lock: the node `nixpkgs` has no `type` in `locked`, such as "github"
    /nodes/nixpkgs/locked/owner = "nixos"
      flake.lock: the node `nixpkgs` has another `owner` in `locked` than in `original`; it must be `NixOS`
    /nodes/nixpkgs/locked/rev = "b7c2ada"
      flake.lock: the node `nixpkgs` has the `rev` `b7c2ada`; it must be the 40 hexadecimal digits of a commit
    /nodes/nixpkgs/locked/rev = null
      flake.lock: the node `nixpkgs` has no `rev` in `locked`; it must be the 40 hexadecimal digits of a commit
    /nodes/nixpkgs/locked/narHash = "sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iM="
      flake.lock: the node `nixpkgs` has the `narHash` `sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iM=`; it must be `sha256-` and 32 bytes in 44 characters of base64
    /nodes/nixpkgs/locked/narHash = "sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMMA"
      flake.lock: the node `nixpkgs` has the `narHash` `sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMMA`; it must be `sha256-` and 32 bytes in 44 characters of base64
    /nodes/nixpkgs/locked/narHash = "sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMN="
      flake.lock: the node `nixpkgs` has the `narHash` `sha256-IItrdb7Puk05RqOBWZYFC5X6Wl1sJmCfh5MWVHw5iMN=`; it must be `sha256-` and 32 bytes in 44 characters of base64
    /nodes/nixpkgs/locked/narHash = "sha1-IItrdb7Puk05RqOBWZYFC5X6Wl0="
      flake.lock: the node `nixpkgs` has the `narHash` `sha1-IItrdb7Puk05RqOBWZYFC5X6Wl0=`; it must be `sha256-` and 32 bytes in 44 characters of base64
    /nodes/nixpkgs/locked/narHash = null
      flake.lock: the node `nixpkgs` has no `narHash` in `locked`; it must be `sha256-` and 32 bytes in 44 characters of base64
    /nodes/nixpkgs/locked/lastModified = null
      flake.lock: the node `nixpkgs` has no `lastModified` in `locked`; it must be the seconds from 1970 to its last change
    /nodes/nixpkgs/locked/lastModified = "today"
      flake.lock: the node `nixpkgs` has no `lastModified` in `locked`; it must be the seconds from 1970 to its last change
    /nodes/nixpkgs/original/ref = "nixos-24.05"
      flake.nix:3:5: `inputs.nixpkgs` has the `ref` `nixos-unstable`, but `original` of the node `nixpkgs` has the `ref` `nixos-24.05`: run `nix flake lock`
    /nodes/nixpkgs/original/ref = null
      flake.nix:3:5: `inputs.nixpkgs` has the `ref` `nixos-unstable`, but `original` of the node `nixpkgs` has no `ref`: run `nix flake lock`
    /nodes/nixpkgs/original/dir = "lib"
      flake.nix:3:5: `inputs.nixpkgs` has no `dir`, but `original` of the node `nixpkgs` has the `dir` `lib`: run `nix flake lock`
    /nodes/nixpkgs/flake = false
      flake.nix:3:5: `inputs.nixpkgs.flake` is not `false`, which the node `nixpkgs` has otherwise: run `nix flake lock`
    /nodes/root/inputs/more = "nixpkgs"
      flake.lock: the root has `inputs.more`, which flake.nix does not declare: run `nix flake lock`
    /nodes/rust-overlay/inputs = null
      flake.nix:6:7: flake.lock has no `inputs.rust-overlay.inputs.nixpkgs`: run `nix flake lock`; if there is no such input, this must go
    /nodes/rust-overlay/inputs/nixpkgs = "nixpkgs"
      flake.nix:6:7: in flake.lock `inputs.rust-overlay.inputs.nixpkgs` is the node `nixpkgs`; it must be `["nixpkgs"]`: run `nix flake lock`
    /nodes/rust-overlay/inputs/nixpkgs = ["rust-overlay"]
      flake.nix:6:7: in flake.lock `inputs.rust-overlay.inputs.nixpkgs` is `["rust-overlay"]`; it must be `["nixpkgs"]`: run `nix flake lock`
    /nodes/rust-overlay/inputs = {"nixpkgs":["nixpkgs"],"x":["rust-overlay","y"]}
      flake.lock: the input `x` of `rust-overlay` follows `rust-overlay/y`, which leads nowhere; it must be the names of inputs, from the root on
    /nodes/rust-overlay/inputs = {"nixpkgs":["nixpkgs"],"x":["rust-overlay","x"]}
      flake.lock: the input `x` of `rust-overlay` follows `rust-overlay/x`, which leads nowhere; it must be the names of inputs, from the root on
    /nodes/rust-overlay/inputs = {"nixpkgs":["nixpkgs"],"x":["nixpkgs"]}
      flake.lock: `inputs.rust-overlay.inputs.x` follows `nixpkgs`, which flake.nix does not say: add `inputs.rust-overlay.inputs.x.follows = "nixpkgs"` there
    /nodes/rust-overlay/inputs = {"nixpkgs":["nixpkgs"],"x":"y"}
      flake.lock: the input `x` of `rust-overlay` is the node `y`, which does not exist
    "#);
}

#[test]
fn each_thing_that_breaks_in_flake_nix_is_one_finding() {
    const NIXPKGS: &str = "github:NixOS/nixpkgs/nixos-unstable";
    const FOLLOWS: &str = "inputs.nixpkgs.follows = \"nixpkgs\";";
    const INPUTS: &str = "inputs = {";
    let cases = [
        (NIXPKGS, "github:NixOS/nixpkgs/nixos-24.05"),
        (NIXPKGS, "github:NixOS/nixpkgs?ref=nixos-24.05"),
        (NIXPKGS, "github:NixOS/nixpkgs"),
        (NIXPKGS, "github:NixOS/nixpkgs/b7c2ada94fe99c15b0dbcf4d11fd7850b957a436"),
        (NIXPKGS, "github:nixos/nixpkgs/nixos-unstable"),
        (NIXPKGS, "github:NixOS/nixpkgs/nixos-unstable?dir=lib"),
        (NIXPKGS, "git+https://github.com/NixOS/nixpkgs?ref=nixos-unstable"),
        (NIXPKGS, "https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz"),
        (NIXPKGS, "nixpkgs"),
        (NIXPKGS, "github:${owner}/nixpkgs"),
        (FOLLOWS, "inputs.nixpkgs.follows = \"nixpkgs\"; flake = false;"),
        (FOLLOWS, ""),
        (FOLLOWS, "inputs.nixpkgs.follows = \"other/nixpkgs\";"),
        (FOLLOWS, "inputs.nixpkgs.url = \"github:o/nixpkgs\";"),
        (FOLLOWS, "inputs.nixpkgs.follows = \"nixpkgs\"; inputs.systems.follows = \"nixpkgs\";"),
        (INPUTS, "inputs = { crane.url = \"github:ipetkov/crane\";"),
        ("{ nixpkgs, rust-overlay, ... }", "{ self, crane, ... }"),
        ("{ };\n}", "{ }\n}"),
    ];
    let shown = cases.map(|(from, to)| {
        assert_eq!(FLAKE.matches(from).count(), 1, "{from}");
        format!("{from} -> {to}\n{}", one(LOCK, &FLAKE.replace(from, to)))
    });
    insta::assert_snapshot!(shown.concat(), @r#"
    github:NixOS/nixpkgs/nixos-unstable -> github:NixOS/nixpkgs/nixos-24.05
      flake.nix:3:5: `inputs.nixpkgs` has the `ref` `nixos-24.05`, but `original` of the node `nixpkgs` has the `ref` `nixos-unstable`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> github:NixOS/nixpkgs?ref=nixos-24.05
      flake.nix:3:5: `inputs.nixpkgs` has the `ref` `nixos-24.05`, but `original` of the node `nixpkgs` has the `ref` `nixos-unstable`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> github:NixOS/nixpkgs
      flake.nix:3:5: `inputs.nixpkgs` has no `ref`, but `original` of the node `nixpkgs` has the `ref` `nixos-unstable`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> github:NixOS/nixpkgs/b7c2ada94fe99c15b0dbcf4d11fd7850b957a436
      flake.nix:3:5: `inputs.nixpkgs` has no `ref`, but `original` of the node `nixpkgs` has the `ref` `nixos-unstable`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> github:nixos/nixpkgs/nixos-unstable
      flake.nix:3:5: `inputs.nixpkgs` has the `owner` `nixos`, but `original` of the node `nixpkgs` has the `owner` `NixOS`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> github:NixOS/nixpkgs/nixos-unstable?dir=lib
      flake.nix:3:5: `inputs.nixpkgs` has the `dir` `lib`, but `original` of the node `nixpkgs` has no `dir`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> git+https://github.com/NixOS/nixpkgs?ref=nixos-unstable
      flake.nix:3:5: `inputs.nixpkgs` has the `type` `git`, but `original` of the node `nixpkgs` has the `type` `github`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz
      flake.nix:3:5: `inputs.nixpkgs` has the `type` `tarball`, but `original` of the node `nixpkgs` has the `type` `github`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> nixpkgs
      flake.nix:3:5: `inputs.nixpkgs` has the `type` `indirect`, but `original` of the node `nixpkgs` has the `type` `github`: run `nix flake lock`
    github:NixOS/nixpkgs/nixos-unstable -> github:${owner}/nixpkgs
      flake.nix:3:5: `url` must be a string without anything computed in it
    inputs.nixpkgs.follows = "nixpkgs"; -> inputs.nixpkgs.follows = "nixpkgs"; flake = false;
      flake.nix:4:5: `inputs.rust-overlay.flake` is `false`, which the node `rust-overlay` has otherwise: run `nix flake lock`
    inputs.nixpkgs.follows = "nixpkgs"; -> 
      flake.lock: `inputs.rust-overlay.inputs.nixpkgs` follows `nixpkgs`, which flake.nix does not say: add `inputs.rust-overlay.inputs.nixpkgs.follows = "nixpkgs"` there
    inputs.nixpkgs.follows = "nixpkgs"; -> inputs.nixpkgs.follows = "other/nixpkgs";
      flake.nix:6:7: in flake.lock `inputs.rust-overlay.inputs.nixpkgs` is `["nixpkgs"]`; it must be `["other","nixpkgs"]`: run `nix flake lock`
    inputs.nixpkgs.follows = "nixpkgs"; -> inputs.nixpkgs.url = "github:o/nixpkgs";
      flake.nix:6:7: in flake.lock `inputs.rust-overlay.inputs.nixpkgs` is `["nixpkgs"]`, but here it follows nothing: run `nix flake lock`
    inputs.nixpkgs.follows = "nixpkgs"; -> inputs.nixpkgs.follows = "nixpkgs"; inputs.systems.follows = "nixpkgs";
      flake.nix:6:43: flake.lock has no `inputs.rust-overlay.inputs.systems`: run `nix flake lock`; if there is no such input, this must go
    inputs = { -> inputs = { crane.url = "github:ipetkov/crane";
      flake.nix:2:14: flake.lock has no `inputs.crane`: run `nix flake lock`
    { nixpkgs, rust-overlay, ... } -> { self, crane, ... }
      flake.nix:9:21: flake.lock has no `inputs.crane`: run `nix flake lock`
    { };
    } -> { }
    }
      flake.nix:9:47: expected ';', found '}'
    "#);
}

#[test]
fn a_node_that_nothing_reaches_must_go() {
    let lock = with(LOCK, "/nodes/lost", &node("lost"));
    insta::assert_snapshot!(one(&lock, FLAKE), @"  flake.lock: nothing reaches the node `lost`; it must go: run `nix flake lock`");
}

#[test]
fn a_source_that_is_there_twice_follows_once() {
    let nixpkgs = serde_json::from_str::<Value>(LOCK).unwrap()["nodes"]["nixpkgs"].clone();
    let lock = with(LOCK, "/nodes/nixpkgs_2", &nixpkgs);
    let copied = with(&lock, "/nodes/rust-overlay/inputs/nixpkgs", &json!("nixpkgs_2"));
    let flake = FLAKE.replace("inputs.nixpkgs.follows = \"nixpkgs\";", "");
    insta::assert_snapshot!(one(&copied, &flake), @r#"  flake.lock: the nodes `nixpkgs` and `nixpkgs_2` are the same source, and each copy is fetched and evaluated: add `inputs.rust-overlay.inputs.nixpkgs.follows = "nixpkgs"` to flake.nix"#);

    let twice = with(&lock, "/nodes/root/inputs/stable", &json!("nixpkgs_2"));
    let own = |branch: &str| {
        let stable = format!("inputs = {{ stable.url = \"github:NixOS/nixpkgs/{branch}\";");
        FLAKE.replace("inputs = {", &stable)
    };
    insta::assert_snapshot!(one(&twice, &own("nixos-unstable")), @r#"  flake.lock: the nodes `nixpkgs` and `nixpkgs_2` are the same source, and each copy is fetched and evaluated: add `inputs.stable.follows = "nixpkgs"` to flake.nix"#);
    // The flake itself says that two are wanted.
    let branches = with(&twice, "/nodes/nixpkgs_2/original/ref", &json!("nixos-26.05"));
    assert_eq!(check_lock(&branches, &own("nixos-26.05"), None), []);
}

#[test]
fn there_are_no_more_nodes_than_are_allowed() {
    assert_eq!(check_lock(LOCK, FLAKE, Some(2)), []);
    let findings = check_lock(LOCK, FLAKE, Some(1));
    insta::assert_snapshot!(findings.iter().map(ToString::to_string).collect::<String>(), @"flake.lock: there are 2 nodes beside the root; there must be no more than 1: every one is fetched and evaluated");
}
