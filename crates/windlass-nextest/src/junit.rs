//! nextest's JUnit files.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use windlass_record::{TestOutcome, TestRecord};

/// Bytes that are kept of what a test wrote.
const OUTPUT_BYTES: usize = 64 * 1024;

/// Why text is not the JUnit file of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JunitError {
    /// It is not XML.
    #[error("the JUnit file is not XML at byte {at}: {reason}")]
    NotXml {
        /// Where.
        at: u64,
        /// What the parser says.
        reason: String,
    },
    /// It ends too early.
    #[error("the JUnit file ends inside `<{element}>`")]
    Truncated {
        /// The innermost element that is open at its end.
        element: String,
    },
    /// It has no `<testsuites>`.
    #[error("the JUnit file has no `<testsuites>`")]
    NoSuites,
    /// An element lacks something, or has something else there.
    #[error("the JUnit file has a `<{element}>` without a valid `{attribute}`")]
    Attribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
}

/// Reads the tests of a JUnit file, as run by `step`, in its order. `rerun` is left to whoever knows the command.
///
/// Tests that were not run are left out; so are setup scripts, except those that failed, since they are why tests were not run.
///
/// # Errors
///
/// When `xml` is not a whole JUnit file as nextest writes it.
pub fn parse_junit(xml: &str, step: &str) -> Result<Vec<TestRecord>, JunitError> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<String> = Vec::new();
    let mut seen_suites = false;
    let mut case: Option<Case> = None;
    let mut tests = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| not_xml(reader.error_position(), &error))?;
        match event {
            Event::Start(start) => {
                let element = start.name().as_ref().to_owned();
                seen_suites |= element == "testsuites";
                match (&mut case, element.as_str()) {
                    (None, "testcase") => case = Some(Case::new(&start, reader.buffer_position())?),
                    (Some(case), element) => case.enter(element, &start, reader.buffer_position())?,
                    (None, _) => {}
                }
                open.push(element);
            }
            Event::End(_) => {
                if open.pop().as_deref() == Some("testcase")
                    && let Some(case) = case.take()
                {
                    tests.extend(case.record(step));
                }
            }
            Event::Text(text) => add_text(&mut case, &open, &text.xml10_content()),
            Event::CData(text) => add_text(&mut case, &open, &text.xml10_content()),
            Event::GeneralRef(name) => {
                let referred = name.resolve_char_ref().map_err(|error| not_xml(reader.buffer_position(), &error))?;
                match (referred, resolve_predefined_entity(&name)) {
                    (Some(c), _) => add_text(&mut case, &open, c.encode_utf8(&mut [0; 4])),
                    (None, Some(text)) => add_text(&mut case, &open, text),
                    (None, None) => {
                        let reason = format!("unknown entity `&{};`", &*name);
                        return Err(JunitError::NotXml { at: reader.buffer_position(), reason });
                    }
                }
            }
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    match open.pop() {
        Some(element) => Err(JunitError::Truncated { element }),
        None if seen_suites => Ok(tests),
        None => Err(JunitError::NoSuites),
    }
}

fn add_text(case: &mut Option<Case>, open: &[String], text: &str) {
    if let (Some(case), [.., parent, element]) = (case, open) {
        case.text(parent, element, text);
    }
}

/// One `<testcase>` while it is read.
struct Case {
    binary: String,
    name: String,
    wall_ms: u64,
    skipped: bool,
    failed: bool,
    flaky: bool,
    /// Whether the output of another try than the first has been read; the first one's stands behind it.
    retried: bool,
    /// The try whose message and output stand for the test: the last that failed.
    attempt: Attempt,
}

#[derive(Default)]
struct Attempt {
    /// `<failure>`'s attributes: its message, else its type.
    message: String,
    /// `<failure>`'s content.
    details: String,
    out: String,
    err: String,
}

impl Case {
    fn new(start: &BytesStart, at: u64) -> Result<Self, JunitError> {
        Ok(Self {
            binary: required(start, "classname", at)?,
            name: required(start, "name", at)?,
            wall_ms: wall_ms(start, at)?,
            skipped: false,
            failed: false,
            flaky: false,
            retried: false,
            attempt: Attempt::default(),
        })
    }

    fn enter(&mut self, element: &str, start: &BytesStart, at: u64) -> Result<(), JunitError> {
        match element {
            "skipped" => self.skipped = true,
            "failure" | "error" => {
                self.failed = true;
                self.attempt = Attempt::new(start, at)?;
            }
            "flakyFailure" | "flakyError" => {
                (self.flaky, self.retried) = (true, true);
                // A test that fails for being flaky says so in its own `<failure>`; what it wrote when it failed is here.
                let message = std::mem::take(&mut self.attempt.message);
                self.attempt = Attempt::new(start, at)?;
                if !message.is_empty() {
                    self.attempt.message = message;
                }
            }
            // The tries after the first, each in place of the one before it.
            "rerunFailure" | "rerunError" => {
                self.retried = true;
                self.attempt = Attempt::new(start, at)?;
                self.wall_ms = wall_ms(start, at)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, parent: &str, element: &str, text: &str) {
        let kept = match element {
            "system-out" | "system-err" if self.retried && parent == "testcase" => return,
            "system-out" => &mut self.attempt.out,
            "system-err" => &mut self.attempt.err,
            "failure" | "error" | "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" => {
                &mut self.attempt.details
            }
            _ => return,
        };
        kept.push_str(text);
        if kept.len() > 4 * OUTPUT_BYTES {
            *kept = tail(kept, OUTPUT_BYTES).to_owned();
        }
    }

    fn record(self, step: &str) -> Option<TestRecord> {
        let script = self.binary.starts_with("@setup-script:");
        if self.skipped || (script && !self.failed) {
            return None;
        }
        let outcome = match (self.failed, self.flaky) {
            (true, _) => TestOutcome::Failed,
            (false, true) => TestOutcome::Flaky,
            (false, false) => TestOutcome::Passed,
        };
        Some(TestRecord {
            step: step.to_owned(),
            binary: self.binary,
            name: self.name,
            outcome,
            wall_ms: self.wall_ms,
            message: self.failed.then(|| self.attempt.message()),
            output: self.failed.then(|| self.attempt.output()).filter(|output| !output.is_empty()),
            rerun: None,
        })
    }
}

impl Attempt {
    fn new(start: &BytesStart, at: u64) -> Result<Self, JunitError> {
        let message = match attribute(start, "message", at)? {
            Some(message) => Some(message),
            None => attribute(start, "type", at)?,
        };
        Ok(Self { message: message.unwrap_or_default(), ..Self::default() })
    }

    /// The first line, or for a panic the place and what was said there, as compilers write it.
    fn message(&self) -> String {
        let line = self.message.lines().find(|line| !line.trim().is_empty()).unwrap_or("failed").trim();
        let Some((thread, place)) = line.split_once(" panicked at ") else { return line.to_owned() };
        let said = self.details.lines().skip_while(|line| !line.starts_with(thread)).nth(1).unwrap_or_default().trim();
        if said.is_empty() { line.to_owned() } else { format!("{}: {said}", place.trim_end_matches(':')) }
    }

    fn output(&self) -> String {
        let parts = [self.out.trim_matches('\n'), self.err.trim_matches('\n')];
        let output = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        tail(&output, OUTPUT_BYTES).to_owned()
    }
}

/// At most the last `bytes` of a text, from the start of a character.
fn tail(text: &str, bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn wall_ms(start: &BytesStart, at: u64) -> Result<u64, JunitError> {
    let seconds = attribute(start, "time", at)?.and_then(|time| time.parse().ok());
    let wall = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    let wall =
        wall.ok_or_else(|| JunitError::Attribute { element: start.name().as_ref().to_owned(), attribute: "time" })?;
    // Files give thousandths, which binary fractions miss by a hair.
    Ok(u64::try_from((wall.as_micros() + 500) / 1000).unwrap_or(u64::MAX))
}

fn required(start: &BytesStart, name: &'static str, at: u64) -> Result<String, JunitError> {
    let missing = || JunitError::Attribute { element: start.name().as_ref().to_owned(), attribute: name };
    attribute(start, name, at)?.ok_or_else(missing)
}

fn attribute(start: &BytesStart, name: &str, at: u64) -> Result<Option<String>, JunitError> {
    let found = start.try_get_attribute(name).map_err(|error| not_xml(at, &error))?;
    let value =
        found.map(|found| found.normalized_value(quick_xml::XmlVersion::Implicit1_0).map(|value| value.into_owned()));
    value.transpose().map_err(|error| not_xml(at, &error))
}

fn not_xml(at: u64, error: &dyn std::fmt::Display) -> JunitError {
    JunitError::NotXml { at, reason: error.to_string() }
}
