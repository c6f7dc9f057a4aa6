//! The block at the end of a run, as terminal text: failures first.

use windlass_record::{Diagnostic, Record, StepRecord, TestRecord};

use crate::failures::{Failure, failures};
use crate::location::Location;
use crate::paint::{Hue, paint};
use crate::relaxing::{relaxing_key, remedy};
use crate::tail::{clip, one_line, tail};
use crate::verdict::{Verdict, counts, times};
use crate::{Logs, duration, said, slowest, unfinished};

const MAX_ERRORS: usize = 10;
const MAX_TESTS: usize = 10;
const MAX_OUTPUT_LINES: usize = 20;
const MAX_LOG_LINES: usize = 30;
const MAX_COLUMNS: usize = 400;
const MAX_SLOWEST: usize = 5;

/// The block: failures, the slowest, what was skipped, notes, and in its last line the verdict.
pub fn text(record: &Record, logs: &Logs, color: bool) -> String {
    let mut block = Block { text: String::new(), color };
    for failure in failures(record) {
        block.failure(record, &failure, logs);
    }
    block.slowest(record);
    block.named("interrupted", unfinished::interrupted(record));
    block.named("skipped", unfinished::skipped(record));
    block.notes(record);
    block.verdict(record);
    block.text
}

/// Text that grows line by line.
struct Block {
    text: String,
    color: bool,
}

impl Block {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let text = paint(self.color, Hue::Bold, text);
        self.line(0, &text);
    }

    fn labeled(&mut self, indent: usize, label: &str, text: &str) {
        let label = paint(self.color, Hue::Blue, label);
        self.line(indent, &format!("{label}: {text}"));
    }

    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn failure(&mut self, record: &Record, failure: &Failure<'_>, logs: &Logs) {
        let step = failure.step;
        self.gap();
        let name = paint(self.color, Hue::Red, &format!("✗ {}", step.name));
        let outcome = one_line(&step.outcome.to_string());
        let stage = if step.stage == step.name { String::new() } else { format!(" (stage {})", step.stage) };
        self.line(0, &format!("{name}{stage}  {outcome}"));
        let log = match failure.needs_log() {
            true => tail(&said::without_backtraces(logs.tail(step)), MAX_LOG_LINES, MAX_COLUMNS),
            false => Vec::new(),
        };
        // What the end of the log says is said once.
        let is_in_log = |error: &Diagnostic| log.iter().any(|line| line.contains(&error.message));
        let errors: Vec<_> = failure.errors.iter().filter(|error| !is_in_log(error)).collect();
        for error in errors.iter().take(MAX_ERRORS) {
            self.error(error);
        }
        self.more(errors.len(), MAX_ERRORS, "errors");
        for test in failure.tests.iter().take(MAX_TESTS) {
            self.test(record, test);
        }
        self.more(failure.tests.len(), MAX_TESTS, "failed tests");
        for line in &log {
            self.quoted(2, line);
        }
        if !step.command.is_empty() {
            self.labeled(2, "rerun", &step.command);
        }
        if let Some(path) = logs.path(step) {
            self.labeled(2, "log", &path);
        }
        if let Some(remedy) = remedy(step) {
            self.labeled(2, "help", &remedy);
        }
        if let Some(key) = relaxing_key(step) {
            self.labeled(2, "help", &format!("{key} in .config/windlass.toml relaxes this"));
        }
    }

    fn error(&mut self, error: &Diagnostic) {
        let place = Location::of_diagnostic(error).map(|place| place.to_string());
        let package = error.package.as_deref().map(|package| format!("({package})"));
        let place: Vec<String> = [place, package].into_iter().flatten().collect();
        let code = error.code.as_deref().map(|code| format!("[{code}]")).unwrap_or_default();
        let kind = paint(self.color, Hue::Red, &format!("error{code}"));
        let message = format!("{kind}: {}", clip(&one_line(&error.message), MAX_COLUMNS));
        if place.is_empty() {
            return self.line(2, &message);
        }
        self.line(2, &place.join(" "));
        self.line(4, &message);
    }

    fn test(&mut self, record: &Record, test: &TestRecord) {
        let id = paint(self.color, Hue::Red, &one_line(&test.id()));
        self.line(2, &format!("{id}  {}", duration::text(test.wall_ms)));
        let message = test.message.as_deref().map(one_line).unwrap_or_default();
        let place = Location::of_test(test, &record.run.workspace).map(|place| place.to_string());
        // A panic's own message begins with its place.
        for line in [place.filter(|place| !message.starts_with(place)), Some(clip(&message, MAX_COLUMNS))] {
            line.filter(|line| !line.is_empty()).into_iter().for_each(|line| self.line(4, &line));
        }
        for line in tail(&said::by_test(test), MAX_OUTPUT_LINES, MAX_COLUMNS) {
            self.quoted(4, &line);
        }
        if let Some(command) = &test.rerun {
            self.labeled(4, "rerun", command);
        }
    }

    fn quoted(&mut self, indent: usize, line: &str) {
        let bar = paint(self.color, Hue::Dim, "|");
        self.line(indent, format!("{bar} {line}").trim_end());
    }

    fn more(&mut self, all: usize, shown: usize, what: &str) {
        if all > shown {
            self.line(2, &format!("and {} more {what}", all - shown));
        }
    }

    fn slowest(&mut self, record: &Record) {
        let steps = slowest::steps(record, MAX_SLOWEST);
        let steps = steps.iter().map(|step| (step.took_ms(), one_line(&step.name))).collect();
        self.timed("slowest stages", steps);
        let tests = slowest::tests(record, MAX_SLOWEST);
        let tests = tests.iter().map(|test| (test.wall_ms, one_line(&test.id()))).collect();
        self.timed("slowest tests", tests);
    }

    fn timed(&mut self, heading: &str, rows: Vec<(u64, String)>) {
        if rows.is_empty() {
            return;
        }
        self.gap();
        self.heading(heading);
        for (ms, name) in rows {
            self.line(2, &format!("{:>11}  {}", duration::text(ms), clip(&name, MAX_COLUMNS)));
        }
    }

    fn named(&mut self, heading: &str, rows: Vec<(&str, String)>) {
        if rows.is_empty() {
            return;
        }
        self.gap();
        self.heading(heading);
        for (name, text) in rows {
            self.line(2, &format!("{name}: {}", one_line(&text)));
        }
    }

    fn notes(&mut self, record: &Record) {
        let of_step = |step: &StepRecord| {
            let name = step.name.clone();
            step.notes.iter().map(move |note| format!("{name}: {note}")).collect::<Vec<_>>()
        };
        let notes: Vec<String> =
            record.run.notes.iter().cloned().chain(record.steps.iter().flat_map(of_step)).collect();
        if notes.is_empty() {
            return;
        }
        self.gap();
        self.heading("notes");
        for note in notes {
            self.line(2, &one_line(&note));
        }
    }

    fn verdict(&mut self, record: &Record) {
        self.gap();
        let verdict = Verdict::of(record);
        let hue = match verdict {
            Verdict::Passed => Hue::Green,
            Verdict::Failed | Verdict::Error => Hue::Red,
            Verdict::Interrupted => Hue::Yellow,
        };
        let word = paint(self.color, hue, verdict.word());
        self.line(0, &format!("{word}: {}; {}", counts(record), times(record)));
    }
}
