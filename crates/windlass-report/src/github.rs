//! What GitHub Actions reads: workflow commands in the log, and the summary of a job in Markdown.

use std::fmt::Write as _;
use std::path::Path;

use windlass_record::{Level, Record};

use crate::diagnostics::distinct;
use crate::failures::failures;
use crate::location::Location;
use crate::tail::{clip, one_line};

pub use markdown::step_summary;

mod markdown;

/// GitHub shows no more of each level for one step of a job.
const MAX_ANNOTATIONS: usize = 10;
const MAX_CHARS: usize = 2000;

/// The line that closes a group.
pub(crate) const ENDGROUP: &str = "::endgroup::";

/// The line that opens a group.
pub(crate) fn group(title: &str) -> String {
    format!("::group::{}", data(&one_line(title)))
}

/// Workflow commands, a line each, that show at the code what went wrong: errors and warnings of tools, each once however
/// many stages reported it, failed tests, and stages that failed without naming a place. At most ten errors and ten
/// warnings; a notice says how many were left out. GitHub wants files named from the root of the checkout: `repository`, its
/// absolute path, where that is known.
pub fn annotations(record: &Record, repository: Option<&str>) -> Vec<String> {
    let all = || record.steps.iter().flat_map(|step| &step.diagnostics);
    // Errors first, so that what is an error in one stage is not annotated as the warning it is in another.
    let by_level = |level| all().filter(move |it| it.level == level);
    let once = distinct(by_level(Level::Error).chain(by_level(Level::Warning)));
    let (mut errors, warnings): (Vec<Annotation>, Vec<Annotation>) =
        once.into_iter().map(Annotation::of_diagnostic).partition(|it| it.command == "error");
    for failure in failures(record) {
        errors.extend(failure.tests.iter().map(|test| Annotation {
            command: "error",
            place: Location::of_test(test, &record.run.workspace),
            title: test.id(),
            message: test.message.clone().unwrap_or_else(|| "failed".to_owned()),
        }));
        if failure.is_unexplained() {
            errors.push(Annotation {
                command: "error",
                place: None,
                title: failure.step.name.clone(),
                message: failure.step.outcome.to_string(),
            });
        }
    }
    let left_out = [(errors.len(), "error"), (warnings.len(), "warning")]
        .into_iter()
        .filter(|(n, _)| *n > MAX_ANNOTATIONS)
        .map(|(n, what)| (n - MAX_ANNOTATIONS, what))
        .map(|(n, what)| format!("{n} more {what}{}", if n == 1 { "" } else { "s" }))
        .collect::<Vec<_>>();
    let shown = errors.iter().take(MAX_ANNOTATIONS).chain(warnings.iter().take(MAX_ANNOTATIONS));
    let below = repository.and_then(|root| Path::new(&record.run.workspace).strip_prefix(root).ok());
    let mut lines: Vec<String> = shown.map(|it| it.line(below.unwrap_or(Path::new("")))).collect();
    if !left_out.is_empty() {
        let message = format!("{} not annotated; the summary of the job has them", left_out.join(" and "));
        lines.push(format!("::notice title=windlass::{}", data(&message)));
    }
    lines
}

/// One mark at the code.
struct Annotation {
    command: &'static str,
    place: Option<Location>,
    title: String,
    message: String,
}

impl Annotation {
    fn of_diagnostic(diagnostic: &windlass_record::Diagnostic) -> Self {
        let command = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        Self {
            command,
            place: Location::of_diagnostic(diagnostic),
            title: diagnostic.code.clone().unwrap_or_else(|| command.to_owned()),
            message: diagnostic.message.clone(),
        }
    }

    /// The workflow command, for a workspace that is this far below the root of the checkout.
    fn line(&self, below: &Path) -> String {
        let mut line = format!("::{} ", self.command);
        if let Some(Location { file, line: number, column }) = &self.place {
            let _ = write!(line, "file={},", property(&below.join(file).to_string_lossy()));
            if let Some(number) = number {
                let _ = write!(line, "line={number},");
            }
            if let Some(column) = column {
                let _ = write!(line, "col={column},");
            }
        }
        let title = property(&clip(&one_line(&self.title), MAX_CHARS));
        let message = data(&clip(&crate::ansi::strip(&self.message), MAX_CHARS));
        let _ = write!(line, "title={title}::{message}");
        line
    }
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
