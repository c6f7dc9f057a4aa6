//! Workspaces of every shape, without any configuration.

use windlass_record::Outcome;

use crate::fixture::{Fixture, LIB, manifest};

const STAGES: [&str; 7] = ["fmt", "lock", "clippy", "build", "test", "doctest", "doc"];

fn skipped(fixture: &Fixture, stage: &str) -> String {
    match fixture.outcome(stage) {
        Outcome::Skipped { reason } => reason,
        outcome => panic!("`{stage}` {outcome}"),
    }
}

/// A build script that has cargo run it again when a variable changes, and says so to the library.
const BUILD_SCRIPT: &str = "fn main() {
    println!(\"cargo:rerun-if-env-changed=WANTED\");
    println!(\"cargo:rustc-env=BUILT=yes\");
}
";

const MACROS: &str = "//! Macros.

use proc_macro::TokenStream;

/// Answers.
///
/// ```
/// assert_eq!(macros::answer!(), 42);
/// ```
#[proc_macro]
pub fn answer(_: TokenStream) -> TokenStream {
    \"42\".parse().unwrap()
}
";

/// Of edition 2015, where `dyn` is no keyword and paths need no `crate::`.
const OLD: &str = "//! Old.

extern crate macros;

mod inner {
    pub fn built() -> &'static str {
        env!(\"BUILT\")
    }
}

/// Tells whether the build script ran.
pub fn dyn() -> bool {
    ::inner::built() == \"yes\" && macros::answer!() == 42
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_built() {
        assert!(super::dyn());
    }
}
";

#[test]
fn a_virtual_workspace_with_macros_a_build_script_and_an_old_edition_is_green_from_any_of_its_directories() {
    let it = Fixture::empty();
    it.file("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n");
    it.file("crates/macros/Cargo.toml", &manifest("macros", "[lib]\nproc-macro = true\n"));
    it.file("crates/macros/src/lib.rs", MACROS);
    let old = manifest("old", "[dependencies]\nmacros = { path = \"../macros\" }\n").replace("2021", "2015");
    it.file("crates/old/Cargo.toml", &old);
    it.file("crates/old/build.rs", BUILD_SCRIPT);
    it.file("crates/old/src/lib.rs", OLD);
    it.file("crates/tool/Cargo.toml", &manifest("tool", ""));
    it.file("crates/tool/src/main.rs", "fn main() {}\n");
    let it = it.locked();

    let output = it.command(&["ci"]).current_dir(it.path("crates/old/src")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let record = it.record();
    assert_eq!(record.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), STAGES);
    assert!(STAGES.iter().all(|stage| it.passed(stage)), "{:#?}", record.steps);
    assert_eq!(record.run.workspace, it.root().to_string_lossy());
    assert_eq!(record.tests.iter().map(|test| test.id()).collect::<Vec<_>>(), ["old tests::is_built"]);
    assert!(it.log("doctest").contains("macros/src/lib.rs - answer"), "{}", it.log("doctest"));
}

#[test]
fn a_root_package_and_its_members_are_judged_and_a_workspace_nested_in_it_is_one_of_its_own() {
    let it = Fixture::empty();
    it.file("Cargo.toml", &manifest("app", "[workspace]\nmembers = [\"sub\"]\nexclude = [\"nested\"]\n"));
    it.file("src/lib.rs", LIB);
    it.file("sub/Cargo.toml", &manifest("sub", ""));
    it.file("sub/src/lib.rs", LIB);
    it.file("nested/Cargo.toml", "[workspace]\nmembers = [\"inner\"]\n");
    it.file("nested/inner/Cargo.toml", &manifest("inner", ""));
    it.file("nested/inner/src/lib.rs", "pub  fn badly_formatted( ) { }\n");

    it.windlass(&["ci", "--stage", "fmt"]).exits(0);
    assert_eq!(it.record().step("fmt").unwrap().command, "cargo fmt --check -p app -p sub");

    it.windlass(&["ci", "--stage", "fmt", "--manifest-path", "nested/inner/Cargo.toml"]).exits(1);
    let nested = it.path("nested/target/windlass/latest/record.json");
    let text = std::fs::read_to_string(nested).unwrap();
    let record = windlass_record::Record::from_json(&text).unwrap();
    assert_eq!(record.run.workspace, it.path("nested").to_string_lossy());
    let place = &record.step("fmt").unwrap().diagnostics[0];
    assert_eq!((place.file.as_deref(), place.line), (Some("inner/src/lib.rs"), Some(1)));
    let inside = it.command(&["ci", "--stage", "fmt"]).current_dir(it.path("nested/inner/src")).output().unwrap();
    assert_eq!(inside.status.code(), Some(1));

    it.file("sub/src/lib.rs", "pub  fn badly_formatted( ) { }\n");
    it.windlass(&["ci", "--stage", "fmt"]).exits(1);
}

/// Not formatted, full of warnings, with a test, an example and a link that fail.
const NEGLECTED: &str = "#![deny(rustdoc::broken_intra_doc_links)]
/// [nothing]
///
/// ```
/// panic!();
/// ```
pub  fn neglected( ) -> u32 { let unused = 1; return 2; }
#[test] fn fails() { panic!(); }
";

#[test]
fn a_path_dependency_outside_of_the_members_is_neither_formatted_nor_judged() {
    let it = Fixture::empty();
    let dependency = "[dependencies]\nneglected = { path = \"neglected\" }\n\n[workspace]\nexclude = [\"neglected\"]\n";
    it.file("Cargo.toml", &manifest("app", dependency));
    it.file("src/lib.rs", "//! A library.\n\npub use neglected::neglected;\n");
    it.file("neglected/Cargo.toml", &manifest("neglected", ""));
    it.file("neglected/src/lib.rs", NEGLECTED);
    let it = it.locked();

    it.windlass(&["ci"]).exits(0);
    assert!(STAGES.iter().all(|stage| it.passed(stage)));
    assert_eq!(it.read("neglected/src/lib.rs"), NEGLECTED);
}

#[test]
fn a_package_without_a_library_and_without_tests_is_green_and_both_are_said() {
    let it = Fixture::empty();
    it.file("Cargo.toml", &manifest("tool", ""));
    it.file("src/main.rs", "fn main() {}\n");
    let it = it.locked();

    let ended = it.windlass(&["ci"]).exits(0);
    assert_eq!(skipped(&it, "doctest"), "no package has a library with doctests");
    assert!(it.passed("test"));
    assert_eq!(it.record().step("test").unwrap().notes, ["nextest found no tests to run"]);
    assert!(ended.stdout.contains("  test: nextest found no tests to run\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("  no .config/nextest.toml: "), "{}", ended.stdout);
}

#[test]
fn with_every_member_excluded_each_stage_says_why_it_has_nothing_to_do_and_the_run_is_green() {
    let it = Fixture::app();
    it.file(".config/windlass.toml", "[ci]\nexclude = [{ package = \"app\", reason = \"not today\" }]\n");
    let ended = it.windlass(&["ci"]).exits(0);
    for stage in STAGES {
        assert_eq!(skipped(&it, stage), "no package is left to look at");
    }
    assert!(ended.stdout.contains("package `app` is not run: not today"), "{}", ended.stdout);
}

#[test]
fn a_root_that_a_shell_would_take_apart_is_quoted_in_all_that_is_printed_for_pasting() {
    let it = Fixture::empty();
    it.file("it's $HOME & co/Cargo.toml", &manifest("app", ""));
    it.file("it's $HOME & co/src/lib.rs", &LIB.replace("add(2, 2), 4", "add(2, 2), 5"));
    let root = it.path("it's $HOME & co");

    let output = it.command(&["ci", "--stage", "test"]).current_dir(&root).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let text = std::fs::read_to_string(root.join("target/windlass/latest/record.json")).unwrap();
    let record = windlass_record::Record::from_json(&text).unwrap();
    let [test] = record.tests.as_slice() else { panic!("{:#?}", record.tests) };
    assert_eq!(test.name, "tests::adds");

    let manifest = root.join("Cargo.toml");
    for command in it.commands(&["ci", "--stage", "build,test", "--manifest-path", manifest.to_str().unwrap()]) {
        let pasted = it.shell(&command);
        let code = if command.contains("nextest") { 100 } else { 0 };
        assert_eq!(pasted.code, Some(code), "{command}\n{}", pasted.stderr);
    }
}
