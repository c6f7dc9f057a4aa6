//! The main job as a plan: which stages there are in this workspace, what each one runs, and why another is missing.

use std::collections::{BTreeMap, BTreeSet};

use windlass_nextest::{Nextest, Run};
use windlass_plan::{Command, Plan, Step};
use windlass_supervisor::READY;
use windlass_workspace::{Cargo, Member, Target, TargetKind, Workspace};

use crate::config::{Ci, SERVICES, STAGES};
use crate::exit::Usage;

/// The directory that the cargo stages build in: they take turns.
const CARGO: &str = "cargo";

/// All that is known when the plan is made.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) config: &'a Ci,
    pub(crate) cargo: &'a Cargo,
    pub(crate) nextest: &'a Nextest,
    /// Where nextest's tool config file is written.
    pub(crate) tool_config: &'a str,
    /// Whether tests go on after one has failed.
    pub(crate) keep_going: bool,
    /// Test targets that nextest cannot list.
    pub(crate) unlistable: &'a [Unlistable],
    /// What looks at the files of Nix, or why that cannot be done; `None` where there are none.
    pub(crate) nix: Option<Result<Command, String>>,
    /// The services, if there are any.
    pub(crate) services: Option<&'a Services>,
}

/// What the plan is to know of services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Services {
    /// What keeps their servers.
    pub(crate) supervise: Command,
    /// Seconds until they must be ready.
    pub(crate) timeout_s: u64,
    /// What runs a command with them.
    pub(crate) with: Vec<String>,
    /// The variables that they export, each referring to what a service gives.
    pub(crate) exports: BTreeMap<String, String>,
    /// The stages and steps that they run for.
    pub(crate) needed_by: BTreeSet<String>,
    /// The package that asks a database while it is compiled, if one does.
    pub(crate) asking: Option<String>,
}

/// A test target with a harness that nextest cannot list, or may not be able to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unlistable {
    /// nextest's id of it.
    pub(crate) binary_id: String,
    pub(crate) member: Member,
    pub(crate) target: Target,
}

impl Unlistable {
    /// A target of a member, with the id that nextest makes of the two.
    pub(crate) fn new(member: &Member, target: &Target) -> Self {
        let (package, name) = (&member.name, &target.name);
        let binary_id = match target.kind {
            TargetKind::Lib | TargetKind::ProcMacro => package.clone(),
            TargetKind::Test => format!("{package}::{name}"),
            kind => format!("{package}::{}/{name}", kind.as_str()),
        };
        Self { binary_id, member: member.clone(), target: target.clone() }
    }
}

/// What is asked for.
pub(crate) struct Asked<'a> {
    /// Stages and steps named by `--stage`; none means all of the task's.
    pub(crate) stages: &'a [String],
    /// Those named by `--skip`.
    pub(crate) skip: &'a [String],
    /// Whether a stage belongs to the task.
    pub(crate) of_task: &'a dyn Fn(&str) -> bool,
}

/// The plan, and what is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pipeline {
    pub(crate) plan: Plan,
    /// Stages that were asked for and have nothing to run, or were skipped, each with the reason.
    pub(crate) not_planned: Vec<(String, String)>,
}

/// The stage that looks at the files of Nix.
const NIX: &str = "nix";

/// The stage that compiles what is tested.
pub(crate) const BUILD: &str = "build";

/// The stage of the tests, and the step of all that nextest can list.
pub(crate) const TEST: &str = "test";

/// Puts the plan together.
pub(crate) fn pipeline(facts: &Facts<'_>, asked: &Asked<'_>) -> anyhow::Result<Pipeline> {
    let known: Vec<&str> = STAGES.into_iter().chain(facts.config.steps.iter().map(|step| step.name.as_str())).collect();
    for (flag, name) in asked.stages.iter().map(|it| ("--stage", it)).chain(asked.skip.iter().map(|it| ("--skip", it)))
    {
        if !known.contains(&name.as_str()) {
            return Err(unknown(flag, name, &known).into());
        }
    }
    let (mut steps, missing) = stages(facts);
    steps.extend(own_steps(facts.config, facts.workspace));
    if let Some(services) = facts.services {
        steps = with_services(steps, services);
    }

    let steps_of = |stage: &String| -> Vec<String> {
        steps.iter().filter(|step| step.stage == *stage).map(|step| step.name.clone()).collect()
    };
    // Who needs a stage needs all its steps. One that has nothing to run has none, and cannot fail.
    let needs: Vec<Vec<String>> = steps.iter().map(|step| step.needs.iter().flat_map(steps_of).collect()).collect();
    for (step, needs) in steps.iter_mut().zip(needs) {
        step.needs = needs;
    }
    let all = Plan::new(steps)?;
    let skipped = |stage: &str| {
        let by_config =
            facts.config.skip.iter().any(|skip| skip == stage) && !asked.stages.iter().any(|it| it == stage);
        match (asked.skip.iter().any(|skip| skip == stage), by_config) {
            (true, _) => Some("--skip"),
            (false, true) => Some("`ci.skip` in .config/windlass.toml"),
            (false, false) => None,
        }
    };
    let wanted = |stage: &str| match asked.stages {
        [] => (asked.of_task)(stage) && skipped(stage).is_none(),
        stages => stages.iter().any(|it| it == stage),
    };
    // Nobody wants services for themselves.
    let plan = all.narrowed(|step| wanted(&step.stage) && !step.is_service());
    for step in plan.steps() {
        if let Some(by) = skipped(&step.stage) {
            let user = plan.steps().iter().find(|user| user.needs.contains(&step.name));
            let stage = &step.stage;
            return Err(match user {
                Some(user) => {
                    Usage(format!("`{stage}` cannot be skipped by {by}: `{}` needs it; skip both or none", user.name))
                }
                None => Usage(format!("`{stage}` is asked for by `--stage` and skipped by {by}; drop one of the two")),
            }
            .into());
        }
    }
    let asked_for = |stage: &str| if asked.stages.is_empty() { (asked.of_task)(stage) } else { wanted(stage) };
    // Who has no Nix is not told so in every run.
    let is_of_interest = |stage: &str| stage != NIX || facts.nix.is_some() || !asked.stages.is_empty();
    let not_applicable =
        missing.into_iter().filter(|(stage, _)| asked_for(stage) && skipped(stage).is_none() && is_of_interest(stage));
    let by_choice = known
        .iter()
        .filter(|stage| asked_for(stage))
        .filter_map(|stage| skipped(stage).map(|by| ((*stage).to_owned(), format!("skipped by {by}"))));
    let not_planned = not_applicable.chain(by_choice).collect();
    Ok(Pipeline { plan, not_planned })
}

fn unknown(flag: &str, name: &str, known: &[&str]) -> Usage {
    let hint = match windlass_plan::nearest(name, known) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => format!("; there are {}", known.join(", ")),
    };
    Usage(format!("`{flag} {name}`: there is no such stage{hint}"))
}

/// The steps of windlass's own stages, and the stages that have none, with the reason.
fn stages(facts: &Facts<'_>) -> (Vec<Step>, Vec<(String, String)>) {
    let Facts { workspace, cargo, config, .. } = facts;
    let mut steps = Vec::new();
    let mut missing = Vec::new();
    if cargo.packages.is_empty() {
        let reason = "no package is left to look at";
        return (steps, STAGES.iter().map(|stage| ((*stage).to_owned(), reason.to_owned())).collect());
    }
    // A stale lockfile would fail every later stage; it fails one.
    let on_cargo = |name: &str, command: Command| {
        Step::new(name, command).needs(["lock"]).uses([CARGO]).timeout_s(config.timeout_s)
    };
    steps.push(Step::new("fmt", cargo.fmt()).timeout_s(config.timeout_s));
    if cargo.locked {
        steps.push(Step::new("lock", cargo.lock()).timeout_s(config.timeout_s));
    } else {
        missing.push(("lock".to_owned(), "there is no Cargo.lock".to_owned()));
    }
    match &facts.nix {
        Some(Ok(command)) => steps.push(Step::new(NIX, command.clone()).timeout_s(config.timeout_s)),
        Some(Err(why)) => missing.push((NIX.to_owned(), why.clone())),
        None => missing.push((NIX.to_owned(), "there is no file of Nix".to_owned())),
    }
    steps.push(on_cargo("clippy", cargo.clippy()));
    steps.push(on_cargo(BUILD, cargo.build()));
    steps.extend(tests(facts).into_iter().map(|step| step.uses([CARGO]).timeout_s(config.timeout_s)));
    if workspace.has_doctests(cargo.packages.iter().map(String::as_str)) {
        steps.push(on_cargo("doctest", cargo.doctest()));
    } else {
        missing.push(("doctest".to_owned(), "no package has a library with doctests".to_owned()));
    }
    steps.push(on_cargo("doc", cargo.doc()));
    (steps, missing)
}

/// The steps, those that services run for with what these give; the services stand before the first.
fn with_services(steps: Vec<Step>, services: &Services) -> Vec<Step> {
    let with_services = |step: Step| match services.needed_by.contains(&step.stage) {
        true => step.needs([SERVICES]).given(services.exports.clone(), &services.with),
        false => step,
    };
    let mut steps: Vec<Step> = steps.into_iter().map(with_services).collect();
    let service = Step::new(SERVICES, services.supervise.clone()).service(READY).timeout_s(services.timeout_s);
    let first = steps.iter().position(|step| step.needs.iter().any(|need| need == SERVICES));
    steps.insert(first.unwrap_or(steps.len()), service);
    steps
}

/// nextest for all that it can list, and one step for each target that it cannot.
fn tests(facts: &Facts<'_>) -> Vec<Step> {
    let run = Run {
        tool_config: facts.tool_config.to_owned(),
        no_fail_fast: facts.keep_going,
        filter: windlass_nextest::without_binaries(facts.unlistable.iter().map(|it| it.binary_id.as_str())),
    };
    let nextest = Step::new(TEST, facts.nextest.run(&run)).needs([BUILD]);
    let mut steps = vec![nextest];
    for it in facts.unlistable {
        let command = facts.cargo.run_target(facts.workspace, &it.member, &it.target);
        // Targets of one name in several packages are run by one command.
        match steps.iter_mut().find(|step| step.command == command) {
            Some(step) => step.name = format!("{}, {}", step.name, it.binary_id),
            None => {
                steps.push(Step::new(format!("{TEST} {}", it.binary_id), command).stage(TEST).needs([BUILD]));
            }
        }
    }
    steps
}

/// The workspace's own steps.
fn own_steps(config: &Ci, workspace: &Workspace) -> Vec<Step> {
    let step = |own: &crate::config::OwnStep| {
        let (program, args) = own.argv.split_first().expect("a config's `run` is never empty");
        let mut command = Command::new(program, &workspace.root).args(args);
        command.env.clone_from(&own.env);
        Step::new(&own.name, command).needs(own.needs.clone()).uses(own.uses.clone()).timeout_s(own.timeout_s)
    };
    config.steps.iter().map(step).collect()
}

/// The part of a plan that can be run before it is known which tests the build has made: what stands before the tests.
pub(crate) fn before_tests(plan: &Plan) -> Plan {
    let names: BTreeSet<&str> = plan.names().take_while(|name| *name != TEST).collect();
    plan.narrowed(|step| names.contains(step.name.as_str()) && !step.is_service())
}

#[cfg(test)]
mod tests;
