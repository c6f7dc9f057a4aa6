//! What is drawn at a real terminal.

use std::fs;
use std::process::Command;

use windlass_record::Outcome;

use crate::fixture::{Ended, Fixture};
use crate::live::run;
use crate::pty::{plain, pty};
use crate::shop::with_steps;

/// `windlass ARGS` at a terminal, after `before`.
fn at(it: &Fixture, before: &str, args: &str) -> Command {
    let mut command = pty(&format!("{before} {} {args}", env!("CARGO_BIN_EXE_windlass")));
    command.current_dir(it.root());
    command
}

/// Every state of every line that was drawn in place.
fn drawn(ended: &Ended) -> Vec<String> {
    let lines = ended.stdout.split("\r\x1b[2K").skip(1).map(|line| line.split(['\r', '\n']).next().unwrap_or_default());
    lines.map(plain).collect()
}

fn was_drawn(ended: &Ended, wanted: impl Fn(&str) -> bool) -> bool {
    drawn(ended).iter().any(|line| wanted(line))
}

#[test]
fn each_stage_has_a_line_with_its_state_and_from_the_second_run_on_the_expected_time() {
    let it = with_steps(&[("slow", "sleep 1.2"), ("quick", "true")]);
    let first = run(&mut at(&it, "", "ci --stage slow,quick"));
    assert_eq!(first.code, Some(0), "{}", first.stdout);
    assert!(was_drawn(&first, |line| line.starts_with("⠋ slow") || line.starts_with("⠙ slow")), "{:?}", drawn(&first));
    let wall_ms = it.record().step("slow").unwrap().wall_ms;
    let took = windlass_report::duration::text(wall_ms);
    assert!(was_drawn(&first, |line| line.starts_with("✓ slow") && line.contains(&took)), "{:?}", drawn(&first));
    assert!(was_drawn(&first, |line| line.starts_with("· quick")));
    assert!(!was_drawn(&first, |line| line.contains('~')));
    assert!(first.stdout.contains("\x1b[32m"), "colours");
    let second = run(&mut at(&it, "", "ci --stage slow,quick"));
    let expected = format!("~{} s", (wall_ms + 500) / 1000);
    assert!(was_drawn(&second, |line| line.contains("slow") && line.contains(&expected)), "{:?}", drawn(&second));
    // The end is in the block below, not only in lines that are gone.
    assert!(plain(&second.stdout).contains("passed"), "{}", second.stdout);
}

#[test]
fn the_tests_are_counted_while_they_run() {
    let it = Fixture::app();
    let test = |name: &str, body: &str| format!("#[test]\nfn {name}() {{\n    {body}\n}}\n\n");
    let nap = "std::thread::sleep(std::time::Duration::from_millis(400));";
    it.file("tests/some.rs", &(test("a", "panic!();") + &test("b", nap) + &test("c", nap)));
    let ended = run(&mut at(&it, "", "ci --stage test --keep-going"));
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(
        was_drawn(&ended, |line| line.contains("test ") && line.contains("4/4 tests  1 failed")),
        "{:?}",
        drawn(&ended)
    );
    assert!(
        was_drawn(&ended, |line| ["0/4", "1/4", "2/4"].iter().any(|count| line.contains(count))),
        "{:?}",
        drawn(&ended)
    );
}

#[test]
fn no_color_means_no_color() {
    let it = with_steps(&[("bad", "exit 1")]);
    let mut command = at(&it, "", "ci --stage bad");
    let ended = run(command.env("NO_COLOR", "1"));
    assert!(was_drawn(&ended, |line| line.starts_with("✗ bad")));
    let colors = ended
        .stdout
        .split("\x1b[")
        .skip(1)
        .filter(|it| it.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'));
    assert_eq!(colors.count(), 0, "{}", ended.stdout);
}

#[test]
fn no_drawn_line_is_wider_than_a_narrow_terminal() {
    let long = "a-step-with-a-name-that-is-longer-than-the-terminal-is-wide";
    let it = with_steps(&[(long, "sleep 0.5; exit 1"), ("b", "sleep 0.3")]);
    for cols in [40, 12] {
        let ended = run(&mut at(&it, &format!("stty cols {cols};"), &format!("ci --keep-going --stage {long},b")));
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        let wide: Vec<_> = drawn(&ended).into_iter().filter(|line| line.chars().count() > cols).collect();
        assert_eq!(wide, [""; 0], "{cols}");
        assert!(drawn(&ended).len() > 4);
    }
}

#[test]
fn more_lines_than_the_terminal_has_rows_are_not_drawn_over_and_over() {
    let it = with_steps(&[("a", "true"), ("b", "true"), ("c", "true"), ("d", "true")]);
    // Stages that were skipped have a line each as well.
    it.file(".config/windlass.toml", &format!("ci.skip = [\"e\", \"f\", \"g\"]\n{}", it.read(".config/windlass.toml")));
    let more = ["e", "f", "g"].map(|name| format!("[[ci.step]]\nname = \"{name}\"\nrun = \"true\"\n")).concat();
    it.file(".config/windlass.toml", &(it.read(".config/windlass.toml") + &more));
    let skip = "--skip fmt,lock,clippy,build,test,doctest,doc";
    for (rows, is_drawn) in [(40, true), (8, false)] {
        let ended = run(&mut at(&it, &format!("stty rows {rows};"), &format!("ci {skip}")));
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
        assert_eq!(!drawn(&ended).is_empty(), is_drawn, "{rows}\n{}", ended.stdout);
    }
}

#[test]
fn a_dumb_terminal_and_none_get_lines_instead() {
    let it = with_steps(&[("a", "true")]);
    let mut command = at(&it, "", "ci --stage a");
    let dumb = run(command.env("TERM", "dumb"));
    let none = run(&mut it.command(&["ci", "--stage", "a"]));
    for ended in [dumb, none] {
        assert_eq!(ended.code, Some(0));
        assert!(!ended.stdout.contains('\x1b'), "{:?}", ended.stdout);
        assert!(ended.stdout.contains("a: started") && ended.stdout.contains(": sh -c true"), "{}", ended.stdout);
        assert!(ended.stdout.contains("a: passed in "), "{}", ended.stdout);
    }
}

#[test]
fn at_a_terminal_the_first_failure_stops_the_run_and_elsewhere_it_does_not() {
    let slow = "until [ -e may-end ]; do sleep 0.1; done; sleep 1; touch slow-ended";
    let it = with_steps(&[("bad", "sleep 0.3; exit 1"), ("slow", slow), ("own", "true")]);
    let may_end = |may: bool| match may {
        true => fs::write(it.path("may-end"), "").unwrap(),
        false => fs::remove_file(it.path("may-end")).unwrap_or_default(),
    };
    let text = it.read(".config/windlass.toml").replace("run = ", "uses = []\nrun = ");
    it.file(".config/windlass.toml", &text.replace("run = '''true'''", "needs = [\"slow\"]\nrun = '''true'''"));
    let all = "ci --stage bad,slow,own";
    let reason = "`bad` did not pass, and the run stops at the first that does not";
    let stopped = Outcome::Skipped { reason: reason.into() };
    for (args, goes_on) in [(all.to_owned(), false), (format!("{all} --keep-going"), true)] {
        may_end(goes_on);
        assert_eq!(run(&mut at(&it, "", &args)).code, Some(1));
        let expected = if goes_on { Outcome::Passed } else { stopped.clone() };
        assert_eq!((it.outcome("slow"), it.outcome("own")), (expected.clone(), expected), "at a terminal: {args}");
        assert_eq!(it.path("slow-ended").exists(), goes_on);
    }
    for (args, goes_on) in [(vec![], true), (vec!["--fail-fast"], false)] {
        may_end(goes_on);
        let ended = run(it.command(&["ci", "--stage", "bad,slow,own"]).args(&args));
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        let expected = if goes_on { Outcome::Passed } else { stopped.clone() };
        assert_eq!((it.outcome("slow"), it.outcome("own")), (expected.clone(), expected), "elsewhere: {args:?}");
    }
}
