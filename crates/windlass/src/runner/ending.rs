//! How a run ends: the record and what is drawn from it are written, elsewhere if their place is not to be had.

use std::path::{Path, PathBuf};

use windlass_host::HostError;
use windlass_record::Record;
use windlass_report::{Logs, github, html, junit, summary};

use super::Runner;
use crate::Context;
use crate::args::Ci;
use crate::exit::Exit;
use crate::rundir::RunDir;

/// How much of the end of a red step's log is drawn.
const TAIL_BYTES: u64 = 64 << 10;

impl Runner<'_> {
    /// Writes the record and what is drawn from it, and says how it ended.
    pub(crate) fn end(mut self) -> Exit {
        let host = &self.cx.host;
        for (name, diagnostics) in std::mem::take(&mut self.diagnostics) {
            if let Some(step) = self.record.steps.iter_mut().find(|step| step.name == name) {
                step.diagnostics = diagnostics.finish();
            }
        }
        if let Some((name, progress)) = &self.nextest
            && let Some(step) = self.record.steps.iter_mut().find(|step| step.name == *name)
        {
            let count = progress.count();
            if count.total == Some(0) {
                step.notes.push("nextest found no tests to run".to_owned());
            }
            if count.skipped > 0 {
                step.notes.push(format!("{} tests are not run: they are ignored or filtered out", count.skipped));
            }
        }
        self.record.finish(host.elapsed_ms(), self.interrupted_by.or(host.interrupted_by()));
        let mut logs = logs(self.cx, &self.dir.path, &self.record);
        let mut written = self.dir.write(host, &files(&self.record, &logs));
        if self.dir.fallback.is_none() {
            written = written.and_then(|()| self.dir.keep(host));
        }
        let mut is_kept = written.is_ok();
        if let Err(error) = written {
            self.unwritten.push(error.to_string());
        }
        if self.dir.fallback.is_none() && !self.unwritten.is_empty() {
            let reason = self.unwritten.remove(0);
            is_kept |= self.fall_back(&reason, &mut logs);
        }
        self.say(&format!("\n{}", summary::text(&self.record, &logs, host.wants_color() && !self.args.json)));
        if is_kept {
            self.say(&format!("record: {}\n", self.dir.path.join("record.json").display()));
        }
        if self.ci == Ci::Github
            && let Err(error) = self.annotate(&logs)
        {
            self.could_not(error);
        }
        let undone = [self.unwritten, self.undone].concat();
        for reason in &undone {
            host.print_error(&format!("error: {reason}\n"));
        }
        match Exit(self.record.exit_code()) {
            Exit::PASSED if self.dir.fallback.is_some() || !undone.is_empty() => Exit::BROKEN,
            exit => exit,
        }
    }

    /// Moves the record and the logs to a directory that can be written to; whether the record is there now.
    fn fall_back(&mut self, reason: &str, logs: &mut Logs) -> bool {
        let host = &self.cx.host;
        let moved = RunDir::temporary(host, self.dir.id.clone(), reason).and_then(|dir| {
            let there = Logs { dir: dir.path.to_string_lossy().into_owned(), ..logs.clone() };
            dir.write(host, &files(&self.record, &there))?;
            Ok((dir, there))
        });
        let full = match moved {
            Ok((dir, there)) => {
                *logs = there;
                std::mem::replace(&mut self.dir, dir).path
            }
            Err(error) => {
                self.could_not(error);
                return false;
            }
        };
        for log in self.record.steps.iter().filter_map(|step| step.log.as_ref()) {
            if let Err(error) = host.copy_file(&full.join(&log.file), &self.dir.path.join(&log.file)) {
                self.unwritten.push(error.to_string());
            }
        }
        true
    }

    fn annotate(&self, logs: &Logs) -> Result<(), HostError> {
        let repository = self.cx.host.env("GITHUB_WORKSPACE");
        for line in github::annotations(&self.record, repository.as_deref()) {
            self.say(&format!("{line}\n"));
        }
        if let Some(path) = self.cx.host.env("GITHUB_STEP_SUMMARY") {
            self.cx.host.append_text(Path::new(&path), &github::step_summary(&self.record, logs))?;
        }
        Ok(())
    }
}

/// The logs of a kept run, as reports want them.
pub(crate) fn logs(cx: &Context, dir: &Path, record: &Record) -> Logs {
    let tails = record.red_steps().filter_map(|step| {
        let path: PathBuf = dir.join(&step.log.as_ref()?.file);
        Some((step.name.clone(), cx.host.read_tail(&path, TAIL_BYTES)))
    });
    Logs { dir: dir.to_string_lossy().into_owned(), tails: tails.collect() }
}

/// What is written of a run.
pub(crate) fn files(record: &Record, logs: &Logs) -> [(&'static str, String); 3] {
    [("record.json", record.to_json()), ("junit.xml", junit::xml(record)), ("report.html", html::page(record, logs))]
}
