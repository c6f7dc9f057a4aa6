//! JUnit XML: a suite for each test binary, and one named `windlass` with a case for each step.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use windlass_record::{Outcome, Record, StepRecord, TestOutcome, TestRecord};

use crate::{ansi, moment};

/// The XML of a record.
pub fn xml(record: &Record) -> String {
    let mut document = Document { writer: Writer::new_with_indent(Vec::new(), b' ', 2) };
    document.write(record).expect("a vector takes every byte");
    let mut text = String::from_utf8(document.writer.into_inner()).expect("made of strings");
    text.push('\n');
    text
}

/// What a suite says of its cases.
#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    wall_ms: u64,
}

struct Document {
    writer: Writer<Vec<u8>>,
}

impl Document {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        let suites = by_binary(&record.tests);
        let steps = totals_of_steps(&record.steps);
        let tests = totals_of_tests(&record.tests);
        let all = Totals {
            tests: steps.tests + tests.tests,
            failures: steps.failures + tests.failures,
            errors: steps.errors,
            skipped: steps.skipped,
            wall_ms: record.run.wall_ms,
        };
        self.writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        self.open(all.element("testsuites", &format!("windlass {}", record.run.task)))?;
        for (binary, tests) in suites {
            self.open(totals_of_tests(tests.iter().copied()).element("testsuite", binary))?;
            for test in tests {
                self.test(test)?;
            }
            self.close("testsuite")?;
        }
        let mut suite = steps.element("testsuite", "windlass");
        suite.push_attribute(("timestamp", moment::iso(record.run.started_unix_ms).as_str()));
        self.open(suite)?;
        for step in &record.steps {
            self.step(step)?;
        }
        self.close("testsuite")?;
        self.close("testsuites")
    }

    fn test(&mut self, test: &TestRecord) -> io::Result<()> {
        let case = case(&test.name, &test.binary, test.wall_ms);
        match test.outcome {
            TestOutcome::Passed => self.writer.write_event(Event::Empty(case)),
            TestOutcome::Flaky => {
                self.open(case)?;
                self.open(BytesStart::new("properties"))?;
                let property = BytesStart::new("property").with_attributes([("name", "flaky"), ("value", "true")]);
                self.writer.write_event(Event::Empty(property))?;
                self.close("properties")?;
                self.close("testcase")
            }
            TestOutcome::Failed => {
                let rerun = test.rerun.as_deref().map(|command| format!("rerun: {command}"));
                let output = test.output.as_deref().map(|output| output.trim_end().to_owned());
                let parts = [output, rerun];
                let body = parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
                self.open(case)?;
                self.answer("failure", test.message.as_deref().unwrap_or("failed"), &body)?;
                self.close("testcase")
            }
        }
    }

    fn step(&mut self, step: &StepRecord) -> io::Result<()> {
        let case = case(&step.name, "windlass", step.took_ms());
        let (tag, message) = match &step.outcome {
            Outcome::Passed => return self.writer.write_event(Event::Empty(case)),
            Outcome::Skipped { reason } => ("skipped", reason.clone()),
            // Interrupted is an error: a reader of JUnit must not take half a run for a green one.
            Outcome::Error { .. } | Outcome::Interrupted => ("error", step.outcome.to_string()),
            Outcome::Failed { .. } | Outcome::TimedOut { .. } | Outcome::Killed { .. } => {
                ("failure", step.outcome.to_string())
            }
        };
        let body = if step.outcome.is_red() { format!("rerun: {}", step.command) } else { String::new() };
        self.open(case)?;
        self.answer(tag, &message, &body)?;
        self.close("testcase")
    }

    /// A `failure`, `error` or `skipped` with its message and text.
    fn answer(&mut self, tag: &str, message: &str, body: &str) -> io::Result<()> {
        let message = legal(message);
        let body = legal(body);
        let element = self.writer.create_element(tag).with_attribute(("message", message.as_str()));
        if body.is_empty() {
            element.write_empty()?
        } else {
            element.write_text_content(BytesText::new(&body))?
        };
        Ok(())
    }

    fn open(&mut self, element: BytesStart<'_>) -> io::Result<()> {
        self.writer.write_event(Event::Start(element))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }
}

impl Totals {
    fn element(&self, tag: &'static str, name: &str) -> BytesStart<'static> {
        BytesStart::new(tag).with_attributes([
            ("name", legal(name).as_str()),
            ("tests", self.tests.to_string().as_str()),
            ("failures", self.failures.to_string().as_str()),
            ("errors", self.errors.to_string().as_str()),
            ("skipped", self.skipped.to_string().as_str()),
            ("time", seconds(self.wall_ms).as_str()),
        ])
    }
}

fn case(name: &str, class: &str, wall_ms: u64) -> BytesStart<'static> {
    BytesStart::new("testcase").with_attributes([
        ("name", legal(name).as_str()),
        ("classname", legal(class).as_str()),
        ("time", seconds(wall_ms).as_str()),
    ])
}

/// The binaries in the order in which their first test was reported, each with its tests.
fn by_binary(tests: &[TestRecord]) -> Vec<(&str, Vec<&TestRecord>)> {
    let mut places = std::collections::BTreeMap::new();
    let mut suites: Vec<(&str, Vec<&TestRecord>)> = Vec::new();
    for test in tests {
        let place = *places.entry(test.binary.as_str()).or_insert(suites.len());
        match suites.get_mut(place) {
            Some((_, tests)) => tests.push(test),
            None => suites.push((&test.binary, vec![test])),
        }
    }
    suites
}

fn totals_of_tests<'a>(tests: impl IntoIterator<Item = &'a TestRecord>) -> Totals {
    tests.into_iter().fold(Totals::default(), |totals, test| Totals {
        tests: totals.tests + 1,
        failures: totals.failures + usize::from(test.outcome == TestOutcome::Failed),
        wall_ms: totals.wall_ms + test.wall_ms,
        ..totals
    })
}

fn totals_of_steps(steps: &[StepRecord]) -> Totals {
    steps.iter().fold(Totals::default(), |totals, step| Totals {
        tests: totals.tests + 1,
        failures: totals.failures + usize::from(step.outcome.is_failure()),
        errors: totals.errors + usize::from(matches!(step.outcome, Outcome::Error { .. } | Outcome::Interrupted)),
        skipped: totals.skipped + usize::from(matches!(step.outcome, Outcome::Skipped { .. })),
        wall_ms: totals.wall_ms + step.took_ms(),
    })
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text that an XML 1.0 document may hold.
fn legal(text: &str) -> String {
    ansi::strip(text).chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}
