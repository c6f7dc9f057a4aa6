//! `ci` and `test`: read, select, plan, run, show.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use windlass_host::Answer;
use windlass_nextest::{Binary, Nextest, Probe};
use windlass_plan::{Command, Step};
use windlass_record::{Outcome, TestOutcome, TestRecord};
use windlass_workspace::{Cargo, Selection, Workspace};

use crate::args::CiArgs;
use crate::config::{self, CONFIG, Config, SERVICES};
use crate::context::ANSWER;
use crate::exit::{Exit, Usage};
use crate::job::Job;
use crate::pipeline::{self, Asked, BUILD, Facts, Services, TEST, Unlistable};
use crate::runner::{self, Runner};
use crate::tools::{self, Tools};
use crate::{Context, rundir, servers};

/// How long a harness may take to say what tests it has; one that runs them instead is stopped.
const LISTING: Duration = Duration::from_secs(30);

const NEXTEST_CONFIG: &str = ".config/nextest.toml";

/// All that the host reads before the plan is made.
struct Ground {
    workspace: Workspace,
    config: Config,
    selection: Selection,
    tools: Tools,
    cargo: Cargo,
    nextest: Nextest,
    nextest_config: Option<String>,
    has_lockfile: bool,
    tool_config: String,
    nix: Option<Result<Command, String>>,
    services: Option<Services>,
    notes: Vec<String>,
}

pub(super) fn run(cx: &Context, task: &str, args: &CiArgs, of_task: impl Fn(&str) -> bool) -> anyhow::Result<Exit> {
    let mut ground = read(cx, args)?;
    let asked = Asked { stages: &args.stage, skip: &args.skip, of_task: &of_task };
    let keep_going = runner::keeps_going(cx, &args.plan);
    let mut job = job(task, &ground, &asked, keep_going, &[])?;
    if args.plan.dry_run || args.plan.explain {
        let candidates = candidates(&ground);
        if !candidates.is_empty() && job.plan.step(TEST).is_some() {
            let name = |it: &Unlistable| format!("`{}` of `{}`", it.target.name, it.member.name);
            let names = candidates.iter().map(name).collect::<Vec<_>>().join(", ");
            let probe = |it: &Unlistable| format!("`{}`", ground.nextest.probe(&it.binary_id).shell_here());
            let probes = candidates.iter().map(probe).collect::<Vec<_>>().join(", ");
            job.notes.push(format!(
                "{names}: the harness is not libtest's; once built, nextest is asked whether it can list them ({probes}, for \
                 those that `{}` has named), and what it cannot list is run by `cargo test` instead",
                ground.nextest.binaries().shell_here()
            ));
        }
        runner::show(cx, &job, &args.plan);
        return Ok(Exit::PASSED);
    }
    let stages: Vec<String> = job.plan.steps().iter().map(|step| step.stage.clone()).collect();
    let is_planned = |stage: &str| stages.iter().any(|it| it == stage);
    let tools = ground.tools.needed_for(is_planned);
    if tools.missing().next().is_some() {
        tools.set_up(cx, ground.config.ci.setup && !args.no_setup)?;
        ground = read(cx, args)?;
        ground.tools.needed_for(is_planned).demand_all()?;
        job = self::job(task, &ground, &asked, keep_going, &[])?;
    }
    if job.plan.step(SERVICES).is_some() {
        servers::set_up(cx, &ground.config.services, ground.config.ci.setup && !args.no_setup)?;
    }

    let mut runner = Runner::begin(cx, job, &args.plan)?;
    runner.write_files();
    runner.watch_tests(TEST);
    // What is read afterwards is what this run has written, and nothing that was there before. A configuration that does not
    // say where is nextest's to refuse.
    if let (Some(_), Ok(path)) = (runner.job.plan.step(TEST), junit_path(cx, &ground))
        && let Err(error) = cx.host.remove_file(Path::new(&path))
    {
        runner.note(format!("the tests in this record may be those of an earlier run: {error}"));
    }
    if candidates(&ground).is_empty() || runner.job.plan.step(TEST).is_none() {
        runner.run_rest();
    } else {
        let first = pipeline::before_tests(&runner.job.plan);
        runner.run(&first);
        if runner.is_over() {
            runner.give_up_after(&first);
        } else {
            // What is not built cannot be asked, and will not be run either.
            if runner.record.step(BUILD).is_some_and(|step| step.outcome == Outcome::Passed) {
                runner.tell("asking nextest which harnesses it can list");
                let (unlistable, notes) = unlistable(cx, &ground);
                match self::job(task, &ground, &asked, keep_going, &unlistable) {
                    Ok(again) => {
                        runner.job.plan = again.plan;
                        runner.job.notes.extend(notes);
                        runner.replan();
                    }
                    Err(error) => runner.could_not(error),
                }
            }
            runner.run_rest();
        }
    }
    match tests(cx, &ground, &runner) {
        Ok(tests) => runner.add_tests(tests),
        Err(error) => runner.note(format!("the tests are not in this record: {error:#}")),
    }
    if ground.services.is_some() {
        look_for_remains(cx, &mut runner);
    }
    if !ground.has_lockfile {
        // Cargo has written one for its stages; the workspace has decided to have none.
        if let Err(error) = cx.host.remove_file(&Path::new(&ground.workspace.root).join("Cargo.lock")) {
            runner.could_not(error);
        }
    }
    Ok(runner.end())
}

/// What servers of a run have left that did not end well is removed, and in a CI the run does not count as passed.
fn look_for_remains(cx: &Context, runner: &mut Runner<'_>) {
    let containers = windlass_supervisor::sweep_containers(&cx.host).into_iter().map(|it| it.to_string());
    let directories = windlass_supervisor::sweep(&cx.host).into_iter().map(|it| it.to_string());
    for left in containers.chain(directories) {
        if runner.is_ci() {
            runner.could_not(anyhow::anyhow!("services have left something: {left}"));
        } else {
            runner.note(format!("services have left something: {left}"));
        }
    }
}

/// What would be run, as far as it is known before anything is built.
pub(super) fn planned(cx: &Context, task: &str, args: &CiArgs, of_task: &dyn Fn(&str) -> bool) -> anyhow::Result<Job> {
    let ground = read(cx, args)?;
    let asked = Asked { stages: &args.stage, skip: &args.skip, of_task };
    job(task, &ground, &asked, runner::keeps_going(cx, &args.plan), &[])
}

fn read(cx: &Context, args: &CiArgs) -> anyhow::Result<Ground> {
    let mut workspace = match args.plan.dry_run || args.plan.explain {
        true => cx.workspace(&args.plan)?,
        false => tools::workspace(cx, &args.plan, !args.no_setup)?,
    };
    for member in &mut workspace.members {
        let text = cx.host.read_text(Path::new(&member.manifest_path))?.unwrap_or_default();
        let custom = windlass_workspace::custom_harnesses(&text)
            .map_err(|error| Usage(format!("{}: {error}", member.manifest_path)))?;
        windlass_workspace::mark_custom_harnesses(member, &custom);
    }
    let root = Path::new(&workspace.root);
    let config = config::of(cx, &workspace.root)?;
    let selection = select(cx, &workspace, &config)?;
    let has_lockfile = cx.host.exists(&root.join("Cargo.lock"));
    // Who skips `lock` does not want the lockfile judged, neither by that stage nor by the others.
    let lock = "lock".to_owned();
    let skips_lock = args.skip.contains(&lock) || config.ci.skip.contains(&lock) && !args.stage.contains(&lock);
    let locked = has_lockfile && !skips_lock;
    let nextest_config = cx.host.read_text(&root.join(NEXTEST_CONFIG)).map_err(|error| Usage(error.to_string()))?;
    let tools = tools::look(cx, &workspace.root)?;
    let version = tools.cargo_version()?;
    let names = |list: &[(String, String)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let packages: Vec<String> = selection.packages.iter().map(|(name, _)| name.clone()).collect();
    let depends_on_others = workspace.depends_on_others(packages.iter().map(String::as_str));
    let denies = config.ci.warnings == config::Warnings::Deny;
    let cargo = Cargo {
        root: workspace.root.clone(),
        locked,
        packages,
        excluded: names(&selection.left_out),
        features: config.ci.features.clone(),
        deny: windlass_workspace::warnings_denial(&version, denies, depends_on_others),
        keep_going: runner::keeps_going(cx, &args.plan) && (version.major, version.minor) >= (1, 74),
    };
    let nextest = Nextest {
        program: tools.nextest.clone(),
        root: workspace.root.clone(),
        cargo_args: cargo.selection_args(),
        profile: config.ci.nextest_profile.clone(),
    };
    let mut notes: Vec<String> =
        selection.left_out.iter().map(|(name, reason)| format!("package `{name}` is not run: {reason}")).collect();
    if !has_lockfile {
        notes.push("no Cargo.lock: no command gets `--locked`, and there is none afterwards".to_owned());
    } else if skips_lock {
        notes.push("`lock` is skipped: no command gets `--locked`".to_owned());
    }
    if nextest_config.is_none() {
        notes.push(format!("no {NEXTEST_CONFIG}: nextest's own defaults hold"));
    }
    if !cx.host.exists(&root.join(CONFIG)) {
        notes.push(format!("no {CONFIG}: windlass's own defaults hold"));
    }
    let tool_config = rundir::windlass_dir(&workspace.target_directory).join("nextest.toml");
    let tool_config = tool_config.to_string_lossy().into_owned();
    let services = servers::planned(cx, &workspace, &selection, &config.services, config.ci.setup && !args.no_setup)?;
    if let Some(package) = services.as_ref().and_then(|services| services.asking.as_ref()) {
        notes.push(format!(
            "`{package}` has macros of sqlx that ask a database while they are compiled, and no `.sqlx`: the services run for \
             clippy, build and doc too"
        ));
    }
    let nix = nix_stage(cx, &workspace.root)?;
    Ok(Ground {
        workspace,
        config,
        selection,
        tools,
        cargo,
        nextest,
        nextest_config,
        has_lockfile,
        tool_config,
        nix,
        services,
        notes,
    })
}

/// What looks at the files of Nix, if there are any.
fn nix_stage(cx: &Context, root: &str) -> anyhow::Result<Option<Result<Command, String>>> {
    if crate::nix_files::nix_files(cx, root)?.is_empty() {
        return Ok(None);
    }
    #[cfg(feature = "nix")]
    let stage = {
        let program = cx.host.current_exe()?.to_string_lossy().into_owned();
        Ok(Command::new(program, root).args(["nix", "check", "--level", "L0"]))
    };
    #[cfg(not(feature = "nix"))]
    let stage = Err(format!("{}; {}", super::nix::WITHOUT, super::nix::HELP));
    Ok(Some(stage))
}

fn select(cx: &Context, workspace: &Workspace, config: &Config) -> anyhow::Result<Selection> {
    let excludes = &config.ci.exclude;
    // Which platform this is takes two questions that hardly anybody's configuration asks.
    let host = if excludes.iter().any(|it| it.exclude.platform.is_some()) {
        let rustc = cx.ask(&windlass_workspace::rustc_version_command(&workspace.root), ANSWER)?;
        let cfg = cx.ask(&windlass_workspace::cfg_command(&workspace.root), ANSWER)?;
        windlass_workspace::Host {
            triple: windlass_workspace::parse_rustc_version(&rustc.stdout)?.host,
            cfg: windlass_workspace::parse_cfg(&cfg.stdout)?,
        }
    } else {
        windlass_workspace::Host::default()
    };
    // One at a time for the line of the one that is wrong.
    for it in excludes {
        windlass_workspace::select(workspace, std::slice::from_ref(&it.exclude), true, &host)
            .map_err(|error| Usage(format!("{CONFIG}:{}: `ci.exclude`: {error}", it.line)))?;
    }
    let excludes: Vec<_> = excludes.iter().map(|it| it.exclude.clone()).collect();
    Ok(windlass_workspace::select(workspace, &excludes, config.ci.include_xtask, &host)?)
}

fn job(
    task: &str,
    ground: &Ground,
    asked: &Asked<'_>,
    keep_going: bool,
    unlistable: &[Unlistable],
) -> anyhow::Result<Job> {
    let facts = Facts {
        workspace: &ground.workspace,
        config: &ground.config.ci,
        cargo: &ground.cargo,
        nextest: &ground.nextest,
        tool_config: &ground.tool_config,
        keep_going,
        unlistable,
        nix: ground.nix.clone(),
        services: ground.services.as_ref(),
    };
    let pipeline = pipeline::pipeline(&facts, asked)?;
    let mut job = Job::new(task, &ground.workspace, pipeline.plan);
    job.not_planned = pipeline.not_planned;
    job.notes.clone_from(&ground.notes);
    job.tools = ground.tools.versions();
    if job.plan.step(TEST).is_some() {
        let store = nextest_store(&ground.workspace);
        job.files = BTreeMap::from([(ground.tool_config.clone(), windlass_nextest::tool_config(&store))]);
    }
    Ok(job)
}

/// Test targets with a harness of their own, which nextest may or may not be able to list.
fn candidates(ground: &Ground) -> Vec<Unlistable> {
    let members = ground.selection.packages.iter().filter_map(|(name, _)| ground.workspace.member(name));
    members.flat_map(|member| member.custom_harness_tests().map(|target| Unlistable::new(member, target))).collect()
}

/// Those of the candidates that were built and that nextest cannot list, and what is to be said of them; none where a
/// signal ended the question.
fn unlistable(cx: &Context, ground: &Ground) -> (Vec<Unlistable>, Vec<String>) {
    let list = ground.nextest.binaries();
    let built = answer(cx, &list, ANSWER).and_then(|answer| windlass_nextest::parse_binaries(&answer.stdout).ok());
    let (unlistable, notes) = match built {
        Some(built) => {
            let unlistable = those_unlistable(cx, ground, &built);
            let note = |it: &Unlistable| {
                format!("`{}`: nextest cannot list its harness, so `cargo test` runs it as a whole", it.binary_id)
            };
            let notes = unlistable.iter().map(note).collect();
            (unlistable, notes)
        }
        None => {
            let list = list.shell_here();
            let note = format!("`{list}` gave no list, so `cargo test` runs every harness that is not libtest's");
            (candidates(ground), vec![note])
        }
    };
    if cx.host.interrupted_by().is_none() { (unlistable, notes) } else { (Vec::new(), Vec::new()) }
}

/// What a program that succeeded has answered.
fn answer(cx: &Context, command: &Command, timeout: Duration) -> Option<Answer> {
    cx.host.read(command, timeout).ok().filter(|answer| answer.code == Some(0))
}

fn those_unlistable(cx: &Context, ground: &Ground, built: &[Binary]) -> Vec<Unlistable> {
    let cannot_be_listed = |id: &str| {
        let answer = answer(cx, &ground.nextest.probe(id), LISTING);
        match answer.and_then(|answer| windlass_nextest::parse_probe(&answer.stdout, id).ok()) {
            // A harness that lists nothing has tests all the same, as far as anybody knows.
            Some(Probe::Listed(n_tests)) => n_tests == 0,
            Some(Probe::FilteredOut) => false,
            None => true,
        }
    };
    let built = candidates(ground).into_iter().filter_map(|it| {
        let same = |binary: &&Binary| {
            let (member, target) = (&it.member, &it.target);
            binary.package_id == member.id && binary.kind == target.kind.as_str() && binary.name == target.name
        };
        let binary_id = built.iter().find(same)?.id.clone();
        Some(Unlistable { binary_id, ..it })
    });
    built.filter(|it| cannot_be_listed(&it.binary_id)).collect()
}

fn nextest_store(workspace: &Workspace) -> String {
    Path::new(&workspace.target_directory).join("nextest").to_string_lossy().into_owned()
}

/// The tests of this run, from the JUnit file that nextest wrote.
fn tests(cx: &Context, ground: &Ground, runner: &Runner<'_>) -> anyhow::Result<Vec<TestRecord>> {
    let Some(step) = runner.job.plan.step(TEST) else { return Ok(Vec::new()) };
    if runner.record.step(TEST).is_none_or(|step| step.started_ms.is_none()) {
        return Ok(Vec::new());
    }
    let path = junit_path(cx, ground)?;
    let path = Path::new(&path);
    // nextest that was killed has written none.
    let Some(xml) = cx.host.read_text(path)? else { return Ok(Vec::new()) };
    let mut tests =
        windlass_nextest::parse_junit(&xml, TEST).with_context(|| format!("cannot read `{}`", path.display()))?;
    for test in tests.iter_mut().filter(|test| test.outcome == TestOutcome::Failed) {
        let command = ground.nextest.rerun(&test.binary, &test.name);
        test.rerun = Some(Step { command, ..step.clone() }.shell_here());
    }
    Ok(tests)
}

/// Where nextest writes its JUnit file.
fn junit_path(cx: &Context, ground: &Ground) -> anyhow::Result<String> {
    let profile = ground.nextest.profile.clone().or_else(|| cx.host.env("NEXTEST_PROFILE"));
    Ok(windlass_nextest::junit_path(
        &ground.workspace.root,
        ground.nextest_config.as_deref(),
        &nextest_store(&ground.workspace),
        profile.as_deref().unwrap_or("default"),
    )?)
}
