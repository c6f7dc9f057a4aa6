//! `[[ci.step]]`: the workspace's own steps.

use windlass_record::Outcome;

use crate::fixture::Fixture;

/// A workspace with only the steps of a configuration.
fn with_steps(steps: &str) -> Fixture {
    let it = Fixture::app();
    let skip = "[ci]\nskip = [\"lock\", \"clippy\", \"build\", \"test\", \"doctest\", \"doc\"]\ntimeout-s = 60\n";
    it.file(".config/windlass.toml", &format!("{skip}\n{steps}"));
    it
}

#[test]
fn a_string_is_for_a_shell_a_list_is_a_program_and_both_run_in_the_root_with_their_variables() {
    let it = with_steps(
        "[[ci.step]]
name = \"string\"
run = \"test -f Cargo.toml && echo \\\"$WORD\\\" | tr a-z A-Z\"
env = { WORD = \"hello there\" }

[[ci.step]]
name = \"list\"
run = [\"printf\", \"%s|\", \"$WORD\", \"a b\", \"*\"]
needs = [\"string\", \"fmt\"]
",
    );
    let output = it.command(&["ci"]).current_dir(it.path("src")).output().unwrap();
    assert!(output.status.success());
    assert_eq!(it.log("string"), "HELLO THERE\n");
    assert_eq!(it.log("list"), "$WORD|a b|*|");
    let record = it.record();
    assert_eq!(record.step("list").unwrap().needs, ["string", "fmt"]);
    assert!(record.step("list").unwrap().started_ms >= record.step("string").unwrap().done_ms());
    assert_eq!(it.shell(&record.step("string").unwrap().command).stdout, "HELLO THERE\n");
    assert!(record.steps.iter().all(|step| step.name != "list" || step.outcome == Outcome::Passed));
}

#[test]
fn a_failing_step_is_red_skips_what_needs_it_and_leaves_the_others_alone() {
    let it = with_steps(
        "[[ci.step]]
name = \"spelling\"
run = \"echo 'README.md: teh' && exit 4\"

[[ci.step]]
name = \"publish\"
run = [\"touch\", \"published\"]
needs = [\"spelling\"]

[[ci.step]]
name = \"other\"
run = [\"touch\", \"done\"]
",
    );
    let ended = it.windlass(&["ci"]).exits(1);
    assert_eq!(it.outcome("spelling"), Outcome::Failed { code: 4 });
    assert_eq!(it.outcome("publish"), Outcome::Skipped { reason: "needs `spelling`, which did not pass".into() });
    assert!(it.passed("other"));
    assert!(!it.path("published").exists() && it.path("done").exists());
    assert!(ended.stdout.contains("| README.md: teh"), "{}", ended.stdout);
    assert_eq!(it.shell(&it.record().step("spelling").unwrap().command).code, Some(4));

    it.windlass(&["ci", "--stage", "other"]).exits(0);
    assert_eq!(it.record().steps.len(), 1);
}

/// Two steps that each wait for the other can only pass side by side; two that make the same directory only in turns.
#[test]
fn a_step_that_uses_nothing_runs_beside_the_others_which_take_turns() {
    let meet = |name: &str, other: &str| {
        format!("touch {name}; for i in $(seq 200); do test -e {other} && exit 0; sleep 0.05; done; exit 1")
    };
    let it = with_steps(&format!(
        "[[ci.step]]
name = \"one\"
run = \"{}\"

[[ci.step]]
name = \"beside\"
run = \"{}\"
uses = []

[[ci.step]]
name = \"two\"
run = \"mkdir turn && sleep 0.2 && rmdir turn\"

[[ci.step]]
name = \"three\"
run = \"mkdir turn && sleep 0.2 && rmdir turn\"
",
        meet("a", "b"),
        meet("b", "a"),
    ));
    it.windlass(&["ci"]).exits(0);
    assert!(["one", "beside", "two", "three"].iter().all(|step| it.passed(step)));
}
