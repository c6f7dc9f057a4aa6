//! The xtask that is written: it compiles, runs everywhere in the workspace, and is formatted as the workspace wants it.

use crate::fixture::Fixture;

const A: (&str, &str) = ("a/Cargo.toml", "[package]\nname = \"a\"\nedition = \"2015\"\n");

#[test]
fn an_adopted_workspace_runs_windlass_from_every_directory() {
    let manifest = "[workspace]\nmembers = [\"a\"]\n[workspace.lints.rust]\nmissing_docs = \"deny\"\n";
    let fixture = Fixture::new(&[("Cargo.toml", manifest), A]).locked();
    let before = fixture.tree();
    let source = format!("path:{}", env!("CARGO_MANIFEST_DIR"));
    let said = fixture.init(&["--source", &source]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("members   2: a, xtask"), "{}", said.stdout);
    assert!(said.stdout.contains("next: cargo xtask ci"), "{}", said.stdout);

    // In a target directory that outlives the test, so that it is compiled once.
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/adopted");
    let xtask = |dir: &str, args: &[&str]| {
        let args = [&["xtask"], args].concat();
        let said = fixture.run_in(&fixture.root().join(dir), "cargo", &args, &[("CARGO_TARGET_DIR", target)]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout
    };
    let help = xtask("a/src", &["--help"]);
    assert!(help.contains("init"), "{help}");
    // Of this platform: what others need has not been downloaded.
    let locked = fixture.run("cargo", &["tree", "--workspace", "--locked", "--offline"]);
    assert_eq!(locked.code, 0, "{}", locked.stderr);
    let main = fixture.read("xtask/src/main.rs");

    // The tasks of one's own that the README shows.
    let readme = include_str!("../../../../README.md");
    let mut blocks = readme.split("```rust\n").skip(1).map(|block| block.split_once("```").unwrap().0);
    fixture.write("xtask/src/main.rs", blocks.find(|block| block.contains("fn main()")).unwrap());
    assert_eq!(xtask("a", &["root"]).trim_end(), fixture.root().to_str().unwrap());
    let plan = xtask("a", &["hello", "--dry-run"]);
    assert!(plan.contains("  hello  echo hello\n"), "{plan}");
    let events = xtask("a", &["hello", "--json"]);
    assert!(events.contains(r#""text":"hello\n""#), "{events}");
    let report = xtask("a", &["report"]);
    assert!(report.contains("passed: 1 step passed"), "{report}");
    let removal = fixture.init(&["--remove"]);
    assert!(removal.stdout.contains("kept     the package `xtask` has become yours"), "{}", removal.stdout);

    fixture.write("xtask/src/main.rs", &main);
    assert_eq!(fixture.init(&["--remove"]).code, 0);
    assert_eq!(fixture.tree(), before);
}

#[test]
fn the_xtask_is_formatted_as_the_workspace_wants_it() {
    for rustfmt in ["", "hard_tabs = true\n", "tab_spaces = 2\nnewline_style = \"Windows\"\n"] {
        let manifest = "[workspace]\nmembers = [\"a\"]\n";
        let fixture = Fixture::new(&[("Cargo.toml", manifest), A, ("rustfmt.toml", rustfmt)]).locked();
        fixture.adopts_and_goes_back(&[]);
        fixture.adopts(&[]);
        let said = fixture.run("cargo", &["fmt", "--package", "xtask", "--check"]);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    }
}
