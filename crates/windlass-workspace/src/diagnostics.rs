//! What cargo, rustc, clippy, rustdoc and rustfmt say to people, read back from a log.

use std::collections::HashSet;

use windlass_record::{Diagnostic, Level};

use crate::Workspace;
use crate::ansi::plain;
use crate::headline::{Headline, lint, lint_in_source};

/// Diagnostics that are kept of one log.
pub const DIAGNOSTICS_MAX: usize = 1000;

/// Characters that are kept of a message.
const MESSAGE_CHARS: usize = 500;

/// How cargo's message about a failed build script begins; the package follows.
const BUILD_SCRIPT: &str = "failed to run custom build command for `";

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

    /// Reads one line, with or without colors.
    pub fn feed(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim_end();
        if let Some((file, at)) = doctest_failure(line) {
            self.close();
            self.open =
                Some(Open { doctest: true, ..self.opened(Level::Error, Some("doctest"), "documentation test failed") });
            self.place(file, at, None);
        } else if let Some(headline) = Headline::parse(line) {
            self.headline(&headline);
        } else if let Some((file, at)) = unformatted(line) {
            self.close();
            self.open = Some(self.opened(Level::Error, Some("rustfmt"), "not formatted"));
            self.place(file, at, None);
            self.close();
        } else if self.ends_at(line) {
            self.close();
        } else {
            self.below(line);
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
        } else if open.doctest && !open.explained && text.starts_with("Test executable ") {
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

/// `src/lib.rs:12:5`
fn split_place(place: &str) -> Option<(&str, u32, u32)> {
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line, column))
}

/// `thread 'main' (7) panicked at src/lib.rs:5:1:`; what was said is the next line.
fn panic_place(line: &str) -> Option<&str> {
    let (_, place) = line.strip_prefix("thread '")?.split_once(" panicked at ")?;
    Some(place.trim_end_matches(':'))
}

/// `Diff in /ws/src/main.rs:12:`, before rustfmt 1.8 `Diff in /ws/src/main.rs at line 12:`
fn unformatted(line: &str) -> Option<(&str, u32)> {
    let place = line.strip_prefix("Diff in ")?.strip_suffix(':')?;
    let (file, at) = place.rsplit_once(" at line ").or_else(|| place.rsplit_once(':'))?;
    Some((file, at.parse().ok()?))
}

/// `---- src/lib.rs - name (line 3) stdout ----`
fn doctest_failure(line: &str) -> Option<(&str, u32)> {
    let name = line.strip_prefix("---- ")?.strip_suffix(" stdout ----")?;
    let (file, rest) = name.split_once(" - ")?;
    let (_, at) = rest.rsplit_once("(line ")?;
    let digits = at.find(')')?;
    Some((file, at[..digits].parse().ok()?))
}
