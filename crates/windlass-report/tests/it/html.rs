use proptest::prelude::*;
use windlass_record::{Level, Outcome, Record};
use windlass_report::{Logs, html};

use crate::records::{every_outcome, failed_test, failing, lint, test};

/// The tags of a page outside the elements whose inside is no markup, and its `style` and `script` elements as one tag each.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("an open tag") + 1;
        let tag = &rest[start..end];
        tags.push(tag.to_owned());
        rest = &rest[end..];
        for raw in ["style", "script"] {
            if tag.starts_with(&format!("<{raw}")) {
                let close = rest.find(&format!("</{raw}")).expect("a closed element");
                rest = &rest[close..];
            }
        }
    }
    tags
}

/// A page in which every text that comes from outside is `text`.
fn everywhere(text: &str) -> String {
    let mut record = every_outcome();
    record.run.id = text.into();
    record.run.task = text.into();
    record.run.workspace = format!("/ws/{}", text.replace('/', ""));
    record.run.ci = text.into();
    record.run.machine.os = text.into();
    record.run.notes = vec![text.into()];
    record.run.tools = [(text.to_owned(), text.to_owned())].into();
    record.run.critical_path = vec![text.into()];
    for step in &mut record.steps {
        step.name = text.into();
        step.stage = text.into();
        step.command = format!("x{text}");
        step.notes = vec![text.into()];
        step.log.as_mut().unwrap().file = text.into();
        let mut diagnostic = lint(1, text, text, Level::Error);
        diagnostic.file = Some(text.into());
        diagnostic.package = Some(text.into());
        step.diagnostics = vec![diagnostic];
        if let Outcome::Error { reason } | Outcome::Skipped { reason } = &mut step.outcome {
            *reason = text.into();
        }
    }
    let mut failed = failed_test(text, text, 1, &format!("x{text}"));
    failed.step = text.into();
    failed.rerun = Some(format!("x{text}"));
    record.tests = vec![failed, test(text, text, 2000)];
    html::page(&record, &Logs { dir: text.into(), tails: [(text.to_owned(), format!("x{text}"))].into() })
}

/// What is left of a tag when the values of its attributes are taken out.
fn shape(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

fn shapes(page: &str) -> Vec<String> {
    tags(page).iter().map(|tag| shape(tag)).collect()
}

#[test]
fn known_ways_out_of_text_lead_nowhere() {
    let harmless = shapes(&everywhere("a"));
    for text in [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</style></pre></details>",
        "]]>",
        "&lt;b&gt;",
        "javascript:alert(1)",
        "\u{2028}\u{2029}\u{1b}[31m\u{0}",
    ] {
        let page = everywhere(text);
        assert_eq!(shapes(&page), harmless, "{text}");
        assert!(!page.contains("href=\"javascript:"));
    }
}

#[test]
fn the_page_asks_for_nothing_outside_itself() {
    let (record, logs) = failing();
    for tag in tags(&html::page(&record, &logs)) {
        assert!(!tag.contains("src="), "{tag}");
        let target = tag.split_once("href=\"").map(|(_, rest)| rest);
        assert!(
            target
                .is_none_or(|it| it.starts_with("data:,") || it.starts_with("#failure-") || it.starts_with("./logs/")),
            "{tag}"
        );
    }
}

#[test]
fn without_its_scripts_the_page_still_has_verdict_failures_and_stages() {
    let (record, logs) = failing();
    let page = html::page(&record, &logs);
    let body = page.split("<script").next().unwrap();
    for text in [
        "<h1>Failed</h1>",
        "id=\"failures\"",
        "assertion `left == right` failed",
        "crates/ledger/src/balance.rs:58:9",
        "still waiting\nstill waiting",
        "id=\"stages\"",
        "the workspace has no Cargo.lock",
        "0.9.140",
    ] {
        assert!(body.contains(text), "{text}");
    }
}

#[test]
fn the_data_holds_every_test_once() {
    let (mut record, logs) = failing();
    record.tests = (0..20_000).map(|n| test(&format!("c{}", n % 40), &format!("module::case_{n}"), n)).collect();
    let page = html::page(&record, &logs);
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["binaries"].as_array().unwrap().len(), 40);
    assert_eq!(data["tests"].as_array().unwrap().len(), 20_000);
    assert_eq!(data["tests"][41], serde_json::json!([1, "module::case_41", 2, 41]));
}

#[test]
fn a_run_that_did_nothing_is_still_a_page() {
    let record = Record::new(windlass_record::Run::new("1", "ci", "/ws"), Vec::new());
    assert!(html::page(&record, &Logs::default()).contains("<h1>Passed</h1>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_becomes_markup(text in "[<>&'\"/!\\-=a-z \n\\\\\\]]{1,24}") {
        // A letter on both sides keeps the text from being empty, which would take elements away.
        prop_assert_eq!(shapes(&everywhere(&format!("a{text}z"))), shapes(&everywhere("a")));
    }
}
