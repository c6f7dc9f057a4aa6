//! Readers that go away, and two runs at once.

use std::fs;

use windlass_record::Outcome;

use crate::fixture::{Fixture, clean};
use crate::live::{Live, run};
use crate::shop::{ci, with_steps};

#[test]
fn that_nobody_reads_its_output_any_more_stops_nothing() {
    let it = with_steps(&[("a", "sleep 0.3; seq 20000"), ("b", "seq 20000"), ("bad", "exit 7")]);
    for how in ["", "--ci plain", "--json"] {
        let windlass = env!("CARGO_BIN_EXE_windlass");
        let line = format!("{{ {windlass} ci --stage a,b,bad {how}; echo $? > code; }} | head -n 1");
        let ended = run(clean("sh").args(["-c", &line]).current_dir(it.root()));
        assert_eq!(ended.stdout.lines().count(), 1, "{how}: {}", ended.stdout);
        assert!(!ended.stderr.contains("panicked"), "{how}: {}", ended.stderr);
        assert_eq!(it.read("code"), "1\n", "{how}: {}", ended.stderr);
        assert_eq!(it.outcome("b"), Outcome::Passed, "{how}");
        assert_eq!(it.log("b").lines().count(), 20_000, "{how}");
        assert_eq!(it.outcome("bad"), Outcome::Failed { code: 7 }, "{how}");
    }
}

#[test]
fn closed_standard_streams_stop_nothing() {
    let it = with_steps(&[("a", "echo hello")]);
    let line = format!("{} ci --stage a <&- >&- 2>&-", env!("CARGO_BIN_EXE_windlass"));
    assert_eq!(run(clean("sh").args(["-c", &line]).current_dir(it.root())).code, Some(0));
    assert_eq!(it.log("a"), "hello\n");
}

#[test]
fn two_runs_at_once_end_well_with_a_record_each() {
    let it = Fixture::app();
    it.file(".config/windlass.toml", "[[ci.step]]\nname = \"own\"\nrun = \"sleep 0.5\"\n");
    let runs = [(); 2].map(|()| Live::start(&mut ci(&it, "build,own", &[])));
    for ended in runs.map(Live::ended) {
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }
    let kept: Vec<_> = fs::read_dir(it.path("target/windlass/runs")).unwrap().flatten().map(|it| it.path()).collect();
    assert_eq!(kept.len(), 2);
    for dir in &kept {
        let record = windlass_record::Record::from_json(&fs::read_to_string(dir.join("record.json")).unwrap()).unwrap();
        assert_eq!(record.run.id, dir.file_name().unwrap().to_str().unwrap());
        assert!(record.steps.iter().all(|step| step.outcome == Outcome::Passed), "{record:?}");
    }
    assert!(kept.contains(&it.path("target/windlass/latest").canonicalize().unwrap()));
}
