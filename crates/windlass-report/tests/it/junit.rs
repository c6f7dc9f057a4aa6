use proptest::prelude::*;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use windlass_report::junit;

use crate::records::{every_outcome, failed_test, failing};

/// The names of all elements with their attribute of that name, in order; panics where the XML is not well-formed.
fn elements(xml: &str, attribute: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    let show = |it: &BytesStart<'_>| {
        let value = it.try_get_attribute(attribute).unwrap();
        let value = value.map(|it| it.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned());
        format!("{} {}", it.name().as_ref(), value.unwrap_or_default())
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::Start(it) | Event::Empty(it) => found.push(show(&it)),
            _ => {}
        }
    }
}

#[test]
fn a_suite_for_each_binary_and_one_for_the_steps() {
    insta::assert_snapshot!(junit::xml(&failing().0), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="windlass ci" tests="14" failures="5" errors="1" skipped="2" time="91.470">
      <testsuite name="ledger" tests="3" failures="1" errors="0" skipped="0" time="6.364">
        <testcase name="balance::starts_at_zero" classname="ledger" time="0.004"/>
        <testcase name="balance::adds_up" classname="ledger" time="1.340">
          <failure message="assertion `left == right` failed: after two entries">running 1 test

    thread &apos;balance::adds_up&apos; panicked at crates/ledger/src/balance.rs:58:9:
    assertion `left == right` failed: after two entries
      left: 12
     right: 21
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

    rerun: cargo nextest run -E &apos;binary_id(=ledger) &amp; test(=balance::adds_up)&apos;</failure>
        </testcase>
        <testcase name="entry::round_trips" classname="ledger" time="5.020"/>
      </testsuite>
      <testsuite name="ledger::http" tests="2" failures="1" errors="0" skipped="0" time="3.750">
        <testcase name="retries_after_reset" classname="ledger::http" time="2.410">
          <properties>
            <property name="flaky" value="true"/>
          </properties>
        </testcase>
        <testcase name="posts_an_entry" classname="ledger::http" time="1.340">
          <failure message="called `Result::unwrap()` on an `Err` value: ConnectionRefused">running 1 test

    thread &apos;posts_an_entry&apos; panicked at crates/ledger/src/balance.rs:112:9:
    called `Result::unwrap()` on an `Err` value: ConnectionRefused
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

    rerun: cargo nextest run -E &apos;binary_id(=ledger::http) &amp; test(=posts_an_entry)&apos;</failure>
        </testcase>
      </testsuite>
      <testsuite name="windlass" tests="9" failures="3" errors="1" skipped="2" time="121.190" timestamp="2026-11-22T17:45:00Z">
        <testcase name="fmt" classname="windlass" time="0.420"/>
        <testcase name="lock" classname="windlass" time="0.000">
          <skipped message="the workspace has no Cargo.lock"/>
        </testcase>
        <testcase name="clippy" classname="windlass" time="14.320">
          <failure message="failed with exit code 101">rerun: cargo clippy --workspace --all-targets --locked -- -D warnings</failure>
        </testcase>
        <testcase name="build" classname="windlass" time="21.900"/>
        <testcase name="test" classname="windlass" time="42.100">
          <failure message="failed with exit code 100">rerun: cargo nextest run --workspace --locked</failure>
        </testcase>
        <testcase name="doctest" classname="windlass" time="9.400"/>
        <testcase name="smoke" classname="windlass" time="30.000">
          <failure message="timed out after 30 s">rerun: sh -c &apos;./smoke.sh&apos;</failure>
        </testcase>
        <testcase name="doc" classname="windlass" time="3.050">
          <error message="error: cannot start `cargo`: No such file or directory">rerun: cargo doc --workspace --no-deps --locked</error>
        </testcase>
        <testcase name="deploy" classname="windlass" time="0.000">
          <skipped message="`smoke` timed out"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn every_outcome_of_a_step_is_counted_once() {
    let xml = junit::xml(&every_outcome());
    let count = |start: &str| elements(&xml, "message").iter().filter(|it| it.starts_with(start)).count();
    assert_eq!((count("testcase"), count("failure"), count("error "), count("skipped")), (7, 3, 2, 1));
    for (attribute, expected) in [("tests", "7"), ("failures", "3"), ("errors", "2"), ("skipped", "1")] {
        let all = elements(&xml, attribute);
        assert_eq!(all[..2], [format!("testsuites {expected}"), format!("testsuite {expected}")], "{attribute}");
    }
}

proptest! {
    #[test]
    fn whatever_a_test_prints_the_xml_is_well_formed(text in "\\PC{0,20}[\u{0}-\u{1f}<>&'\"\u{fffe}\u{ffff}\\]]{0,20}\\PC{0,20}") {
        let mut record = every_outcome();
        record.tests = vec![failed_test(&text, &text, 1, &text)];
        record.steps[4].outcome = windlass_record::Outcome::Error { reason: text };
        let xml = junit::xml(&record);
        prop_assert_eq!(elements(&xml, "name").len(), 3 + 1 + 7 + 1 + 6);
        let illegal = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{fffe}' || c == '\u{ffff}';
        prop_assert!(!xml.chars().any(illegal));
    }
}
