//! Test targets with a harness of their own.

use windlass_record::{Outcome, TestOutcome};

use crate::fixture::{Fixture, LIB, ended, manifest};

/// Speaks as much of libtest's protocol as nextest wants.
const COMPATIBLE: &str = "fn main() {
    let args: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| args.iter().any(|arg| arg == wanted);
    if has(\"--list\") && !has(\"--ignored\") {
        println!(\"speaks: test\");
    }
}
";

#[test]
fn each_harness_is_run_by_whoever_can_run_it_and_none_is_lost_or_fatal_to_others() {
    let it = Fixture::empty();
    let names = ["compatible", "failing", "filtered", "gated", "junk", "silent"];
    let table = |name: &&str| {
        let gate = if *name == "gated" { "required-features = [\"gate\"]\n" } else { "" };
        format!("[[test]]\nname = \"{name}\"\nharness = false\n{gate}\n")
    };
    let tables: String = names.iter().map(table).collect();
    it.file("Cargo.toml", &manifest("app", &format!("{tables}[features]\ngate = []\n")));
    it.file("src/lib.rs", LIB);
    it.file("tests/compatible.rs", COMPATIBLE);
    it.file(
        "tests/failing.rs",
        "fn main() {\n    println!(\"3 of 4 tables differ\");\n    std::process::exit(7);\n}\n",
    );
    it.file("tests/filtered.rs", "fn main() {\n    panic!(\"the profile leaves this out\");\n}\n");
    it.file("tests/gated.rs", "fn main() {\n    panic!(\"this is not built\");\n}\n");
    it.file("tests/junk.rs", "fn main() {\n    println!(\"== 12 tables compared, (all) well!\");\n}\n");
    it.file("tests/silent.rs", "fn main() {}\n");
    it.file(".config/nextest.toml", "[profile.default]\ndefault-filter = \"not binary(filtered)\"\n");
    let it = it.locked();

    let ended = it.windlass(&["ci", "--stage", "test"]).exits(1);
    let record = it.record();
    let steps: Vec<_> = record.steps.iter().map(|step| (step.name.as_str(), step.stage.as_str())).collect();
    let expected = [
        ("lock", "lock"),
        ("build", "build"),
        ("test", "test"),
        ("test app::failing", "test"),
        ("test app::junk", "test"),
        ("test app::silent", "test"),
    ];
    assert_eq!(steps, expected);
    assert_eq!(it.outcome("test app::failing"), Outcome::Failed { code: 7 });
    assert!(it.passed("test") && it.passed("test app::junk") && it.passed("test app::silent"));
    assert!(it.log("test app::junk").contains("12 tables compared"));
    let mut tests: Vec<_> = record.tests.iter().map(|test| (test.id(), test.outcome)).collect();
    tests.sort_by(|a, b| a.0.cmp(&b.0));
    let passed = TestOutcome::Passed;
    assert_eq!(tests, [("app tests::adds".to_owned(), passed), ("app::compatible speaks".to_owned(), passed)]);

    let failing = record.step("test app::failing").unwrap();
    assert_eq!(failing.command, "cargo test --workspace --locked --test failing");
    assert_ne!(it.shell(&failing.command).code, Some(0));
    assert!(ended.stdout.contains("✗ test app::failing (stage test)"), "{}", ended.stdout);
    assert!(ended.stdout.contains("3 of 4 tables differ"), "{}", ended.stdout);
    let note = "`app::junk`: nextest cannot list its harness, so `cargo test` runs it as a whole".to_owned();
    assert!(record.run.notes.contains(&note), "{:#?}", record.run.notes);
    let pasted = it.shell(&record.step("test").unwrap().command).exits(0);
    assert!(!pasted.stderr.contains("Compiling"), "{}", pasted.stderr);

    let asked = "asking nextest which harnesses it can list\n";
    assert!(ended.stdout.contains(asked), "{}", ended.stdout);
    let planned = it.windlass(&["ci", "--dry-run"]).exits(0).stdout;
    assert!(planned.contains("`junk` of `app`"), "{planned}");
    let probe = "cargo nextest list --workspace --locked --message-format json -E 'binary_id(=app::junk)'";
    assert!(planned.contains(probe), "{planned}");

    // What is not built is not asked: that would compile it once more.
    it.file("src/lib.rs", "compile_error!(\"no\");\n");
    let ended = it.windlass(&["ci", "--stage", "test", "--keep-going"]).exits(1);
    assert!(!ended.stdout.contains(asked), "{}", ended.stdout);
    assert_eq!(it.outcome("test"), Outcome::Skipped { reason: "needs `build`, which did not pass".into() });
}

#[test]
fn without_a_list_every_harness_of_its_own_is_run_by_cargo() {
    let it = Fixture::empty();
    it.file("Cargo.toml", &manifest("app", "[[test]]\nname = \"junk\"\nharness = false\n"));
    it.file("src/lib.rs", LIB);
    it.file("tests/junk.rs", "fn main() {\n    println!(\"== 12 tables compared, (all) well!\");\n}\n");
    it.file("tests/plain.rs", "#[test]\nfn well() {}\n");
    let it = it.locked();
    // A nextest that lists nothing, found before the real one.
    let nextest = it.shell("command -v cargo-nextest").exits(0).stdout;
    let nextest = format!("{} nextest", nextest.trim());
    let script = format!("#!/bin/sh\n[ \"$2\" = list ] && exit 1\nshift\nexec {nextest} \"$@\"\n");
    it.file("bin/cargo-nextest", &script);
    it.shell("chmod +x bin/cargo-nextest").exits(0);
    let path = format!("{}:{}", it.path("bin").display(), std::env::var("PATH").unwrap());
    let ended = ended(it.command(&["ci", "--stage", "test"]).env("PATH", path)).exits(0);
    assert!(it.log("test app::junk").contains("12 tables compared"));
    assert!(it.passed("test"));
    let note = "gave no list, so `cargo test` runs every harness that is not libtest's";
    assert!(ended.stdout.contains(note), "{}", ended.stdout);
}

#[test]
fn harnesses_of_one_name_in_several_packages_are_run_together_and_none_keeps_another_from_running() {
    let it = Fixture::empty();
    it.file("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"one\", \"two\"]\n");
    // Only the feature that `two` asks for makes this one's test a target at all.
    let gated = "[features]\nf = []\n\n[[test]]\nname = \"it\"\nharness = false\nrequired-features = [\"f\"]\n";
    it.file("one/Cargo.toml", &manifest("one", gated));
    it.file("one/tests/it.rs", "fn main() {\n    println!(\"(one) is not well\");\n    std::process::exit(1);\n}\n");
    let asking =
        "[dependencies]\none = { path = \"../one\", features = [\"f\"] }\n\n[[test]]\nname = \"it\"\nharness = false\n";
    it.file("two/Cargo.toml", &manifest("two", asking));
    it.file("two/tests/it.rs", "fn main() {\n    println!(\"(two) is well\");\n}\n");
    for name in ["one", "two"] {
        it.file(&format!("{name}/src/lib.rs"), "");
    }
    let it = it.locked();
    it.windlass(&["test", "--skip", "doctest"]).exits(1);
    let log = it.log("test one::it, two::it");
    assert!(log.contains("(one) is not well") && log.contains("(two) is well"), "{log}");
    assert!(!log.contains("Compiling"), "{log}");
}

#[test]
fn the_workspaces_own_nextest_configuration_holds_and_its_junit_file_is_read() {
    let it = Fixture::app();
    let flaky = "#[test]
fn passes_at_the_second_try() {
    let mark = concat!(env!(\"CARGO_TARGET_TMPDIR\"), \"/tried\");
    if !std::path::Path::new(mark).exists() {
        std::fs::write(mark, \"\").unwrap();
        panic!(\"the first try\");
    }
}
";
    it.file("tests/flaky.rs", flaky);
    it.file(".config/nextest.toml", "[profile.strict]\nretries = 1\njunit.path = \"own/place.xml\"\n");
    it.file(".config/windlass.toml", "[ci]\nnextest-profile = \"strict\"\n");

    it.windlass(&["ci", "--stage", "test"]).exits(0);
    let record = it.record();
    assert!(record.step("test").unwrap().command.contains(" --profile strict "));
    assert!(it.path("target/nextest/strict/own/place.xml").exists());
    let flaky = record.tests.iter().find(|test| test.binary == "app::flaky").unwrap();
    assert_eq!(flaky.outcome, TestOutcome::Flaky);
    assert_eq!(record.tests.len(), 2);
}
