//! A `.config/windlass.toml` that windlass does not understand.

use std::fs;

use crate::fixture::Fixture;
use crate::live::run;

const CONFIG: &str = ".config/windlass.toml";

/// What `ci` says of a config, with exit code 2 and nothing run.
fn refused(text: &str) -> String {
    let it = Fixture::app();
    it.file(CONFIG, text);
    refusal(&it)
}

fn refusal(it: &Fixture) -> String {
    let ended = run(&mut it.command(&["ci", "--stage", "fmt"]));
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{}", ended.stderr);
    assert!(!it.path("target").exists());
    ended.stderr
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
    let said = refused("[ci]\nfeature = \"all\"\n");
    assert!(said.starts_with("error: .config/windlass.toml:2: "), "{said}");
    assert!(said.contains("unknown key `ci.feature`; did you mean `ci.features`?"), "{said}");
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line_and_column() {
    let said = refused("[ci]\ntimeout-s = = 3\n");
    assert!(said.starts_with("error: .config/windlass.toml:2:13: "), "{said}");
}

#[test]
fn needs_that_go_round_in_a_circle_are_named_with_their_lines() {
    let step =
        |name: &str, need: &str| format!("[[ci.step]]\nname = \"{name}\"\nrun = \"true\"\nneeds = [\"{need}\"]\n");
    let said = refused(&(step("a", "b") + &step("b", "c") + &step("c", "a")));
    assert!(
        said.contains("goes round in a circle: `a` (line 1) -> `b` (line 5) -> `c` (line 9) -> `a` (line 1)"),
        "{said}"
    );
}

#[test]
fn every_problem_is_said_at_once() {
    let said =
        refused("[ci]\nwarnings = \"sometimes\"\nskip = [\"tests\"]\ntimeout-s = -1\n\n[[ci.step]]\nname = \"x\"\n");
    for (line, key) in [(2, "ci.warnings"), (3, "ci.skip"), (4, "ci.timeout-s"), (6, "ci.step.run")] {
        let problem =
            said.lines().find(|it| it.trim_start_matches("error: ").starts_with(&format!("{CONFIG}:{line}: ")));
        assert!(problem.is_some_and(|problem| problem.contains(key)), "{line} {key}\n{said}");
    }
}

#[test]
fn a_package_that_is_not_there_cannot_be_left_out() {
    let said = refused("[ci]\nexclude = [{ package = \"apq\", reason = \"slow\" }]\n");
    assert!(said.starts_with("error: .config/windlass.toml:2: `ci.exclude`: ") && said.contains("`apq`"), "{said}");
}

#[test]
fn a_config_that_is_no_text_is_refused() {
    let it = Fixture::app();
    it.file(CONFIG, "");
    fs::write(it.path(CONFIG), b"[ci]\n# caf\xe9\n").unwrap();
    let said = refusal(&it);
    assert!(said.contains(CONFIG) && said.contains("UTF-8"), "{said}");
}

#[test]
fn a_directory_in_place_of_the_config_is_refused() {
    let it = Fixture::app();
    fs::create_dir_all(it.path(CONFIG)).unwrap();
    let said = refusal(&it);
    assert!(said.contains(CONFIG) && said.contains("directory"), "{said}");
}

#[test]
fn an_empty_config_is_as_good_as_none() {
    let it = Fixture::app();
    it.file(CONFIG, "");
    assert_eq!(run(&mut it.command(&["ci", "--stage", "fmt"])).code, Some(0));
}
