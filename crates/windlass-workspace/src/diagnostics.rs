//! What cargo, rustc, clippy, rustdoc and rustfmt say to people, read back from a log.

use std::collections::HashSet;

use windlass_record::{Diagnostic, Level};

use crate::Workspace;
use crate::ansi::plain;
use crate::headline::{Headline, lint, lint_in_source};

use place::{doctest_failure, panic_place, split_place, unformatted};

mod place;

/// Diagnostics that are kept of one log.
pub const DIAGNOSTICS_MAX: usize = 1000;

/// Characters that are kept of a message.
const MESSAGE_CHARS: usize = 500;

/// How cargo's message about a failed build script begins; the package follows.
const BUILD_SCRIPT: &str = "failed to run custom build command for `";

/// How rustdoc begins to say why a documentation test failed, if it compiled or ought not to have.
const VERDICTS: [&str; 2] = ["Test executable ", "Test compiled successfully"];

/// Reads the diagnostics of a whole log.
pub fn diagnostics(log: &str, workspace: &Workspace) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::new(workspace);
    log.lines().for_each(|line| diagnostics.feed(line));
    diagnostics.finish()
}

/// The diagnostics of a log, fed line by line. Each is kept once, and [`DIAGNOSTICS_MAX`] are kept at most.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    root: String,
    /// Directories of members, relative to the root where they lie in it, each ending with `/`; the deepest first.
    directories: Vec<(String, String)>,
    found: Vec<Diagnostic>,
    seen: HashSet<Diagnostic>,
    open: Option<Open>,
    /// Cargo said that it counts warnings as errors.
    denied: bool,
    /// How many of those found have had their package looked for.
    settled: usize,
}

/// The diagnostic that the lines to come belong to.
#[derive(Clone, Debug)]
struct Open {
    diagnostic: Diagnostic,
    /// A failed documentation test, which takes in what was said while it ran.
    doctest: bool,
    /// Its message is whole.
    explained: bool,
    /// The lint that source quoted in it names, for want of a note.
    source_lint: Option<String>,
    /// What the next line is.
    next: Next,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Any,
    Cause,
    PanicMessage,
    LintSource,
    /// An item of the list that the message announces.
    Item,
    /// A line of the hunk that rustfmt shows, up to the first that differs.
    Hunk,
}

impl Diagnostics {
    /// Nothing has been read yet. The workspace tells which package a file belongs to.
    pub fn new(workspace: &Workspace) -> Self {
        let root = format!("{}/", workspace.root.trim_end_matches('/'));
        let directory = |manifest: &str| {
            let directory = manifest.strip_suffix("Cargo.toml").unwrap_or(manifest);
            directory.strip_prefix(&root).unwrap_or(directory).to_owned()
        };
        let members = workspace.members.iter();
        let mut directories: Vec<_> =
            members.map(|member| (directory(&member.manifest_path), member.name.clone())).collect();
        directories.sort_by_key(|(directory, _)| std::cmp::Reverse(directory.len()));
        Self { root, directories, found: Vec::new(), seen: HashSet::new(), open: None, denied: false, settled: 0 }
    }

    /// Reads one line, with or without colors. Of a line that was drawn over, such as a progress bar's, it reads what stands
    /// in the end.
    pub fn feed(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim_end();
        let line = line.rsplit_once('\r').map_or(line, |(_, last)| last);
        if self.is_in_hunk(line) {
            return;
        }
        if let Some((file, at)) = doctest_failure(line) {
            self.close();
            self.open =
                Some(Open { doctest: true, ..self.opened(Level::Error, Some("doctest"), "documentation test failed") });
            self.place(file, at, None);
        } else if let Some(headline) = Headline::parse(line) {
            self.headline(&headline);
        } else if let Some((file, at)) = unformatted(line) {
            self.close();
            let open = self.opened(Level::Error, Some("rustfmt"), "not formatted");
            self.open = Some(Open { next: Next::Hunk, ..open });
            self.place(file, at, None);
        } else if self.ends_at(line) {
            self.close();
        } else {
            self.below(line);
        }
    }

    /// Whether a line belongs to a hunk of rustfmt's, up to the first line that differs: that is the place, and the hunk begins
    /// with lines that do not.
    fn is_in_hunk(&mut self, line: &str) -> bool {
        let Some(open) = self.open.as_mut().filter(|open| open.next == Next::Hunk) else { return false };
        match line.chars().next() {
            None | Some(' ') => {
                open.diagnostic.line = open.diagnostic.line.map(|at| at.saturating_add(1));
                true
            }
            first => {
                self.close();
                matches!(first, Some('-' | '+'))
            }
        }
    }

    /// Whether what was said last is over: rustc leaves a line empty behind what it says of a place, cargo also inside of what
    /// it says; documentation tests last until the next one or their summary.
    fn ends_at(&self, line: &str) -> bool {
        let of_place = self.open.as_ref().is_some_and(|open| !open.doctest && open.diagnostic.file.is_some());
        line == "failures:" || line.starts_with("test result: ") || (of_place && line.is_empty())
    }

    /// What was found, in the order of the log.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.close();
        if self.denied {
            let denied = self.found.iter_mut().filter(|diagnostic| diagnostic.file.is_some());
            denied.for_each(|diagnostic| diagnostic.level = Level::Error);
        }
        self.found
    }

    fn headline(&mut self, headline: &Headline) {
        self.denied |= headline.message.starts_with("warnings are denied by `build.warnings`");
        if headline.is_summary() {
            if self.open.as_ref().is_none_or(|open| !open.doctest) {
                self.close();
                self.settle_package(headline.message);
            }
            return;
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.doctest) {
            if !open.explained && headline.level == Level::Error {
                open.explain(headline.message);
                open.diagnostic.code = headline.code.map(str::to_owned).or(open.diagnostic.code.take());
            }
            return;
        }
        self.close();
        let mut open = self.opened(headline.level, headline.code, headline.message);
        if headline.message.ends_with(':') {
            open.next = Next::Item;
        }
        let of_build_script = headline.message.strip_prefix(BUILD_SCRIPT);
        open.diagnostic.package = of_build_script.and_then(|rest| rest.split([' ', '`']).next()).map(str::to_owned);
        self.open = Some(open);
    }

    /// A line that belongs to the diagnostic before it.
    fn below(&mut self, line: &str) {
        let Some(open) = &mut self.open else { return };
        let text = line.trim_start();
        match std::mem::replace(&mut open.next, Next::Any) {
            Next::Cause | Next::PanicMessage if !text.is_empty() => return open.explain(text),
            Next::Item if line.starts_with(' ') && !text.starts_with("--> ") => {
                open.next = Next::Item;
                return open.list(text);
            }
            Next::LintSource => {
                open.source_lint = open.source_lint.take().or_else(|| lint_in_source(line));
                // The place and an empty line of the frame come before the source.
                open.next = if open.source_lint.is_none() && !text.is_empty() { Next::LintSource } else { Next::Any };
            }
            _ => {}
        }
        if let Some(place) = text.strip_prefix("--> ") {
            if let Some((file, line, column)) = split_place(place)
                && open.diagnostic.column.is_none()
            {
                self.place(file, line, Some(column));
            }
        } else if text == "Caused by:" {
            open.next = Next::Cause;
        } else if text == "note: the lint level is defined here" {
            open.next = Next::LintSource;
        } else if let Some(place) = panic_place(text).filter(|_| open.doctest || open.is_build_script()) {
            open.next = Next::PanicMessage;
            if open.is_build_script()
                && let Some((file, line, column)) = split_place(place)
            {
                self.place(file, line, Some(column));
            }
        } else if open.doctest && !open.explained && VERDICTS.iter().any(|start| text.starts_with(start)) {
            open.diagnostic.message = format!("documentation test failed: {}", text.trim_end_matches('.'));
        } else if open.diagnostic.message.starts_with("linking with ") && !open.explained {
            let cause = text.strip_prefix("= note: ").unwrap_or(text);
            if ["undefined symbol", "undefined reference", "cannot find", "unable to find"]
                .iter()
                .any(|what| cause.contains(what))
            {
                open.explain(cause);
                open.explained = true;
            }
        } else if open.diagnostic.code.is_none() {
            open.diagnostic.code = lint(line);
        }
    }

    fn opened(&self, level: Level, code: Option<&str>, message: &str) -> Open {
        let diagnostic = Diagnostic {
            level,
            code: code.map(str::to_owned),
            message: message.chars().take(MESSAGE_CHARS).collect(),
            package: None,
            file: None,
            line: None,
            column: None,
        };
        Open { diagnostic, doctest: false, explained: false, source_lint: None, next: Next::Any }
    }

    fn place(&mut self, file: &str, line: u32, column: Option<u32>) {
        let file = file.strip_prefix(&self.root).unwrap_or(file);
        // A directory of "" is a package at the root: it has what no other member has, if it lies in the workspace.
        let holds = |directory: &str| file.starts_with(directory) && !(directory.is_empty() && file.starts_with('/'));
        let package = self.directories.iter().find(|(directory, _)| holds(directory)).map(|(_, name)| name.clone());
        if let Some(open) = &mut self.open {
            let diagnostic = &mut open.diagnostic;
            diagnostic.package = package.or(diagnostic.package.take());
            (diagnostic.file, diagnostic.line, diagnostic.column) = (Some(file.to_owned()), Some(line), column);
        }
    }

    fn close(&mut self) {
        let Some(Open { mut diagnostic, source_lint, .. }) = self.open.take() else { return };
        diagnostic.code = diagnostic.code.or(source_lint);
        if self.found.len() < DIAGNOSTICS_MAX && self.seen.insert(diagnostic.clone()) {
            self.found.push(diagnostic);
        }
    }

    /// ``could not compile `app` (lib) …`` names the package of what was said before without a place.
    fn settle_package(&mut self, summary: &str) {
        let named =
            summary.strip_prefix("could not compile `").or_else(|| summary.strip_prefix("could not document `"));
        let Some(name) = named.and_then(|rest| rest.split('`').next()) else { return };
        for diagnostic in &mut self.found[self.settled..] {
            if diagnostic.file.is_none() && diagnostic.package.is_none() {
                diagnostic.package = Some(name.to_owned());
            }
        }
        self.settled = self.found.len();
    }
}

impl Open {
    fn is_build_script(&self) -> bool {
        self.diagnostic.message.starts_with(BUILD_SCRIPT)
    }

    /// Adds an item to the list at the end of the message.
    fn list(&mut self, item: &str) {
        let message = &mut self.diagnostic.message;
        if message.len() < MESSAGE_CHARS {
            message.push_str(if message.ends_with(':') { " " } else { "; " });
            message.extend(item.chars().take(MESSAGE_CHARS));
        }
    }

    /// Adds a cause to the message.
    fn explain(&mut self, cause: &str) {
        let message = &mut self.diagnostic.message;
        if message.len() < MESSAGE_CHARS {
            message.push_str(": ");
            message.extend(cause.chars().take(MESSAGE_CHARS));
        }
        self.explained = self.doctest;
    }
}
