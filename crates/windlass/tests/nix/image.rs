//! Images that Nix builds, in a container engine.

use crate::fixture::{Fixture, clean, ended, manifest};
use crate::real::{root, said_by};

/// The image of a package of the flake, loaded; its reference.
fn loaded(package: &str) -> String {
    // By the way that a check goes: it knows what stands in for nixpkgs.
    let checked = crate::real::windlass(&root(), &["check", "--level", "L1"]);
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
    let metadata = said_by(clean("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let stand_in = format!("{}/windlass/nix/stand-in", metadata["target_directory"].as_str().unwrap());
    let urls = ["nixpkgs", "rust-overlay"].map(|input| (input, format!("path:{stand_in}/{input}")));
    let mut call = crate::real::call(&["build", "--no-link", "--print-out-paths", "--no-write-lock-file"]);
    for (input, url) in &urls {
        call.args(["--override-input", input, url]);
    }
    let archive = said_by(call.arg(format!(".#{package}")).current_dir(root()));
    let said = said_by(clean("docker").args(["load", "--quiet", "--input", &archive]));
    said.lines().last().unwrap().trim_start_matches("Loaded image: ").to_owned()
}

#[test]
fn images_are_layered_and_of_no_day_and_their_servers_are_what_tests_take_and_not_run_by_root() {
    let (postgres, redis) = (loaded("image-postgres"), loaded("image-redis"));
    for image in [&postgres, &redis] {
        let said = said_by(clean("docker").args(["inspect", "--type", "image", image]));
        let found: serde_json::Value = serde_json::from_str(&said).unwrap();
        let of = |pointer: &str| found.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {said}"));
        let layers = of("/0/RootFS/Layers").as_array().unwrap().len();
        assert!(layers > 1, "{image} has {layers} layer");
        assert_eq!(of("/0/Created"), "1970-01-01T00:00:01Z", "{image}");
        assert_eq!(of("/0/Config/User"), "999:999", "{image}");
    }
    let it = Fixture::empty();
    it.file("Cargo.toml", &manifest("app", "")).file("src/lib.rs", "");
    it.file(
        ".config/windlass.toml",
        &format!(
            "[services.postgres]\nbackend = \"container\"\ncontainer.image = \"{postgres}\"\nversion = \">=13\"\n\
             [services.redis]\nbackend = \"container\"\ncontainer.image = \"{redis}\"\n"
        ),
    );
    let line = "psql -qAtc 'select 6 * 7' \"$DATABASE_URL\" && \
                docker ps --format '{{.Image}} {{.ID}}' | grep -e '-nix ' | while read -r image id; do \
                echo \"$image $(docker exec \"$id\" id -u)\"; done | sort -u";
    let ended = ended(it.command(&["with", "--", "sh", "-c", line]).env("XDG_CACHE_HOME", it.path("cache")));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, format!("42\n{postgres} 999\n{redis} 999\n"), "{}", ended.stderr);
}
