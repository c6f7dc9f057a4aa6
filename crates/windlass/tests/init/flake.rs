//! `windlass init --nix`: a flake that is new, one of the user's own, and those of templates.

use crate::fixture::Fixture;

const MANIFEST: &str = "[workspace]\nresolver = \"2\"\nmembers = [\"a\"]\n";
const A: (&str, &str) = ("a/Cargo.toml", "[package]\nname = \"a\"\nedition = \"2021\"\n");

#[test]
fn a_flake_comes_and_goes_with_the_rest() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked().in_git();
    let text = fixture.adopts_and_goes_back(&["--nix"]);
    assert!(text.contains("flake.nix                    the flake\n"), "{text}");
    assert!(text.contains("Nix and rustup are to have the same Rust"), "{text}");
    assert!(text.contains("`git add` what was written"), "{text}");
    fixture.adopts(&["--nix"]);
    let windlass = fixture.root().with_file_name("windlass");
    let flake = fixture.read("flake.nix");
    assert!(flake.contains(&format!("inputs.windlass.url = \"path:{}\";\n", windlass.display())), "{flake}");
    assert!(fixture.read("xtask/Cargo.toml").contains("features = [\"nix\"] }\n"));
    // Ours is kept current without being asked for, and goes unless somebody has changed it.
    assert_eq!(fixture.init(&["--check"]).stdout, "all that `init` writes is there and current\n");
    let said = fixture.init(&["--check", "--source", "git:https://example.org/w#v1"]);
    assert!(said.stdout.contains("`flake.nix` differs: the flake\n"), "{}", said.stdout);
    fixture.write("flake.nix", &flake.replace("root = ./.;", "root = ./.; tools = _: [ ];"));
    let said = fixture.init(&["--remove"]);
    assert!(said.stdout.contains("kept     `flake.nix`: you have changed it\n"), "{}", said.stdout);
}

#[test]
fn a_flake_of_ones_own_stays_and_one_is_told_what_to_add() {
    let own = "{ outputs = _: { }; }\n";
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A, ("flake.nix", own)]).locked();
    let text = fixture.adopts_and_goes_back(&["--nix"]);
    assert!(
        text.contains("note: `flake.nix` is yours and stays as it is\nhelp: add the input `windlass.url = "),
        "{text}"
    );
    assert!(text.contains("`windlass.flakeModules.default`"), "{text}");
    // Nobody asked for its files of Nix to be looked at.
    fixture.adopts(&[]);
    assert!(!fixture.read("xtask/Cargo.toml").contains("features"));
}

#[test]
fn a_published_version_has_no_flake() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    let said = fixture.init(&["--nix", "--source", "0.1"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("a version of windlass has no flake"), "{}", said.stderr);
    assert!(!fixture.root().join("flake.nix").exists() && !fixture.root().join("xtask").exists());
}

#[test]
fn the_placeholders_of_a_template_are_filled_and_nothing_else_is_written() {
    let flake = "{\n  inputs.windlass.url = \"@windlass-flake@\";\n}\n";
    let manifest = "[package]\nname = \"shop\"\n[dev-dependencies]\nwindlass-testkit = { git = \"@windlass-git@\" }\n";
    let fixture = Fixture::new(&[("Cargo.toml", manifest), ("flake.nix", flake)]);
    let said = fixture.init(&["--check"]);
    assert_eq!((said.code, said.stdout.contains("placeholders")), (1, true), "{}", said.stdout);
    let said = fixture.init(&[]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    let said = fixture.init(&["--source", "git:https://github.com/o/w#v1"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(fixture.read("flake.nix"), flake.replace("@windlass-flake@", "github:o/w/v1"));
    let git = "windlass-testkit = { git = \"https://github.com/o/w\", rev = \"v1\" }\n";
    assert!(fixture.read("Cargo.toml").ends_with(git), "{}", fixture.read("Cargo.toml"));
    assert!(!fixture.root().join("xtask").exists());
    // A directory: the crates stand side by side in it.
    fixture.write("Cargo.toml", manifest);
    fixture.write("flake.nix", flake);
    let said = fixture.adopt(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let testkit = fixture.root().with_file_name("windlass-testkit");
    assert!(fixture.read("Cargo.toml").contains(&format!("windlass-testkit = {{ path = \"{}\" }}", testkit.display())));
}
