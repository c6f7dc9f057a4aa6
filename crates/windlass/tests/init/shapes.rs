//! Workspaces of every shape: adopted, current, and back to the byte.

use crate::fixture::Fixture;

const A: (&str, &str) = ("a/Cargo.toml", "[package]\nname = \"a\"\nedition = \"2021\"\n");

/// The manifest of a workspace with the member `a`, in different hands.
const MANIFESTS: [(&str, &str); 14] = [
    ("one line", "[workspace]\nresolver = \"2\"\nmembers = [\"a\"]\n"),
    ("a line each", "[workspace]\nresolver = \"2\"\nmembers = [\n    \"a\",\n]\n"),
    (
        "comments everywhere",
        "# top\n[workspace] # ws\n# on members\nmembers = [ # first\n  # before a\n  \"a\" # a\n  # end\n] # closed\n# on resolver\nresolver = \"2\" # two\n",
    ),
    ("glob", "[workspace]\nresolver = \"2\"\nmembers = [\"[a-z]*\"]\n"),
    ("glob elsewhere", "[workspace]\nresolver = \"2\"\nmembers = [\"./a*\"]\n"),
    ("glob, but excluded", "[workspace]\nresolver = \"2\"\nmembers = [\"[a-z]*\"]\nexclude = [\"xtask\"]\n"),
    ("exclude", "[workspace]\nresolver = \"2\"\nexclude = [\"b\"]\nmembers = ['a',]\n"),
    ("dotted", "workspace.resolver = \"2\"\nworkspace.members = [\"a\"]\n"),
    ("inline", "workspace = { resolver = \"2\", members = [\"a\"] }\n"),
    ("CRLF", "# top\r\n[workspace]\r\nresolver = \"2\"\r\nmembers = [\r\n\t\"a\", # a\r\n]\r\n"),
    ("no newline at the end", "[workspace]\nresolver = \"2\"\nmembers = [\"a\"]"),
    ("edition 2021 without resolver", "[workspace]\nmembers = [\"a\"]\n"),
    (
        "lints for all",
        "[workspace]\nresolver = \"3\"\nmembers = [\"a\"]\n[workspace.package]\nedition = \"2015\"\n[workspace.lints.rust]\nmissing_docs = \"deny\"\n",
    ),
    (
        "a profile of that name",
        "[workspace]\nresolver = \"3\"\nmembers = [\"a\"]\n[profile.xtask]\ninherits = \"release\"\n",
    ),
];

#[test]
fn a_virtual_workspace_is_as_before_however_its_manifest_is_written() {
    for (name, manifest) in MANIFESTS {
        eprintln!("{name}");
        Fixture::new(&[("Cargo.toml", manifest), A]).locked().adopts_and_goes_back(&[]);
    }
}

#[test]
fn a_pattern_that_takes_in_the_xtask_gets_no_entry_beside_it() {
    let manifest = "[workspace]\nresolver = \"2\"\nmembers = [\"a\", \"x*\"]\n";
    let x = ("x/Cargo.toml", "[package]\nname = \"x\"\n");
    let fixture = Fixture::new(&[("Cargo.toml", manifest), A, x]).locked();
    fixture.adopts_and_goes_back(&[]);
    fixture.adopts(&[]);
    assert_eq!(fixture.read("Cargo.toml"), manifest);
}

#[test]
fn a_workspace_without_lockfile_has_none_afterwards() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFESTS[0].1), A]);
    let text = fixture.adopts_and_goes_back(&[]);
    let note = "there is no `Cargo.lock`, and `init` leaves none; cargo writes one when it starts `cargo xtask`";
    assert!(text.contains(note), "{text}");
    assert!(!text.contains("changed  Cargo.lock"), "{text}");
}

#[test]
fn a_single_crate_becomes_a_workspace_and_stops_being_one() {
    for package in [
        "[package]\nname = \"a\"\n",
        "[package]\nname = \"a\"",
        "[package]\r\nname = \"a\"\r\nversion = \"0.1.0\"\r\n\r\n\r\n",
    ] {
        let fixture = Fixture::new(&[("Cargo.toml", package)]).locked();
        let text = fixture.adopts_and_goes_back(&[]);
        assert!(text.contains("members   2: a, xtask"), "{text}");
    }
}

#[test]
fn a_root_package_keeps_its_members() {
    let member = "[dependencies]\na = { path = \"a\" }\n";
    let root = format!("[package]\nname = \"root\"\nedition = \"2015\"\n{member}");
    for workspace in [
        "[workspace]\n",
        "[workspace]\nmembers = [\"a\"]\n",
        "[workspace.package]\nedition = \"2024\"\n",
        "[workspace]\nmembers = []",
    ] {
        let text =
            Fixture::new(&[("Cargo.toml", &format!("{root}\n{workspace}")), A]).locked().adopts_and_goes_back(&[]);
        assert!(text.contains("members   3: a, root, xtask"), "{text}");
    }
}

#[test]
fn a_path_dependency_outside_stays_outside() {
    let root = "[package]\nname = \"root\"\nedition = \"2024\"\n[dependencies]\nouter = { path = \"../outer\" }\n";
    let outer = ("../outer/Cargo.toml", "[package]\nname = \"outer\"\n[workspace]\n");
    let text = Fixture::new(&[("Cargo.toml", root), outer]).locked().adopts_and_goes_back(&[]);
    assert!(text.contains("members   2: root, xtask"), "{text}");
}

#[test]
fn the_crates_below_a_single_crate_stay_on_their_own() {
    let root = "[package]\nname = \"root\"\nedition = \"2021\"\n[dependencies]\npart = { path = \"parts/part\" }\n";
    let demo = "[package]\nname = \"demo\"\nedition = \"2021\"\n[dependencies]\nroot = { path = \"../..\" }\n";
    let fixture = Fixture::new(&[
        ("Cargo.toml", root),
        ("parts/part/Cargo.toml", "[package]\nname = \"part\"\nedition = \"2021\"\n"),
        ("examples/demo/Cargo.toml", demo),
        ("fuzz/Cargo.toml", "[package]\nname = \"fuzz\"\nedition = \"2021\"\n[workspace]\n"),
        ("xtask/Cargo.toml", "[package]\nname = \"own\"\nedition = \"2021\"\n"),
    ])
    .locked();
    let seen_from_below = || {
        ["parts/part", "examples/demo", "fuzz", "xtask"].map(|dir| {
            let dir = fixture.root().join(dir);
            let said = fixture.run_in(&dir, "cargo", &["metadata", "--format-version", "1", "--no-deps"], &[]);
            assert_eq!(said.code, 0, "{}: {}", dir.display(), said.stderr);
            said.stdout
        })
    };
    let before = seen_from_below();
    let text = fixture.adopts_and_goes_back(&[]);
    assert!(text.contains("members   2: root, xtask-windlass"), "{text}");
    fixture.adopts(&[]);
    assert_eq!(seen_from_below(), before);
    let manifest = fixture.read("Cargo.toml");
    assert!(manifest.contains("\nexclude = [\"examples\", \"parts\", \"xtask\"] # added"), "{manifest}");
}

#[test]
fn of_nested_workspaces_the_one_around_the_manifest_is_edited() {
    let outer = "[workspace]\nresolver = \"2\"\nmembers = [\"a\"]\nexclude = [\"inner\"]\n";
    let inner = "[workspace]\nresolver = \"2\"\nmembers = [\"b\"]\n";
    let b = "[package]\nname = \"b\"\n";
    let fixture = Fixture::new(&[("Cargo.toml", outer), A, ("inner/Cargo.toml", inner), ("inner/b/Cargo.toml", b)]);
    let before = fixture.tree();
    let manifest = ["--manifest-path", "inner/b/Cargo.toml"];
    assert_eq!(fixture.adopt(&manifest).code, 0);
    assert_eq!(fixture.read("Cargo.toml"), outer);
    assert!(fixture.read("inner/Cargo.toml").contains("\"xtask\""));
    assert!(fixture.read("inner/xtask/src/main.rs").contains("windlass::main()"));
    assert_eq!(fixture.init(&[&["--remove"], manifest.as_slice()].concat()).code, 0);
    assert_eq!(fixture.tree(), before);
}

#[test]
fn old_editions_get_an_xtask_that_changes_nothing_that_cargo_says() {
    for edition in ["2015", "2018", "2021", "2024"] {
        let a = format!("[package]\nname = \"a\"\nedition = \"{edition}\"\n");
        let manifest = "[workspace]\nmembers = [\"a\"]\n";
        let fixture = Fixture::new(&[("Cargo.toml", manifest), ("a/Cargo.toml", &a)]).locked();
        let said = || fixture.run("cargo", &["metadata", "--format-version", "1", "--no-deps"]).stderr;
        let before = said();
        fixture.adopts(&[]);
        assert_eq!(said().replace(&edition.to_string(), ""), before.replace(&edition.to_string(), ""));
        assert_eq!(fixture.init(&["--remove"]).code, 0);
    }
}

#[test]
fn an_existing_cargo_config_keeps_its_comments_under_both_its_names() {
    let config =
        "# top\n[build] # b\njobs = 1\n\n# mine\n[alias]\n# c\nc = \"check\" # quick\n\n[profile.dev]\ndebug = 0\n";
    for path in [".cargo/config.toml", ".cargo/config"] {
        let fixture = Fixture::new(&[("Cargo.toml", MANIFESTS[0].1), A, (path, config)]).locked();
        fixture.adopts_and_goes_back(&[]);
        fixture.adopts(&[]);
        let text = fixture.read(path);
        assert!(text.starts_with("# top\n[build] # b\njobs = 1\n\n# mine\n[alias]\nxtask = "), "{text}");
        assert!(text.contains("# c\nc = \"check\" # quick\n\n[profile.dev]\ndebug = 0\n"), "{text}");
    }
}

#[test]
fn git_leaves_the_target_directory_out_afterwards() {
    for ignored in [None, Some(""), Some("*.o\n"), Some("/target\n"), Some("target")] {
        let mut files = vec![("Cargo.toml", MANIFESTS[0].1), A];
        files.extend(ignored.map(|text| (".gitignore", text)));
        let fixture = Fixture::new(&files).locked().in_git();
        fixture.adopts_and_goes_back(&[]);
        fixture.adopts(&[]);
        assert_eq!(fixture.run("git", &["check-ignore", "--quiet", "target/"]).code, 0);
        if let Some(text) = ignored.filter(|text| text.contains("target")) {
            assert_eq!(fixture.read(".gitignore"), text);
        }
    }
    let without_git = Fixture::new(&[("Cargo.toml", MANIFESTS[0].1), A]);
    without_git.adopts(&[]);
    assert!(!without_git.root().join(".gitignore").exists());
}

#[test]
fn a_file_that_git_leaves_out_is_named() {
    let ignore = (".gitignore", "/target\n.cargo\n/.config/\n");
    let fixture = Fixture::new(&[("Cargo.toml", MANIFESTS[0].1), A, ignore]).locked().in_git();
    let dry = fixture.adopt(&["--dry-run"]).stdout;
    for text in [dry, fixture.adopts_and_goes_back(&[])] {
        let ignored: Vec<_> = text.lines().filter(|line| line.starts_with("note: git ignores")).collect();
        let expected = [".cargo/config.toml", ".config/windlass.toml"]
            .map(|path| format!("note: git ignores `{path}`: colleagues will not get it"));
        assert_eq!(ignored, expected, "{text}");
    }
    // What is tracked all the same reaches them.
    fixture.adopts(&[]);
    assert_eq!(fixture.run("git", &["add", "--force", ".cargo"]).code, 0);
    std::fs::remove_file(fixture.root().join(".cargo/config.toml")).unwrap();
    let text = fixture.adopts(&[]);
    assert!(!text.contains("git ignores"), "{text}");
}

#[test]
fn the_workflow_stands_where_github_looks_for_it() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFESTS[0].1), A]).in_git();
    fixture.adopts_and_goes_back(&["--github"]);
    fixture.write(".github/workflows/ci.yml", "name: mine\n");
    fixture.adopts_and_goes_back(&["--github"]);
    fixture.adopts(&["--github"]);
    assert!(fixture.read(".github/workflows/windlass.yml").contains("run: cargo xtask ci"));

    let below = Fixture::new(&[("rust/Cargo.toml", MANIFESTS[0].1), ("rust/a/Cargo.toml", A.1)]).in_git();
    let before = below.tree();
    let manifest = ["--manifest-path", "rust/Cargo.toml"];
    assert_eq!(below.adopt(&[manifest.as_slice(), &["--github"]].concat()).code, 0);
    assert!(below.read(".github/workflows/ci.yml").contains("working-directory: rust"));
    assert_eq!(below.init(&[manifest.as_slice(), &["--remove"]].concat()).code, 0);
    assert_eq!(below.tree(), before);
}
