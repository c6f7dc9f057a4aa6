//! What is kept of a run, and where.

use std::fs;

use quick_xml::events::Event;

use crate::fixture::{Fixture, ended};

/// Checks all that the latest run has left behind.
#[track_caller]
pub(crate) fn is_well_reported(fixture: &Fixture) {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/record.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let record = serde_json::from_str(&fixture.read("target/windlass/latest/record.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&record).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let suites = suites(&fixture.read("target/windlass/latest/junit.xml"));
    let record = fixture.record();
    assert!(suites.contains(&"windlass".to_owned()), "{suites:?}");
    assert!(record.tests.iter().all(|test| suites.contains(&test.binary)), "{suites:?}");

    let page = fixture.read("target/windlass/latest/report.html");
    assert!(page.starts_with("<!doctype html>") && page.contains(&record.run.id));
    for step in record.steps.iter().filter_map(|step| step.log.as_ref()) {
        assert!(fixture.path("target/windlass/latest").join(&step.file).exists(), "{}", step.file);
    }
}

/// The names of the suites in JUnit XML, which has to be well-formed.
fn suites(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == "testsuite" => {
                let name = tag.try_get_attribute("name").unwrap().unwrap();
                names.push(name.value.into_owned());
            }
            Event::Eof => return names,
            _ => {}
        }
    }
}

fn kept(fixture: &Fixture) -> Vec<String> {
    let runs = fs::read_dir(fixture.path("target/windlass/runs")).unwrap();
    runs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_green_run_leaves_a_valid_record_with_expected_times_for_the_next_and_can_be_drawn_again() {
    let it = Fixture::app();
    let first = it.windlass(&["ci"]).exits(0);
    is_well_reported(&it);
    let record = it.record();
    assert_eq!(record.tests.len(), 1);
    assert!(record.steps.iter().all(|step| step.expected_ms.is_none()));
    assert!(first.stdout.contains("passed: 7 steps passed; 1 test passed;"), "{}", first.stdout);

    it.windlass(&["ci", "--stage", "fmt"]).exits(0);
    let next = it.record();
    assert_eq!(next.step("fmt").unwrap().expected_ms, Some(record.step("fmt").unwrap().wall_ms));

    let dir = format!("target/windlass/runs/{}", record.run.id);
    let json = it.read(&format!("{dir}/record.json"));
    let page = it.read(&format!("{dir}/report.html"));
    for file in ["report.html", "junit.xml"] {
        fs::remove_file(it.path(&dir).join(file)).unwrap();
    }
    let drawn = it.windlass(&["report", &record.run.id]).exits(0).stdout;
    assert!(drawn.contains("passed: 7 steps passed; 1 test passed;"), "{drawn}");
    assert_eq!(it.read(&format!("{dir}/record.json")), json);
    assert_eq!(it.read(&format!("{dir}/report.html")), page);
    assert!(it.path(&dir).join("junit.xml").exists());
    assert!(it.windlass(&["report"]).exits(0).stdout.contains(&next.run.id));

    let refused = it.windlass(&["report", "20200101T000000Z-1"]).exits(2).stderr;
    assert!(refused.contains("no run `20200101T000000Z-1` is kept in"), "{refused}");
    assert!(refused.contains(&format!("those kept: {}, {}", next.run.id, record.run.id)), "{refused}");
}

#[test]
fn twenty_runs_are_kept_and_the_current_one_is_among_them_whatever_the_others_are_called() {
    let it = Fixture::app();
    for n in 0..12 {
        for year in [2019, 2999] {
            it.file(&format!("target/windlass/runs/{year}0101T0000{n:02}Z-1/record.json"), "{}");
        }
    }
    it.windlass(&["ci", "--stage", "fmt"]).exits(0);
    let mut kept = kept(&it);
    kept.sort();
    assert_eq!(kept.len(), 20);
    assert_eq!(kept[0], "20190101T000005Z-1");
    assert!(kept.contains(&it.record().run.id));
    assert_eq!(fs::read_link(it.path("target/windlass/latest")).unwrap(), it.path_of_run());
}

impl Fixture {
    /// Where `latest` has to lead.
    fn path_of_run(&self) -> std::path::PathBuf {
        std::path::Path::new("runs").join(self.record().run.id)
    }
}

#[test]
fn a_target_directory_elsewhere_takes_the_runs_and_leaves_no_other_behind() {
    let by_variable = Fixture::app();
    let elsewhere = Fixture::empty();
    let mut command = by_variable.command(&["ci", "--stage", "test"]);
    ended(command.env("CARGO_TARGET_DIR", elsewhere.path("out"))).exits(0);
    assert!(!by_variable.path("target").exists());
    let latest = elsewhere.path("out/windlass/latest/record.json");
    let record = windlass_record::Record::from_json(&fs::read_to_string(latest).unwrap()).unwrap();
    assert_eq!(record.tests.len(), 1);

    let by_config = Fixture::app();
    by_config.file(".cargo/config.toml", "[build]\ntarget-dir = \"out/cargo\"\n");
    by_config.windlass(&["ci", "--stage", "fmt"]).exits(0);
    assert!(!by_config.path("target").exists());
    assert!(by_config.path("out/cargo/windlass/latest/report.html").exists());
}
