//! The workspaces of `templates/`, which somebody begins with: told where windlass is, each is green.

use std::path::{Path, PathBuf};

use crate::fixture::{Fixture, clean, ended};

/// Each, with the lines that are to be filled in.
const TEMPLATES: [(&str, &[(&str, &str)]); 3] = [
    ("minimal", &[FLAKE]),
    ("services", &[("Cargo.toml", "windlass-testkit = { git = \"@windlass-git@\" }"), FLAKE]),
    ("workspace", &[FLAKE, ("xtask/Cargo.toml", "windlass = { git = \"@windlass-git@\", features = [\"nix\"] }")]),
];
const FLAKE: (&str, &str) = ("flake.nix", "  inputs.windlass.url = \"@windlass-flake@\";");

/// The directory of this repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The files of a template: path and text.
fn files(name: &str) -> Vec<(String, String)> {
    let root = repository().join("templates").join(name);
    let (mut files, mut open) = (Vec::new(), vec![root.clone()]);
    while let Some(dir) = open.pop() {
        let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let (dirs, found): (Vec<PathBuf>, Vec<_>) = paths.partition(|path| path.is_dir());
        // Somebody may have compiled it where it is.
        open.extend(dirs.into_iter().filter(|dir| !dir.ends_with("target")));
        let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        files.extend(found.into_iter().map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())));
    }
    files.sort();
    files
}

/// A copy of a template that takes windlass from here.
fn filled(name: &str) -> Fixture {
    let it = Fixture::empty();
    for (path, text) in files(name) {
        it.file(&path, &text);
    }
    it.windlass(&["init", "--source", &format!("path:{}", repository().display())]).exits(0);
    it
}

#[test]
fn each_has_the_toolchain_of_windlass_and_says_where_windlass_is_to_be_filled_in() {
    for (name, expected) in TEMPLATES {
        let files = files(name);
        let text = |wanted: &str| &files.iter().find(|(path, _)| path == wanted).unwrap().1;
        assert_eq!(text("rust-toolchain.toml"), include_str!("../../../../rust-toolchain.toml"), "{name}");
        let lines = files.iter().flat_map(|(path, text)| text.lines().map(move |line| (path.as_str(), line)));
        assert_eq!(lines.filter(|(_, line)| line.contains("@windlass-")).collect::<Vec<_>>(), expected, "{name}");
        // A workspace of its own, wherever it is copied to.
        assert!(text("Cargo.toml").contains("[workspace]\n"), "{name}");
        // Of windlass nobody knows yet where it is: all else is at the version that was tried.
        let sources = text("Cargo.lock").lines().filter(|line| line.starts_with("source = "));
        let elsewhere: Vec<_> = sources.filter(|line| !line.contains("crates.io-index")).collect();
        assert_eq!(elsewhere, [""; 0], "{name}");
    }
}

#[test]
fn the_minimal_one_is_green() {
    let said = filled("minimal").windlass(&["ci"]).exits(0).stdout;
    assert!(said.contains("\npassed: 8 steps passed; 1 test passed; "), "{said}");
}

#[test]
fn the_workspace_is_what_init_makes_of_one() {
    let it = filled("workspace");
    let lock = it.read("Cargo.lock");
    it.cargo(&["update", "--workspace", "--offline"]).exits(0);
    assert_eq!(
        it.read("Cargo.lock"),
        lock,
        "what windlass itself depends on has changed since: this is the lockfile of now"
    );
    let said = it.windlass(&["init", "--check"]).exits(0).stdout;
    assert_eq!(said, "all that `init` writes is there and current\n");
}

/// What is compiled for minutes.
mod deep {
    use super::*;

    #[test]
    fn the_workspace_is_green_by_its_own_xtask() {
        let it = filled("workspace");
        it.cargo(&["update", "--workspace"]).exits(0);
        let said = ended(clean("cargo").args(["xtask", "ci"]).current_dir(it.root())).exits(0).stdout;
        assert!(said.contains("\npassed: 9 steps passed; 3 tests passed; "), "{said}");
    }

    #[test]
    fn the_service_is_green_on_real_servers() {
        let it = filled("services");
        it.cargo(&["update", "--workspace"]).exits(0);
        // What it lacks of PostgreSQL and Redis is fetched first.
        it.windlass(&["setup"]).exits(0);
        let said = it.windlass(&["ci"]).exits(0).stdout;
        assert!(said.contains("\npassed: 10 steps passed; 4 tests passed; "), "{said}");
    }
}
