//! Red stages: each is red too when its printed command is pasted, says where and why, and which key relaxes it.

use windlass_record::{Level, Outcome};

use crate::fixture::{Fixture, LIB, manifest};

/// Everything is wrong with it, but it compiles.
const BAD: &str = "#![deny(rustdoc::broken_intra_doc_links)]
//! Links to [nothing].

/// Adds.
///
/// ```
/// assert_eq!(bad::add(2, 2), 5);
/// ```
pub fn add(a: u32, b: u32) -> u32 {
    return  a + b;
}

#[test]
fn adds() {
    assert_eq!(add(2, 2), 5);
}
";

/// The file and line of the first error of a step.
fn place(fixture: &Fixture, step: &str) -> (String, u32) {
    let record = fixture.record();
    let step = record.step(step).unwrap();
    let error = step.diagnostics.iter().find(|it| it.level == Level::Error && it.file.is_some());
    let error = error.unwrap_or_else(|| panic!("no place in {:#?}", step.diagnostics));
    (error.file.clone().unwrap(), error.line.unwrap_or_default())
}

#[test]
fn each_red_stage_is_red_when_pasted_too_and_names_its_place_and_the_key_that_relaxes_it() {
    let it = Fixture::empty();
    it.file("Cargo.toml", &manifest("bad", ""));
    it.file("src/lib.rs", BAD);
    let it = it.locked();

    let ended = it.windlass(&["ci"]).exits(1);
    assert!(it.passed("lock") && it.passed("build"));
    let places = [("fmt", 10), ("clippy", 10), ("doctest", 6), ("doc", 2)];
    for (stage, line) in places {
        assert!(it.outcome(stage).is_failure(), "{stage}");
        assert_eq!(place(&it, stage), ("src/lib.rs".to_owned(), line), "{stage}");
    }
    let record = it.record();
    for step in record.red_steps() {
        assert_ne!(it.shell(&step.command).code, Some(0), "{}", step.command);
    }
    assert_eq!(record.red_steps().count(), 5);
    for help in [
        "help: `ci.skip = [\"fmt\"]` in .config/windlass.toml",
        "help: `ci.warnings = \"allow\"` or `ci.skip = [\"clippy\"]` in .config/windlass.toml",
        "help: `ci.exclude` (for a package) or `ci.skip = [\"test\"]` in .config/windlass.toml",
        "help: `ci.exclude` (for a package) or `ci.skip = [\"doctest\"]` in .config/windlass.toml",
        "`ci.skip = [\"doc\"]` in .config/windlass.toml",
    ] {
        assert!(ended.stdout.contains(help), "{help}\n{}", ended.stdout);
    }

    let [test] = record.tests.as_slice() else { panic!("{:#?}", record.tests) };
    let rerun = test.rerun.as_deref().unwrap();
    assert_eq!(rerun, "cargo nextest run --workspace --locked -E 'binary_id(=bad) & test(=adds)'");
    assert_ne!(it.shell(rerun).code, Some(0));
    assert!(ended.stdout.contains("src/lib.rs:15"), "{}", ended.stdout);
    crate::runs::is_well_reported(&it);

    it.file(".config/windlass.toml", "[ci]\nwarnings = \"allow\"\n");
    it.windlass(&["ci", "--stage", "clippy"]).exits(0);
    assert_eq!(it.record().step("clippy").unwrap().diagnostics[0].level, Level::Warning);
}

#[test]
fn a_test_that_does_not_compile_fails_the_build_and_is_never_called_a_skip() {
    let it = Fixture::app();
    it.file("tests/broken.rs", "#[test]\nfn adds() {\n    app::subtract();\n}\n");

    let ended = it.windlass(&["test", "--keep-going"]).exits(1);
    let names: Vec<_> = it.record().steps.into_iter().map(|step| step.name).collect();
    assert_eq!(names, ["lock", "build", "test", "doctest"]);
    assert!(it.outcome("build").is_failure());
    assert_eq!(place(&it, "build"), ("tests/broken.rs".to_owned(), 3));
    assert_eq!(it.record().step("build").unwrap().diagnostics[0].code.as_deref(), Some("E0425"));
    assert_eq!(it.outcome("test"), Outcome::Skipped { reason: "needs `build`, which did not pass".into() });
    assert!(it.passed("doctest"));
    assert!(ended.stdout.contains("tests/broken.rs:3"), "{}", ended.stdout);
    assert_ne!(it.shell(&it.record().step("build").unwrap().command).code, Some(0));

    let fast = it.windlass(&["test", "--fail-fast"]).exits(1);
    assert!(matches!(it.outcome("doctest"), Outcome::Skipped { .. }), "{}", fast.stdout);
}

#[test]
fn an_excluded_package_that_others_depend_on_is_compiled_but_not_judged() {
    let it = Fixture::empty();
    it.file("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"app\", \"worn\"]\n");
    it.file("app/Cargo.toml", &manifest("app", "[dependencies]\nworn = { path = \"../worn\" }\n"));
    it.file("app/src/lib.rs", LIB);
    it.file("worn/Cargo.toml", &manifest("worn", ""));
    it.file("worn/src/lib.rs", "pub fn one( ) -> u32 { let unused = 1; return 1; }\n");
    it.file(".config/windlass.toml", "[ci]\nexclude = [{ package = \"worn\", reason = \"it has always been so\" }]\n");
    let it = it.locked();

    it.windlass(&["ci", "--stage", "fmt,clippy"]).exits(0);
    let notes = it.record().run.notes;
    assert!(notes.contains(&"package `worn` is not run: it has always been so".to_owned()), "{notes:?}");
}
