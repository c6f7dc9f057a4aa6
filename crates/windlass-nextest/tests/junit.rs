//! JUnit files recorded from nextest 0.9.143, and what must not happen to broken ones.

use std::fmt::Write;

use windlass_nextest::parse_junit;
use windlass_record::{TestOutcome, TestRecord};

const RETRIES: &str = include_str!("fixtures/junit-with-retries.xml");

/// One line a test.
fn table(tests: &[TestRecord]) -> String {
    let mut text = String::new();
    for test in tests {
        let (outcome, message) = (test.outcome, test.message.as_deref().unwrap_or_default());
        let line = format!("{} {outcome:?} {} ms {message}", test.id(), test.wall_ms);
        writeln!(text, "{}", line.trim_end()).unwrap();
    }
    text
}

#[test]
fn a_run_with_every_kind_of_failure() {
    let tests = parse_junit(RETRIES, "test").unwrap();
    insta::assert_snapshot!(table(&tests), @r#"
    nx tests::case::a_1 Passed 17 ms
    nx tests::ok Passed 30 ms
    nx tests::bad Failed 8 ms src/lib.rs:5:93: assertion `left == right` failed: one < two & "three"
    nx::odd abort Failed 6 ms process aborted with signal 6 (SIGABRT)
    nx::odd exit7 Failed 7 ms test failure with exit code 7
    nx::odd flaky Flaky 8 ms
    nx::odd result Failed 5 ms Error: "no <luck>"
    nx::odd segv Failed 7 ms process aborted with signal 11 (SIGSEGV)
    nx::odd should Failed 11 ms note: test did not panic as expected at tests/odd.rs:10:28
    nx::odd leak Passed 109 ms
    nx::odd slow Passed 1008 ms
    nx::odd times_out Failed 2006 ms test timeout
    "#);
    assert!(tests.iter().all(|test| test.step == "test" && test.rerun.is_none()));
    assert!(tests.iter().all(|test| test.output.is_some() == (test.outcome == TestOutcome::Failed)));
    let bad = tests.iter().find(|test| test.name == "tests::bad").unwrap();
    insta::assert_snapshot!(bad.output.as_deref().unwrap(), @r#"
    running 1 test
    <out> & "q" ]]> red
    test tests::bad ... FAILED

    failures:

    failures:
        tests::bad

    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s

    err

    thread 'tests::bad' (15081) panicked at src/lib.rs:5:93:
    assertion `left == right` failed: one < two & "three"
      left: 1
     right: 2
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
    "#);
}

#[test]
fn a_flaky_test_that_may_not_be_is_a_failure_and_skipped_tests_are_none() {
    let tests = parse_junit(include_str!("fixtures/junit-flaky-fails.xml"), "test").unwrap();
    insta::assert_snapshot!(table(&tests), @r#"
    nx tests::ok Passed 7 ms
    nx::odd flaky Failed 9 ms test passed on attempt 2/2 but is configured to fail when flaky
    "#);
}

#[test]
fn a_setup_script_that_failed_stands_for_the_tests_it_stopped() {
    let tests = parse_junit(include_str!("fixtures/junit-setup-script-fails.xml"), "test").unwrap();
    insta::assert_snapshot!(table(&tests), @"@setup-script:db db Failed 5 ms script failure with exit code 3");
}

#[test]
fn a_run_without_tests_has_none() {
    assert_eq!(parse_junit(include_str!("fixtures/junit-no-tests.xml"), "test"), Ok(Vec::new()));
}

/// A failed test that wrote `output`.
fn failed(output: &str) -> String {
    format!(
        "<testsuites><testsuite name='a'><testcase name='t' classname='a' time='0.1'><failure type='f'/>\
         <system-out>{output}</system-out></testcase></testsuite></testsuites>"
    )
}

#[test]
fn output_keeps_its_end_within_64_kib() {
    let tests =
        parse_junit(&failed(&format!("{}{}end", "ä".repeat(50_000), "x&amp;".repeat(200_000))), "test").unwrap();
    let output = tests[0].output.as_deref().unwrap();
    assert!(output.len() <= 64 * 1024 && output.len() > 63 * 1024);
    assert!(output.ends_with("x&x&end"));
}

#[test]
fn whatever_is_no_junit_file_is_an_error_that_says_what() {
    let cases = [
        ("", "the JUnit file has no `<testsuites>`"),
        ("nothing of the kind", "the JUnit file has no `<testsuites>`"),
        ("<testsuites><testcase name='x'", "the JUnit file is not XML at byte 12: "),
        ("<testsuites></testsuite>", "the JUnit file is not XML at byte 12: "),
        ("<testsuites><testsuite>", "the JUnit file ends inside `<testsuite>`"),
        ("<testsuites><testcase classname='a' time='1'/>", "the JUnit file has a `<testcase>` without a valid `name`"),
        (
            "<testsuites><testcase classname='a' name='a' time='-1'/>",
            "the JUnit file has a `<testcase>` without a valid `time`",
        ),
        ("<testsuites>&nope;</testsuites>", "the JUnit file is not XML at byte 18: unknown entity `&nope;`"),
    ];
    for (xml, expected) in cases {
        let error = parse_junit(xml, "test").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{xml}: {error}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_never_read_as_a_whole_one() {
    let whole = RETRIES.trim_end();
    for (at, _) in whole.char_indices().step_by(7) {
        assert!(parse_junit(&whole[..at], "test").is_err(), "cut at {at}");
    }
}

proptest::proptest! {
    #[test]
    fn output_survives_the_escaping(text in "[ -~äλ]{1,80}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;");
        let tests = parse_junit(&failed(&escaped), "test").unwrap();
        proptest::prop_assert_eq!(tests[0].output.as_deref(), Some(text.as_str()));
    }

    #[test]
    fn no_text_is_too_odd(text in "(<|</|>|testsuites|testcase|failure| name='|'|&|;|#|x|\\PC){0,40}") {
        let _ = parse_junit(&text, "test");
    }
}
