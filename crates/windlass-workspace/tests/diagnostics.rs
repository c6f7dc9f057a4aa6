//! What tools said, recorded from cargo 1.95.0 (where cargo denies: a nightly of 1.97), and what is read from it.

use std::collections::BTreeSet;
use std::fmt::Write;

use windlass_record::Diagnostic;
use windlass_workspace::{DIAGNOSTICS_MAX, Member, Workspace, diagnostics};

fn workspace() -> Workspace {
    let member = |name: &str| Member {
        name: name.into(),
        id: format!("path+file:///ws/{name}#0.1.0"),
        manifest_path: format!("/ws/{name}/Cargo.toml"),
        edition: "2021".into(),
        targets: Vec::new(),
        path_dependencies: Vec::new(),
        carries_windlass: false,
        uses_sqlx: false,
    };
    let members = vec![member("app"), member("lib1")];
    Workspace { root: "/ws".into(), target_directory: "/ws/target".into(), members }
}

/// One line a diagnostic.
fn table(found: &[Diagnostic]) -> String {
    let mut text = String::new();
    for it in found {
        let code = it.code.as_deref().unwrap_or("-");
        let package = it.package.as_deref().unwrap_or("-");
        let file = it.file.as_deref().unwrap_or("-");
        let at = [it.line, it.column].into_iter().flatten().fold(String::new(), |at, n| format!("{at}:{n}"));
        writeln!(text, "{:?} {code} {package} {file}{at} {}", it.level, it.message).unwrap();
    }
    text
}

fn read(log: &str) -> String {
    table(&diagnostics(log, &workspace()))
}

macro_rules! recorded {
    ($file:literal) => {
        read(include_str!(concat!("fixtures/", $file)))
    };
}

#[test]
fn compile_errors_have_codes_and_warnings_have_lints() {
    insta::assert_snapshot!(recorded!("compile-errors.txt"), @r"
    Warning dead_code lib1 lib1/src/lib.rs:2:4 function `unused` is never used
    Error E0308 lib1 lib1/src/lib.rs:6:50 mismatched types
    Error E0583 app app/src/main.rs:1:1 file not found for module `nope`
    Error E0425 app app/src/main.rs:4:26 cannot find function `two` in crate `lib1`
    Error E0308 app app/src/main.rs:3:17 mismatched types
    ");
}

#[test]
fn colors_change_nothing() {
    // The two packages were compiled side by side, so the order is not the same.
    let sorted = |table: String| table.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(recorded!("compile-errors-in-color.txt")), sorted(recorded!("compile-errors.txt")));
    assert_eq!(recorded!("fmt-in-color.txt"), recorded!("fmt.txt"));
    assert_eq!(recorded!("clippy-in-color.txt"), recorded!("clippy-denied-by-flag.txt"));
}

#[test]
fn denied_lints_are_errors_whoever_denies_them() {
    let by_flag = recorded!("clippy-denied-by-flag.txt");
    insta::assert_snapshot!(by_flag, @r"
    Error dead_code lib1 lib1/src/lib.rs:7:4 function `unused` is never used
    Error clippy::needless_return lib1 lib1/src/lib.rs:5:5 unneeded `return` statement
    Error clippy::ptr_arg lib1 lib1/src/lib.rs:1:15 writing `&Vec` instead of `&[_]` involves a new object where a slice will do
    Error clippy::len_zero lib1 lib1/src/lib.rs:2:8 length comparison to zero
    Error clippy::let_and_return lib1 lib1/src/lib.rs:9:34 returning the result of a `let` binding from a block
    Error unused_must_use lib1 lib1/src/lib.rs:11:10 unused return value of `same` that must be used
    ");
    assert_eq!(recorded!("clippy-denied-by-cargo.txt"), by_flag);
    assert_eq!(recorded!("clippy-allowed.txt"), by_flag.replace("Error ", "Warning "));
}

#[test]
fn each_unformatted_place_is_one_where_it_differs_and_not_where_its_hunk_begins() {
    insta::assert_snapshot!(recorded!("fmt.txt"), @r"
    Error rustfmt app app/src/main.rs:1 not formatted
    Error rustfmt lib1 lib1/src/lib.rs:9 not formatted
    ");
    insta::assert_snapshot!(recorded!("fmt-cannot-parse.txt"), @r"
    Error - app app/src/main.rs:1:12 this file contains an unclosed delimiter
    Error rustfmt lib1 lib1/src/lib.rs:9 not formatted
    ");
    assert_eq!(read("Diff in /ws/app/src/main.rs at line 3:\n"), "Error rustfmt app app/src/main.rs:3 not formatted\n");
}

#[test]
fn rustdoc_s_lints_are_named_by_note_or_source() {
    insta::assert_snapshot!(recorded!("doc-broken-link.txt"), @r"
    Error rustdoc::broken_intra_doc_links lib1 lib1/src/lib.rs:1:11 unresolved link to `gone`
    Warning rustdoc::invalid_html_tags lib1 lib1/src/lib.rs:1:22 unclosed HTML tag `b`
    Warning rustdoc::invalid_rust_codeblocks lib1 lib1/src/lib.rs:16:9 Rust code block is empty
    ");
}

#[test]
fn a_failed_documentation_test_is_one_diagnostic() {
    insta::assert_snapshot!(recorded!("doctest-failures.txt"), @r"
    Error E0308 lib1 lib1/src/lib.rs:9:13 documentation test failed: mismatched types
    Error E0425 lib1 lib1/src/lib.rs:14:7 documentation test failed: cannot find function `nope` in crate `lib1`
    Error doctest lib1 lib1/src/lib.rs:16 documentation test failed: Test executable succeeded, but it's marked `should_panic`
    Error doctest lib1 lib1/src/lib.rs:4 documentation test failed: Test executable failed (exit status: 101): assertion `left == right` failed
    ");
}

#[test]
fn a_documentation_test_that_should_not_compile_says_that_it_did() {
    insta::assert_snapshot!(recorded!("doctest-compiles.txt"), @r"
    Error doctest app app/src/lib.rs:3 documentation test failed: Test compiled successfully, but it's marked `compile_fail`
    ");
}

#[test]
fn a_progress_bar_hides_no_error() {
    insta::assert_snapshot!(recorded!("progress.txt"), @r"
    Error E0308 app app/src/lib.rs:1:22 mismatched types
    ");
    assert_eq!(read("error: no\r\n"), "Error - - - no\n");
}

#[test]
fn what_has_no_place_has_its_causes() {
    insta::assert_snapshot!(recorded!("rustc-too-old.txt"), @r"
    Error - - - rustc 1.95.0 is not supported by the following packages: app@0.1.0 requires rustc 1.96.1; lib1@0.1.0 requires rustc 1.98
    ");
    insta::assert_snapshot!(recorded!("linker-error.txt"), @r"
    Error - app - linking with `cc` failed: exit status: 1: rust-lld: error: undefined symbol: surely_not_there
    ");
    insta::assert_snapshot!(recorded!("lock-stale.txt"), @r"
    Error - - - cannot update the lock file /ws/Cargo.lock because --locked was passed to prevent this
    ");
    insta::assert_snapshot!(recorded!("manifest-broken.txt"), @r"
    Error - app app/Cargo.toml:7:10 unclosed array, expected `]`
    Error - - - failed to load manifest for workspace member `/ws/app`
    ");
    insta::assert_snapshot!(recorded!("dependency-missing.txt"), @r"
    Error - - - failed to load manifest for workspace member `/ws/app`: failed to load manifest for dependency `serde`: failed to read `/ws/gone/Cargo.toml`: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(recorded!("build-script-panics.txt"), @r"
    Error - app app/build.rs:1:13 failed to run custom build command for `app v0.1.0 (/ws/app)`: process didn't exit successfully: `/ws/target/debug/build/app-992f77b1e7542367/build-script-build` (exit status: 101): build script says no
    ");
}

#[test]
fn repetitions_are_dropped_and_numbers_are_bounded() {
    let log: String = (0..3 * DIAGNOSTICS_MAX).map(|n| format!("error: number {}\n\n", n / 2)).collect();
    let found = diagnostics(&log, &workspace());
    assert_eq!(found.len(), DIAGNOSTICS_MAX);
    assert_eq!((found[0].message.as_str(), found[1].message.as_str()), ("number 0", "number 1"));
}

proptest::proptest! {
    #[test]
    fn no_log_is_too_odd(log in "(error|warning|: |\\[|\\]|--> |a:1:2|\n|Caused by:|---- a - b \\(line | stdout ----|Diff in |:3:|`|\\PC){0,60}") {
        diagnostics(&log, &workspace());
    }
}
