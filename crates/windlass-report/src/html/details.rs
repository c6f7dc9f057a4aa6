//! What was not run, what one should know besides, and under which circumstances it all was.

use std::fmt::Write as _;

use windlass_record::Record;

use super::escape::{escaped, marked};
use crate::unfinished;

pub(super) fn unfinished_steps(page: &mut String, record: &Record) {
    let lists = [
        ("interrupted", "Interrupted", unfinished::interrupted(record)),
        ("skipped", "Skipped", unfinished::skipped(record)),
    ];
    for (id, title, rows) in lists {
        list(page, id, title, &rows.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>());
    }
}

pub(super) fn notes(page: &mut String, record: &Record) {
    let run = record.run.notes.iter().map(|note| (record.run.task.as_str(), note.as_str()));
    let steps = record.steps.iter().flat_map(|step| step.notes.iter().map(|note| (step.name.as_str(), note.as_str())));
    list(page, "notes", "Notes", &run.chain(steps).collect::<Vec<_>>());
}

pub(super) fn circumstances(page: &mut String, record: &Record) {
    let run = &record.run;
    let machine = format!("{} {}, {} threads", run.machine.os, run.machine.arch, run.machine.cpus);
    let mut rows =
        vec![("run", run.id.as_str()), ("workspace", &run.workspace), ("machine", &machine), ("ci", &run.ci)];
    rows.push(("windlass", &run.windlass));
    rows.extend(run.tools.iter().map(|(tool, version)| (tool.as_str(), version.as_str())));
    list(page, "circumstances", "Machine and tools", &rows);
}

fn list(page: &mut String, id: &str, title: &str, rows: &[(&str, &str)]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(page, "<section id=\"{id}\">\n<h2>{title}</h2>\n<dl class=\"facts\">\n");
    for (name, text) in rows {
        let _ = writeln!(page, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), marked(text));
    }
    page.push_str("</dl>\n</section>\n");
}
