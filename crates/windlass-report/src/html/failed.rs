//! What went wrong, with the ends of the logs.

use std::fmt::Write as _;

use windlass_record::{Diagnostic, Record, TestRecord};

use super::escape::{anchor, escaped, link, marked};
use crate::failures::{Failure, failures};
use crate::location::Location;
use crate::relaxing::{relaxing_key, remedy};
use crate::{Logs, duration, said};

const MAX_ERRORS: usize = 50;
const MAX_TESTS: usize = 50;
/// Of these the first are unfolded from the start.
const UNFOLDED: usize = 3;

pub(super) fn section(page: &mut String, record: &Record, logs: &Logs) {
    let failures = failures(record);
    if failures.is_empty() {
        return;
    }
    page.push_str("<section id=\"failures\">\n<h2>Failures</h2>\n");
    for failure in &failures {
        one(page, record, failure, logs);
    }
    page.push_str("</section>\n");
}

fn one(page: &mut String, record: &Record, failure: &Failure<'_>, logs: &Logs) {
    let step = failure.step;
    let _ = writeln!(
        page,
        "<article class=\"failure\" id=\"{}\">\n<h3>{} <span class=\"outcome\">{}</span></h3>",
        anchor(record, step),
        escaped(&step.name),
        marked(&step.outcome.to_string()),
    );
    if !failure.errors.is_empty() {
        page.push_str("<ul class=\"errors\">\n");
        for error in failure.errors.iter().take(MAX_ERRORS) {
            diagnostic(page, error);
        }
        page.push_str("</ul>\n");
        more(page, failure.errors.len(), MAX_ERRORS, "errors");
    }
    for (place, test) in failure.tests.iter().take(MAX_TESTS).enumerate() {
        failed_test(page, record, test, place < UNFOLDED);
    }
    more(page, failure.tests.len(), MAX_TESTS, "failed tests, listed with all tests below");
    let tail = logs.tail(step).trim_end();
    if !tail.is_empty() {
        let open = if failure.needs_log() { " open" } else { "" };
        let _ = writeln!(
            page,
            "<details{open}><summary>End of the log</summary><pre tabindex=\"0\">{}</pre></details>",
            escaped(tail)
        );
    }
    command(page, "Rerun", &step.command);
    if let Some(remedy) = remedy(step) {
        let _ = writeln!(page, "<p class=\"help\">{}.</p>", marked(&remedy));
    }
    if let Some(key) = relaxing_key(step) {
        let _ =
            writeln!(page, "<p class=\"help\">Relaxed by {} in <code>.config/windlass.toml</code>.</p>", marked(&key));
    }
    if let Some(log) = &step.log {
        let omitted = match log.omitted_bytes {
            0 => String::new(),
            bytes => format!(" ({bytes} bytes in its middle were not kept)"),
        };
        let _ = writeln!(
            page,
            "<p class=\"help\">Whole log: <a href=\"{}\">{}</a>{omitted}</p>",
            link(&log.file),
            escaped(&log.file)
        );
    }
    page.push_str("</article>\n");
}

fn diagnostic(page: &mut String, error: &Diagnostic) {
    let place =
        Location::of_diagnostic(error).map(|it| format!("<code class=\"place\">{}</code> ", escaped(&it.to_string())));
    let package = error.package.as_deref().map(|it| format!("<span class=\"package\">{}</span> ", escaped(it)));
    let code = error.code.as_deref().map(|it| format!(" <code class=\"code\">{}</code>", escaped(it)));
    let _ = writeln!(
        page,
        "<li><p>{}{}</p><p class=\"message\">{}{}</p></li>",
        place.unwrap_or_default(),
        package.unwrap_or_default(),
        marked(&error.message),
        code.unwrap_or_default(),
    );
}

fn failed_test(page: &mut String, record: &Record, test: &TestRecord, open: bool) {
    let open = if open { " open" } else { "" };
    let _ = writeln!(
        page,
        "<details class=\"test\"{open}><summary><span class=\"binary\">{}</span> <b>{}</b> <span class=\"time\">{}</span></summary>",
        escaped(&test.binary),
        escaped(&test.name),
        duration::text(test.wall_ms),
    );
    let place = Location::of_test(test, &record.run.workspace);
    if let Some(place) = place {
        let _ = writeln!(page, "<p><code class=\"place\">{}</code></p>", escaped(&place.to_string()));
    }
    if let Some(message) = &test.message {
        let _ = writeln!(page, "<p class=\"message\">{}</p>", marked(message));
    }
    let output = said::by_test(test);
    if !output.is_empty() {
        let _ = writeln!(page, "<pre tabindex=\"0\">{}</pre>", escaped(&output));
    }
    command(page, "Rerun", test.rerun.as_deref().unwrap_or_default());
    page.push_str("</details>\n");
}

fn command(page: &mut String, label: &str, command: &str) {
    if !command.is_empty() {
        let _ = writeln!(page, "<div class=\"command\"><span>{label}</span><code>{}</code></div>", escaped(command));
    }
}

fn more(page: &mut String, all: usize, shown: usize, what: &str) {
    if all > shown {
        let _ = writeln!(page, "<p class=\"help\">and {} more {what}</p>", all - shown);
    }
}
