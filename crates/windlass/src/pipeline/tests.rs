//! Which stages there are, as a table.

use windlass_workspace::{Deny, Features};

use super::*;
use crate::config::{self, CONFIG};

struct Case {
    config: &'static str,
    stages: &'static [&'static str],
    skip: &'static [&'static str],
    has_library: bool,
    locked: bool,
    unlistable: bool,
    services: bool,
    /// Whether files of Nix can be looked at, where there are some.
    nix: Option<bool>,
}

const CASE: Case = Case {
    config: "",
    stages: &[],
    skip: &[],
    has_library: true,
    locked: true,
    unlistable: false,
    services: false,
    nix: None,
};

fn member(has_library: bool) -> Member {
    let target = |name: &str, kind, doctest| Target { name: name.into(), kind, test: true, doctest, harness: true };
    let library = has_library.then(|| target("app", TargetKind::Lib, true));
    Member {
        name: "app".into(),
        id: "app".into(),
        manifest_path: "/ws/Cargo.toml".into(),
        edition: "2021".into(),
        targets: library.into_iter().chain([target("odd", TargetKind::Test, false)]).collect(),
        path_dependencies: Vec::new(),
        carries_windlass: false,
        uses_sqlx: false,
    }
}

/// The plan, a line a step: its name and needs; then what is not planned; or the error.
fn check(case: &Case) -> String {
    let config = config::parse(case.config, CONFIG).unwrap().ci;
    let member = member(case.has_library);
    let workspace =
        Workspace { root: "/ws".into(), target_directory: "/ws/target".into(), members: vec![member.clone()] };
    let cargo = Cargo {
        root: "/ws".into(),
        locked: case.locked,
        packages: vec!["app".into()],
        excluded: Vec::new(),
        features: Features::Default,
        deny: Deny::ClippyFlag,
        keep_going: true,
    };
    let nextest = Nextest {
        program: vec!["cargo".into(), "nextest".into()],
        root: "/ws".into(),
        cargo_args: cargo.selection_args(),
        profile: None,
    };
    let unlistable = case.unlistable.then(|| Unlistable::new(&member, member.targets.last().unwrap()));
    let services = Services {
        supervise: Command::new("windlass", "/ws"),
        timeout_s: 60,
        with: vec!["windlass".into(), "with".into(), "--".into()],
        exports: [("DATABASE_URL".to_owned(), "{postgres.url}".to_owned())].into(),
        needed_by: ["test", "publish"].map(str::to_owned).into(),
        asking: None,
    };
    let facts = Facts {
        workspace: &workspace,
        config: &config,
        cargo: &cargo,
        nextest: &nextest,
        tool_config: "/ws/nextest.toml",
        keep_going: true,
        unlistable: unlistable.as_slice(),
        nix: case.nix.map(|can| match can {
            true => Ok(Command::new("windlass", "/ws").args(["nix", "check", "--level", "L0"])),
            false => Err("this windlass knows no Nix".to_owned()),
        }),
        services: case.services.then_some(&services),
    };
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let (stages, skip) = (owned(case.stages), owned(case.skip));
    match pipeline(&facts, &Asked { stages: &stages, skip: &skip, of_task: &|_| true }) {
        Err(error) => error.to_string(),
        Ok(pipeline) => {
            let steps = pipeline.plan.steps().iter().map(|step| match step.needs.join(", ") {
                needs if needs.is_empty() => step.name.clone(),
                needs => format!("{} after {needs}", step.name),
            });
            let not_planned = pipeline.not_planned.iter().map(|(stage, reason)| format!("no {stage}: {reason}"));
            steps.chain(not_planned).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn a_plain_workspace_has_all_stages() {
    insta::assert_snapshot!(check(&CASE), @r"
    fmt
    lock
    clippy after lock
    build after lock
    test after build
    doctest after lock
    doc after lock
    ");
}

#[test]
fn who_has_files_of_nix_has_a_stage_for_them_or_is_told_why_not() {
    assert!(check(&Case { nix: Some(true), ..CASE }).starts_with("fmt\nlock\nnix\nclippy after lock\n"));
    let without = check(&Case { nix: Some(false), ..CASE });
    assert!(without.ends_with("\nno nix: this windlass knows no Nix"), "{without}");
    assert_eq!(check(&Case { stages: &["nix"], ..CASE }), "no nix: there is no file of Nix");
}

#[test]
fn services_stand_before_the_first_step_that_they_run_for() {
    let config = "[[ci.step]]\nname = 'publish'\nrun = 'true'\nneeds = ['doc']";
    let case = Case { config, services: true, unlistable: true, ..CASE };
    insta::assert_snapshot!(check(&case), @r"
    fmt
    lock
    clippy after lock
    build after lock
    services
    test after build, services
    test app::odd after build, services
    doctest after lock
    doc after lock
    publish after doc, services
    ");
    let without = check(&Case { skip: &["test", "publish"], ..case });
    assert!(!without.contains("services"), "{without}");
}

#[test]
fn what_has_nothing_to_run_is_said_and_nobody_waits_for_it() {
    let config = "[[ci.step]]\nname = 'publish'\nrun = 'true'\nneeds = ['doctest', 'doc']";
    insta::assert_snapshot!(check(&Case { config, has_library: false, locked: false, ..CASE }), @r"
    fmt
    clippy
    build
    test after build
    doc
    publish after doc
    no lock: there is no Cargo.lock
    no doctest: no package has a library with doctests
    ");
}

#[test]
fn a_harness_that_cannot_be_listed_is_a_step_of_the_test_stage() {
    let config = "[[ci.step]]\nname = 'publish'\nrun = 'true'\nneeds = ['test']";
    insta::assert_snapshot!(check(&Case { config, unlistable: true, stages: &["publish"], ..CASE }), @r"
    lock
    build after lock
    test after build
    test app::odd after build
    publish after test, test app::odd
    ");
}

#[test]
fn a_target_has_the_id_that_nextest_gives_it() {
    let it = member(true);
    let cases = [
        (TargetKind::Lib, "app"),
        (TargetKind::ProcMacro, "app"),
        (TargetKind::Bin, "app::bin/odd"),
        (TargetKind::Example, "app::example/odd"),
        (TargetKind::Test, "app::odd"),
        (TargetKind::Bench, "app::bench/odd"),
    ];
    for (kind, id) in cases {
        let target = Target { kind, ..it.targets.last().unwrap().clone() };
        assert_eq!(Unlistable::new(&it, &target).binary_id, id);
    }
}

#[test]
fn a_stage_brings_what_it_needs_and_nothing_else() {
    insta::assert_snapshot!(check(&Case { stages: &["doctest"], ..CASE }), @r"
    lock
    doctest after lock
    ");
}

#[test]
fn what_is_skipped_is_said() {
    insta::assert_snapshot!(check(&Case { config: "ci.skip = ['doc']", skip: &["clippy", "fmt"], ..CASE }), @r"
    lock
    build after lock
    test after build
    doctest after lock
    no fmt: skipped by --skip
    no clippy: skipped by --skip
    no doc: skipped by `ci.skip` in .config/windlass.toml
    ");
}

#[test]
fn a_stage_that_is_asked_for_runs_although_the_config_skips_it() {
    insta::assert_snapshot!(check(&Case { config: "ci.skip = ['fmt']", stages: &["fmt"], ..CASE }), @"fmt");
}

#[test]
fn what_is_needed_cannot_be_skipped() {
    let cases = [
        (Case { skip: &["build"], ..CASE }, "`build` cannot be skipped by --skip: `test` needs it; skip both or none"),
        (
            Case { config: "ci.skip = ['build']", ..CASE },
            "`build` cannot be skipped by `ci.skip` in .config/windlass.toml: `test` needs it; skip both or none",
        ),
        (
            Case { stages: &["doc"], skip: &["doc"], ..CASE },
            "`doc` is asked for by `--stage` and skipped by --skip; drop one of the two",
        ),
        (Case { stages: &["clipy"], ..CASE }, "`--stage clipy`: there is no such stage; did you mean `clippy`?"),
        (
            Case { skip: &["zzz"], ..CASE },
            "`--skip zzz`: there is no such stage; there are fmt, lock, nix, clippy, build, test, doctest, doc",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(check(&case), expected);
    }
}
