//! The report: one HTML page that asks for nothing outside itself.
//!
//! Without JavaScript it shows everything but the table of all tests, which is drawn from embedded JSON a page at a time.

use std::fmt::Write as _;

use windlass_record::Record;

use crate::verdict::{Verdict, counts};
use crate::{Logs, duration, moment};

use escape::escaped;

mod details;
mod escape;
mod failed;
mod tests;
mod timeline;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Nothing may be loaded from anywhere, even if something in the page asked for it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// The page of a record. Links to logs are relative to the directory of the run, which is where the page belongs.
pub fn page(record: &Record, logs: &Logs) -> String {
    let verdict = Verdict::of(record);
    let task = escaped(&record.run.task);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{task} {word} · {workspace}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        word = verdict.word(),
        workspace = escaped(workspace_name(record)),
    );
    header(&mut page, record, verdict);
    page.push_str("<main>\n");
    timeline::section(&mut page, record);
    failed::section(&mut page, record, logs);
    tests::slowest(&mut page, record);
    tests::all(&mut page, record);
    details::unfinished_steps(&mut page, record);
    details::notes(&mut page, record);
    details::circumstances(&mut page, record);
    page.push_str("</main>\n");
    tests::data(&mut page, record);
    let _ = write!(page, "<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

fn header(page: &mut String, record: &Record, verdict: Verdict) {
    let run = &record.run;
    let started = moment::iso(run.started_unix_ms);
    let _ = write!(
        page,
        "<header class=\"{word}\">\n<p class=\"where\"><strong>{workspace}</strong> <span>{task}</span> \
         <time datetime=\"{started}\">{readable}</time></p>\n<h1>{title}</h1>\n<p class=\"counts\">{counts}</p>\n<dl>\n\
         <div><dt>Total</dt><dd>{total}</dd></div>\n",
        word = verdict.word(),
        workspace = escaped(workspace_name(record)),
        task = escaped(&run.task),
        readable = started.replace('T', " ").replace('Z', " UTC"),
        title = title(verdict),
        counts = escaped(&counts(record)),
        total = duration::text(run.wall_ms),
    );
    if !run.critical_path.is_empty() {
        let path: Vec<_> = run.critical_path.iter().map(|step| escaped(step)).collect();
        let _ = writeln!(
            page,
            "<div><dt>Critical path</dt><dd>{} <span class=\"path\">{}</span></dd></div>",
            duration::text(run.critical_path_ms),
            path.join(" <i>›</i> "),
        );
    }
    page.push_str("</dl>\n</header>\n");
}

fn title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "Passed",
        Verdict::Failed => "Failed",
        Verdict::Error => "Error",
        Verdict::Interrupted => "Interrupted",
    }
}

fn workspace_name(record: &Record) -> &str {
    let root = record.run.workspace.trim_end_matches('/');
    root.rsplit_once('/').map_or(root, |(_, name)| name)
}
