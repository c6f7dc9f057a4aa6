//! What somebody has changed since, and what was theirs from the start.

use crate::fixture::Fixture;

const MANIFEST: &str = "[workspace]\nresolver = \"2\"\nmembers = [\"a\"]\n";
const A: (&str, &str) = ("a/Cargo.toml", "[package]\nname = \"a\"\nedition = \"2021\"\n");
const OWN: &str = "[package]\nname = \"xtask\"\nedition = \"2021\"\npublish = false\n";

#[test]
fn an_xtask_of_ones_own_stays_and_windlass_comes_beside_it() {
    let manifest = "[workspace]\nresolver = \"2\"\nmembers = [\"a\", \"xtask\"]\n";
    let alias = "[alias]\nxtask = \"run --package xtask --\"\n";
    let own = [("Cargo.toml", manifest), A, ("xtask/Cargo.toml", OWN), (".cargo/config.toml", alias)];
    let fixture = Fixture::new(&own).locked();
    let text = fixture.adopts_and_goes_back(&["--github"]);
    assert!(text.contains("your own `xtask` stays as it is, and `cargo windlass` runs windlass beside it"), "{text}");
    assert!(text.contains("add `windlass` to the dependencies of yours"), "{text}");
    fixture.adopts(&["--github"]);
    assert_eq!(fixture.read("xtask/Cargo.toml"), OWN);
    assert!(
        fixture.read(".cargo/config.toml").contains("windlass = \"run --package xtask-windlass --profile xtask --\"")
    );
    assert!(fixture.read(".github/workflows/ci.yml").contains("run: cargo --locked windlass ci"));
}

#[test]
fn an_alias_of_ones_own_stays() {
    let alias = "[alias]\nxtask = [\"run\", \"--package\", \"a\", \"--\"]\n";
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A, (".cargo/config.toml", alias)]).locked();
    fixture.adopts_and_goes_back(&[]);
    fixture.adopts(&[]);
    assert!(fixture.root().join("xtask-windlass/src/main.rs").exists());
    assert!(fixture.read(".cargo/config.toml").contains("xtask = [\"run\", \"--package\", \"a\", \"--\"]"));
}

#[test]
fn an_xtask_that_has_become_the_users_stays_with_what_it_needs() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    fixture.adopts(&[]);
    let lock = fixture.read("Cargo.lock");
    let main = "fn main() -> std::process::ExitCode {\n    // mine\n    windlass::main()\n}\n";
    fixture.write("xtask/src/main.rs", main);
    assert_eq!(fixture.init(&["--check"]).code, 0);

    let said = fixture.init(&["--remove"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("kept     the package `xtask` has become yours"), "{}", said.stdout);
    assert_eq!(fixture.read("xtask/src/main.rs"), main);
    assert_eq!(fixture.read("Cargo.lock"), lock);
    assert!(fixture.read("Cargo.toml").contains("\"xtask\""));
    assert!(fixture.read(".cargo/config.toml").contains("xtask = "));
    assert!(!fixture.root().join(".config").exists());
}

#[test]
fn a_file_added_to_the_xtask_is_named_and_stays() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    fixture.adopts(&[]);
    fixture.write("xtask/src/codegen.rs", "");
    let said = fixture.init(&["--remove"]);
    assert!(said.stdout.contains("`xtask/src/codegen.rs` is yours"), "{}", said.stdout);
    assert!(fixture.root().join("xtask/Cargo.toml").exists());
}

#[test]
fn what_was_added_around_our_lines_stays() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    fixture.adopts(&[]);
    let manifest = fixture.read("Cargo.toml") + "\n[profile.release]\nlto = true\n";
    fixture.write("Cargo.toml", &manifest);
    let config = fixture.read(".cargo/config.toml").replace("[alias]\n", "[alias]\nmine = \"check\"\n");
    fixture.write(".cargo/config.toml", &config);
    fixture.write(".config/windlass.toml", "[ci]\nskip = [\"doc\"]\n");

    let said = fixture.init(&["--remove"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("kept     `.config/windlass.toml`"), "{}", said.stdout);
    assert_eq!(fixture.read("Cargo.toml"), format!("{MANIFEST}\n[profile.release]\nlto = true\n"));
    assert!(fixture.read(".cargo/config.toml").ends_with("[alias]\nmine = \"check\"\n"));
    assert!(!fixture.root().join("xtask").exists());
    assert_eq!(fixture.run("cargo", &["metadata", "--format-version", "1", "--locked", "--offline"]).code, 0);
}

#[test]
fn a_dry_run_shows_the_diff_and_a_check_what_is_missing_and_neither_writes() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    let before = fixture.tree();
    let dry = fixture.adopt(&["--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert!(dry.stdout.contains("-members = [\"a\"]\n+members = [\"a\", \"xtask\"]\n"), "{}", dry.stdout);
    assert!(dry.stdout.contains("--- /dev/null\n+++ b/xtask/src/main.rs\n"), "{}", dry.stdout);
    assert!(dry.stdout.contains("`Cargo.lock` gets the entries that this adds"), "{}", dry.stdout);
    assert!(dry.stdout.contains("a version that the workspace shares with windlass may rise"), "{}", dry.stdout);
    let check = fixture.adopt(&["--check"]);
    assert_eq!(check.code, 1, "{}", check.stdout);
    assert!(check.stdout.contains("`xtask/src/main.rs` is missing: its few lines\n"), "{}", check.stdout);
    assert_eq!(fixture.tree(), before);

    fixture.adopts(&[]);
    let adopted = fixture.tree();
    let dry = fixture.init(&["--remove", "--dry-run"]);
    assert!(dry.stdout.contains("--- a/xtask/src/main.rs\n+++ /dev/null\n"), "{}", dry.stdout);
    assert_eq!(fixture.tree(), adopted);
}

#[test]
fn a_check_says_what_differs_and_init_mends_it() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    fixture.adopts(&["--github"]);
    let adopted = fixture.tree();
    fixture.write("Cargo.toml", MANIFEST);
    fixture.write(".github/workflows/ci.yml", "# Written by `windlass init --github`.\nname: old\n");
    std::fs::remove_file(fixture.root().join(".config/windlass.toml")).unwrap();

    let check = fixture.init(&["--check"]);
    assert_eq!(check.code, 1);
    assert_eq!(
        check.stdout,
        "`Cargo.toml` differs: the member entry\n`.config/windlass.toml` is missing: the defaults, as comments\n\
         `.github/workflows/ci.yml` differs: the workflow\nhelp: run `windlass init`\n"
    );
    assert_eq!(fixture.init(&[]).code, 0);
    assert_eq!(fixture.tree(), adopted);
}

#[test]
fn a_windlass_that_nobody_else_has_is_said() {
    let note =
        "note: windlass comes from a directory of this machine, which nobody else has: `--source git:URL` is for all\n";
    let outside = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    assert!(outside.adopts(&[]).contains(note));
    let manifest = format!("{MANIFEST}exclude = [\"vendor\"]\n");
    let own = "[package]\nname = \"windlass\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let inside = Fixture::new(&[("Cargo.toml", &manifest), A, ("vendor/windlass/Cargo.toml", own)]).locked();
    let said = inside.init(&["--source", "path:vendor/windlass"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!said.stdout.contains(note), "{}", said.stdout);
}

#[test]
fn another_source_takes_the_place_of_the_first() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    let before = fixture.tree();
    fixture.adopts(&[]);
    fixture.write("../other/Cargo.toml", "[package]\nname = \"windlass\"\nversion = \"0.2.0\"\n[workspace]\n");
    fixture.write("../other/src/lib.rs", "pub fn main() -> std::process::ExitCode { 0.into() }\n");
    let other = ["--source", "path:../other"];
    assert_eq!(fixture.init(&[other.as_slice(), &["--check"]].concat()).code, 1);
    assert_eq!(fixture.init(&other).code, 0);
    assert!(fixture.read("Cargo.lock").contains("version = \"0.2.0\""));
    std::fs::remove_dir_all(fixture.root().join("../other")).unwrap();
    fixture.write("../other/Cargo.toml", "[package]\nname = \"windlass\"\nversion = \"0.2.0\"\n[workspace]\n");
    fixture.write("../other/src/lib.rs", "");
    assert_eq!(fixture.init(&["--remove"]).code, 0);
    std::fs::remove_dir_all(fixture.root().join("../other")).unwrap();
    assert_eq!(fixture.tree(), before);
}
