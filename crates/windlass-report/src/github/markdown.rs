//! The summary of a job, in Markdown.

use std::fmt::Write as _;

use windlass_record::{Outcome, Record, StepRecord, TestRecord};

use crate::failures::{Failure, failures};
use crate::location::Location;
use crate::relaxing::{relaxing_key, remedy};
use crate::tail::{clip, one_line, tail};
use crate::verdict::{Verdict, counts, times};
use crate::{Logs, duration, said, slowest};

/// GitHub refuses summaries of more than 1 MiB.
const MAX_BYTES: usize = 256 * 1024;
const MAX_ROWS: usize = 200;
const MAX_ERRORS: usize = 20;
const MAX_TESTS: usize = 20;
const MAX_LINES: usize = 40;
const MAX_COLUMNS: usize = 300;
const MAX_CHARS: usize = 1000;
const MAX_SLOWEST: usize = 5;

/// The summary: verdict, failures, stages, the slowest, notes. Never longer than a quarter of what GitHub accepts.
pub fn step_summary(record: &Record, logs: &Logs) -> String {
    let verdict = Verdict::of(record);
    let task = escaped(&record.run.task);
    let mut sections = vec![format!(
        "## {} {task} {}\n\n{}; {}\n",
        mark(verdict),
        verdict.word(),
        escaped(&counts(record)),
        escaped(&times(record))
    )];
    sections.extend(failures(record).iter().map(|failure| failed(record, failure, logs)));
    sections.push(stages(record));
    sections.push(slowest_tests(record));
    sections.push(notes(record));

    let mut text = String::new();
    let mut left_out = 0;
    for section in sections.iter().filter(|section| !section.is_empty()) {
        if text.len() + section.len() > MAX_BYTES {
            left_out += 1;
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(section);
    }
    if left_out > 0 {
        let _ = write!(text, "\n{left_out} sections did not fit; the record of the run has them.\n");
    }
    text
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✅",
        Verdict::Failed | Verdict::Error => "❌",
        Verdict::Interrupted => "⚠️",
    }
}

fn failed(record: &Record, failure: &Failure<'_>, logs: &Logs) -> String {
    let step = failure.step;
    let mut text = format!("### ❌ {}: {}\n", escaped(&step.name), escaped(&step.outcome.to_string()));
    if !failure.errors.is_empty() {
        text.push('\n');
    }
    for error in failure.errors.iter().take(MAX_ERRORS) {
        let place = Location::of_diagnostic(error).map(|place| format!("{} ", code(&place.to_string())));
        let lint = error.code.as_deref().map(|lint| format!(" ({})", code(lint)));
        let _ =
            writeln!(text, "- {}{}{}", place.unwrap_or_default(), escaped(&error.message), lint.unwrap_or_default());
    }
    more(&mut text, failure.errors.len(), MAX_ERRORS, "errors");
    for test in failure.tests.iter().take(MAX_TESTS) {
        failed_test(&mut text, record, test);
    }
    more(&mut text, failure.tests.len(), MAX_TESTS, "failed tests");
    if failure.needs_log() {
        fenced(&mut text, &said::without_backtraces(logs.tail(step)));
    }
    if !step.command.is_empty() {
        let _ = writeln!(text, "\nRerun: {}", code(&step.command));
    }
    if let Some(remedy) = remedy(step) {
        let _ = writeln!(text, "\nHelp: {remedy}.");
    }
    if let Some(key) = relaxing_key(step) {
        let _ = writeln!(text, "\nRelaxed by {} in `.config/windlass.toml`.", key);
    }
    text
}

fn failed_test(text: &mut String, record: &Record, test: &TestRecord) {
    let place = Location::of_test(test, &record.run.workspace).map(|place| format!(" at {}", code(&place.to_string())));
    let _ = writeln!(text, "\n<details><summary>{}{}</summary>", code(&test.id()), place.unwrap_or_default());
    if let Some(message) = &test.message {
        let _ = writeln!(text, "\n{}", escaped(message));
    }
    fenced(text, &said::by_test(test));
    if let Some(command) = &test.rerun {
        let _ = writeln!(text, "\nRerun: {}", code(command));
    }
    text.push_str("\n</details>\n");
}

fn stages(record: &Record) -> String {
    let mut text = String::from("### Stages\n\n| stage | outcome | time |\n| :--- | :--- | ---: |\n");
    for step in record.steps.iter().take(MAX_ROWS) {
        let time = step.started_ms.map(|_| duration::text(step.took_ms())).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} {} | {time} |",
            escaped(&step.name),
            state(step),
            escaped(&step.outcome.to_string())
        );
    }
    more(&mut text, record.steps.len(), MAX_ROWS, "stages");
    text
}

fn state(step: &StepRecord) -> &'static str {
    match step.outcome {
        Outcome::Passed => "✅",
        Outcome::Skipped { .. } => "⏭️",
        Outcome::Interrupted => "⚠️",
        _ => "❌",
    }
}

fn slowest_tests(record: &Record) -> String {
    let tests = slowest::tests(record, MAX_SLOWEST);
    if tests.is_empty() {
        return String::new();
    }
    let mut text = String::from("### Slowest tests\n\n| test | time |\n| :--- | ---: |\n");
    for test in tests {
        let _ = writeln!(text, "| {} | {} |", code(&test.id()), duration::text(test.wall_ms));
    }
    text
}

fn notes(record: &Record) -> String {
    let run = record.run.notes.iter().map(|note| escaped(note));
    let steps =
        record.steps.iter().flat_map(|step| step.notes.iter().map(|note| escaped(&format!("{}: {note}", step.name))));
    let notes: Vec<String> = run.chain(steps).take(MAX_ROWS).map(|note| format!("- {note}\n")).collect();
    if notes.is_empty() { String::new() } else { format!("### Notes\n\n{}", notes.concat()) }
}

fn more(text: &mut String, all: usize, shown: usize, what: &str) {
    if all > shown {
        let _ = writeln!(text, "\nand {} more {what}", all - shown);
    }
}

/// One line that Markdown and HTML show as it is: what either could read as markup becomes a character reference.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in clip(&one_line(text), MAX_CHARS).chars() {
        if "\\`*_{}[]<>&|#~$@".contains(c) {
            let _ = write!(safe, "&#{};", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// The end of `text` between fences that are longer than any run of backticks in it.
fn fenced(out: &mut String, text: &str) {
    let lines = tail(text, MAX_LINES, MAX_COLUMNS);
    if lines.is_empty() {
        return;
    }
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    let _ = writeln!(out, "\n{fence}text\n{}\n{fence}", lines.join("\n"));
}
