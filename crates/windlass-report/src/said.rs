//! What a test or a program said itself, without what Rust's runtime and test harness said around it.

use windlass_record::TestRecord;

use crate::ansi;

/// What a failed test said, without escape sequences, backtraces and the frame that libtest gives to the one test that it ran.
pub(crate) fn by_test(test: &TestRecord) -> String {
    let output = without_backtraces(test.output.as_deref().unwrap_or_default());
    let mut said = Vec::new();
    let mut is_summed_up = false;
    for line in output.trim_start_matches('\n').lines() {
        let is_frame = match is_summed_up {
            false if said.is_empty() => line == "running 1 test",
            false => false,
            // A test that should have panicked, or returned an error, is explained in the summary.
            true => is_summary(line, &test.name),
        };
        if is_result(line, &test.name) {
            is_summed_up = true;
        } else if is_summed_up && line.starts_with("test result: ") {
            is_summed_up = false;
        } else if !is_frame {
            said.push(line);
        }
    }
    let blank = said.iter().take_while(|line| line.is_empty()).count();
    said[blank..].join("\n").trim_end().to_owned()
}

/// `test balance::adds_up ... FAILED`
fn is_result(line: &str, name: &str) -> bool {
    let rest = line.strip_prefix("test ").and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.starts_with([' ', '\t']) && rest.ends_with(" ... FAILED"))
}

fn is_summary(line: &str, name: &str) -> bool {
    let is_heading = || line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) == Some(name);
    line.is_empty() || line == "failures:" || line.trim_start() == name || is_heading()
}

/// A text without escape sequences and backtraces.
pub(crate) fn without_backtraces(text: &str) -> String {
    let text = ansi::strip(text);
    let mut kept = String::new();
    let mut indent = None;
    for line in text.lines() {
        if let Some(before) = line.strip_suffix("stack backtrace:").filter(|before| before.trim().is_empty()) {
            indent = Some(before);
            continue;
        }
        if let Some(rest) = indent.and_then(|before| line.strip_prefix(before)) {
            if is_stack_frame(rest) {
                continue;
            }
            indent = None;
            if rest.starts_with("note: Some details are omitted") {
                continue;
            }
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

/// `   4: app::adds`, below it `             at ./src/lib.rs:7:58`; without a number where it was inlined.
fn is_stack_frame(line: &str) -> bool {
    let number = line.trim_start().split_once(": ").map_or("", |(number, _)| number);
    let is_numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    line.starts_with("      ") || line.starts_with(' ') && is_numbered
}

#[cfg(test)]
mod tests {
    use windlass_record::TestOutcome;

    use super::*;

    fn said(name: &str, output: &str) -> String {
        by_test(&TestRecord {
            step: "test".into(),
            binary: "app".into(),
            name: name.into(),
            outcome: TestOutcome::Failed,
            wall_ms: 1,
            message: None,
            output: Some(output.into()),
            rerun: None,
        })
    }

    const PANIC: &str = "thread 'deep' (12107) panicked at app/src/lib.rs:7:58:
assertion `left == right` failed: why
  left: 1
 right: 2
";

    #[test]
    fn the_frame_of_libtest_goes_and_what_the_test_said_stays() {
        let frame = |out: &str, explained: &str| {
            format!(
                "running 1 test\n{out}test deep ... FAILED\n\nfailures:\n\n{explained}failures:\n    deep\n\ntest result: FAILED. \
                 0 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s\n"
            )
        };
        let should_panic = "---- deep stdout ----\nnote: test did not panic as expected at tests/odd.rs:10:28\n\n";
        let cases = [
            (frame("", ""), ""),
            (frame("out\n\nmore\n", ""), "out\n\nmore"),
            (frame("", should_panic), "note: test did not panic as expected at tests/odd.rs:10:28"),
            (frame("", "Error: \"no\"\n\n"), "Error: \"no\""),
            // What a test prints of another libtest is its own.
            (
                frame("", "") + "\nrunning 1 test\ntest other ... FAILED\n\nfailures:\n",
                "running 1 test\ntest other ... FAILED\n\nfailures:",
            ),
            ("no frame\n".to_owned(), "no frame"),
        ];
        for (output, expected) in cases {
            assert_eq!(said("deep", &output), expected, "{output}");
        }
        assert_eq!(said("deep", &format!("{}\n\n{PANIC}", frame("", ""))), PANIC.trim_end());
    }

    #[test]
    fn a_backtrace_goes_up_to_its_end_and_not_further() {
        let short = "stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616/library/std/src/panicking.rs:689:5
   1: app::deep::{{closure}}
             at ./src/lib.rs:5:10
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
";
        let full = "stack backtrace:
   0:     0x55edd1d9d43b - test[273d7611820c9051]::run_test_in_process
                               at /rustc/59807616/library/test/src/lib.rs:686:74
  44:                0x0 - <unknown>
";
        for backtrace in [short, full] {
            let output = format!("{PANIC}{backtrace}  then: 1\n");
            assert_eq!(without_backtraces(&output), format!("{PANIC}  then: 1\n"));
            let indented: String = output.lines().map(|line| format!("    {line}\n")).collect();
            assert!(without_backtraces(&indented).ends_with("     right: 2\n      then: 1\n"));
            let cut_short = backtrace.lines().take(3).collect::<Vec<_>>().join("\n");
            assert_eq!(without_backtraces(&cut_short), "");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_added_and_no_output_is_too_odd(
            output in "(running 1 test|test a|---- a stdout ----|failures:| |\n|stack backtrace:|1: |note: |\\.\\.\\. FAILED|\\PC){0,40}"
        ) {
            let mut lines = output.lines();
            proptest::prop_assert!(said("a", &output).lines().all(|line| line.is_empty() || lines.any(|it| it.trim_end() == line.trim_end())));
        }
    }
}
