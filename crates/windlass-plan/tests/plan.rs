//! Laws and messages of the order of steps.

use proptest::prelude::*;
use windlass_plan::{Command, Plan, PlanError, Step};

fn step(name: &str, needs: &[&str]) -> Step {
    Step::new(name, Command::new("true", "/")).needs(needs.iter().copied())
}

#[test]
fn steps_that_do_not_make_a_plan_are_refused_by_name() {
    let cases: [(Vec<Step>, &str); 4] = [
        (vec![step("a", &[]), step("a", &[])], "two steps are named `a`; give one of them another name"),
        (
            vec![step("migrate", &["postgre"]), step("postgres", &[])],
            "step `migrate` needs `postgre`, which is not a step of the plan; did you mean `postgres`?",
        ),
        (vec![step("a", &["zebra"])], "step `a` needs `zebra`, which is not a step of the plan"),
        (
            vec![step("x", &["a"]), step("a", &["b"]), step("b", &["a"])],
            "steps need each other in a circle: a -> b -> a",
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(Plan::new(steps).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_step_that_needs_itself_is_a_circle() {
    let error = Plan::new([step("a", &["a"])]).unwrap_err();
    assert_eq!(error, PlanError::Cycle { path: vec!["a".into(), "a".into()] });
}

#[test]
fn narrowing_keeps_what_the_wanted_steps_need() {
    let plan =
        Plan::new([step("lock", &[]), step("clippy", &["lock"]), step("build", &["lock"]), step("test", &["build"])])
            .unwrap();
    let names = |plan: &Plan| plan.names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&plan.narrowed(|step| step.stage == "test")), ["lock", "build", "test"]);
    assert_eq!(names(&plan.narrowed(|_| false)), Vec::<String>::new());
}

#[test]
fn a_plan_read_back_from_json_is_checked_like_a_new_one() {
    let text = serde_json::to_string(&[step("a", &["b"]), step("b", &["a"])]).unwrap();
    let error = serde_json::from_str::<Plan>(&text).unwrap_err();
    assert_eq!(error.to_string(), "steps need each other in a circle: a -> b -> a");
}

proptest! {
    /// Any graph whose edges go from later to earlier steps is a plan, whatever the order it is given in.
    #[test]
    fn every_step_stands_once_and_behind_its_needs(edges in proptest::collection::vec((0usize..12, 0usize..12), 0..40),
        order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle()) {
        let steps = order.iter().map(|&i| {
            let needs = edges.iter().filter(|(a, b)| *a.max(b) == i && a != b).map(|(a, b)| format!("s{}", a.min(b)));
            Step::new(format!("s{i}"), Command::new("true", "/")).needs(needs)
        });
        let plan = Plan::new(steps).unwrap();
        let place = |name: &str| plan.names().position(|other| other == name).unwrap();
        prop_assert_eq!(plan.steps().len(), 12);
        for step in plan.steps() {
            for need in &step.needs {
                prop_assert!(place(need) < place(&step.name));
            }
        }
    }

    /// Steps that need nothing stay in the order in which they were given.
    #[test]
    fn free_steps_keep_their_order(order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle()) {
        let plan = Plan::new(order.iter().map(|i| step(&format!("s{i}"), &[]))).unwrap();
        prop_assert_eq!(plan.names().map(str::to_owned).collect::<Vec<_>>(),
            order.iter().map(|i| format!("s{i}")).collect::<Vec<_>>());
    }
}

#[test]
fn a_step_with_services_is_pasted_with_what_runs_them() {
    let given = [("DATABASE_URL".to_owned(), "{postgres.url}".to_owned())].into();
    let command = Command::new("cargo", "/w s").args(["test", "a b"]).env("A", "1");
    let step = Step::new("test", command.clone()).given(given, ["cargo", "xtask", "with", "--"]);
    assert_eq!(step.shell(), "cd '/w s' && A=1 cargo xtask with -- cargo test 'a b'");
    assert_eq!(Step::new("test", command).shell(), "cd '/w s' && A=1 cargo test 'a b'");
}
