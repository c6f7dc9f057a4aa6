//! Carries out a job: shows it, runs it, records it.

mod ending;

use std::collections::BTreeMap;
use std::path::Path;

use windlass_host::{Beat, Options, Terminal};
use windlass_plan::{Plan, Step};
use windlass_record::{Event, Machine, Outcome, Record, Run, StepRecord, TestRecord};
use windlass_report::terminal::{Progress, TestCount};
use windlass_report::{Groups, plan};
use windlass_workspace::{Diagnostics, Workspace};

pub(crate) use ending::{files, logs};

use crate::Context;
use crate::args::{Ci, PlanArgs};
use crate::config::SERVICES;
use crate::display::Display;
use crate::exit::Exit;
use crate::job::Job;
use crate::rundir::{self, RunDir};

/// Shows or carries out a job whose plan is all there is to run.
pub(crate) fn run(cx: &Context, job: Job, args: &PlanArgs) -> anyhow::Result<Exit> {
    if args.dry_run || args.explain {
        show(cx, &job, args);
        return Ok(Exit::PASSED);
    }
    let mut runner = Runner::begin(cx, job, args)?;
    let plan = runner.job.plan.clone();
    runner.run(&plan);
    Ok(runner.end())
}

/// Prints what would be run.
pub(crate) fn show(cx: &Context, job: &Job, args: &PlanArgs) {
    let ci = detected(cx, args);
    let shown = plan::Shown {
        task: &job.task,
        root: &job.workspace.root,
        plan: &job.plan,
        not_planned: &job.not_planned,
        notes: &job.notes,
        files: &job.files,
        tools: &job.tools,
        ci: &ci.1,
    };
    cx.host.print(&match (args.json, args.explain) {
        (true, _) => plan::json(&shown),
        (false, true) => plan::explain(&shown),
        (false, false) => plan::text(&shown),
    });
}

/// The CI to act for, and how it is known.
fn detected(cx: &Context, args: &PlanArgs) -> (Ci, String) {
    match (args.ci, Ci::suggested(|name| cx.host.env(name))) {
        (Some(ci), _) => (ci, format!("{} (--ci)", ci.name())),
        (None, (ci, Some(variable))) => (ci, format!("{} (suggested by {variable})", ci.name())),
        (None, (ci, None)) => (ci, ci.name().to_owned()),
    }
}

/// Whether steps go on after one that did not pass: as the arguments say, else unless somebody watches.
pub(crate) fn keeps_going(cx: &Context, args: &PlanArgs) -> bool {
    let is_watched = cx.host.is_terminal() && detected(cx, args).0 == Ci::None && !args.json;
    args.keep_going || !args.fail_fast && !is_watched
}

/// A job that is being carried out, in one plan or several in a row.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    cx: &'a Context,
    args: PlanArgs,
    pub(crate) job: Job,
    pub(crate) record: Record,
    dir: RunDir,
    ci: Ci,
    keep_going: bool,
    display: Display,
    diagnostics: BTreeMap<String, Diagnostics>,
    /// The step whose output is nextest's, and what was read of it.
    nextest: Option<(String, windlass_nextest::Progress)>,
    expected_ms: BTreeMap<String, u64>,
    interrupted_by: Option<i32>,
    /// What could not be written in the run's directory.
    unwritten: Vec<String>,
    /// What else windlass could not do once the run had begun.
    undone: Vec<String>,
}

impl<'a> Runner<'a> {
    /// Makes the directory of the run and everything that is needed to show it.
    pub(crate) fn begin(cx: &'a Context, job: Job, args: &PlanArgs) -> anyhow::Result<Self> {
        let host = &cx.host;
        // A record that cannot be read is no reason not to run: nothing is expected then.
        let last = rundir::kept(host, &job.workspace.target_directory, None).ok().flatten().map(|(_, record)| record);
        let expected_ms = last.iter().flat_map(|record| &record.steps).filter_map(|step| {
            let passed = step.outcome == Outcome::Passed && step.started_ms.is_some();
            Some((step.name.clone(), if passed { step.took_ms() } else { step.expected_ms? }))
        });
        let (ci, ci_text) = detected(cx, args);
        let dir = RunDir::create(host, &job.workspace.target_directory)?;
        let mut run = Run::new(&dir.id, &job.task, &job.workspace.root);
        run.started_unix_ms = host.unix_ms().saturating_sub(host.elapsed_ms());
        run.ci = ci.name().to_owned();
        run.machine =
            Machine { os: std::env::consts::OS.into(), arch: std::env::consts::ARCH.into(), cpus: host.cpus() };
        run.tools.clone_from(&job.tools);
        run.notes.clone_from(&job.notes);
        let groups = match ci {
            Ci::Github => Some(Groups::Github { token: dir.id.clone() }),
            Ci::Gitlab => Some(Groups::Gitlab),
            Ci::Plain => Some(Groups::Plain),
            Ci::None => None,
        };
        let terminal = Terminal::default();
        let fits = job.plan.steps().len() + job.not_planned.len() + 2 < terminal.height();
        let display = match groups {
            _ if args.json => Display::Json,
            Some(groups) => Display::Groups { groups, queue: Vec::new() },
            None if host.is_terminal() && fits => {
                let progress = Progress::new(&[]);
                Display::Live { terminal, progress, drawn_ms: 0, color: host.wants_color() }
            }
            None => Display::Lines,
        };
        let mut runner = Self {
            dir,
            expected_ms: expected_ms.collect(),
            keep_going: keeps_going(cx, args),
            record: Record::new(run, Vec::new()),
            args: args.clone(),
            cx,
            job,
            ci,
            display,
            diagnostics: BTreeMap::new(),
            nextest: None,
            interrupted_by: None,
            unwritten: Vec::new(),
            undone: Vec::new(),
        };
        if ci != Ci::None {
            runner.say(&format!("{} in {}, ci: {ci_text}\n", runner.job.task, runner.job.workspace.root));
        }
        runner.replan();
        Ok(runner)
    }

    /// Says something to a person: on standard error where standard output is for a program.
    fn say(&self, text: &str) {
        if self.args.json { self.cx.host.print_error(text) } else { self.cx.host.print(text) }
    }

    /// Whether nothing more is to be run.
    pub(crate) fn is_over(&self) -> bool {
        self.interrupted_by.is_some() || !self.keep_going && self.record.red_steps().next().is_some()
    }

    /// Whether it acts for a CI.
    pub(crate) fn is_ci(&self) -> bool {
        self.ci != Ci::None
    }

    /// Reads the output of a step as nextest's.
    pub(crate) fn watch_tests(&mut self, step: &str) {
        self.nextest = Some((step.to_owned(), windlass_nextest::Progress::default()));
    }

    /// Where windlass keeps what it writes for the tools of this run.
    pub(crate) fn write_files(&mut self) {
        for (path, text) in &self.job.files {
            if let Err(error) = self.cx.host.write_text(Path::new(path), text) {
                self.unwritten.push(error.to_string());
            }
        }
    }

    /// Takes over what has changed in the job's plan; what has been run stays as it was.
    pub(crate) fn replan(&mut self) {
        let planned = self.job.plan.steps().iter().map(|step| {
            if let Some(record) = self.record.step(&step.name).filter(|record| record.started_ms.is_some()) {
                return record.clone();
            }
            let mut record = StepRecord::planned(&step.name, &step.stage, step.shell_here());
            record.needs.clone_from(&step.needs);
            record.uses.clone_from(&step.uses);
            record.expected_ms = self.expected_ms.get(&step.name).copied();
            record
        });
        let skipped = self.job.not_planned.iter().map(|(name, reason)| StepRecord::skipped(name, reason));
        let steps = planned.chain(skipped).collect();
        self.record.steps = steps;
        self.record.run.notes.clone_from(&self.job.notes);
        self.display.replan(&self.record.steps);
    }

    /// Runs what of the job's plan has not been run yet.
    pub(crate) fn run_rest(&mut self) {
        let mut outcomes: BTreeMap<String, Outcome> =
            self.record.steps.iter().map(|step| (step.name.clone(), step.outcome.clone())).collect();
        let steps = self.job.plan.steps();
        let is_service = |name: &String| self.job.plan.step(name).is_some_and(Step::is_service);
        let (mut rest, mut skipped) = (Vec::new(), Vec::new());
        for step in steps {
            let is_to_run = |step: &Step| outcomes.get(&step.name) == Some(&Outcome::Interrupted);
            // A service that steps of the first part needed has ended with them.
            let has_passed = outcomes.get(&step.name) == Some(&Outcome::Passed);
            let is_needed_again = step.is_service()
                && has_passed
                && steps.iter().any(|user| user.needs.contains(&step.name) && is_to_run(user));
            if !is_to_run(step) && !is_needed_again {
                continue;
            }
            let ended = |need: &String| outcomes.get(need).filter(|outcome| **outcome != Outcome::Interrupted);
            let unmet = step.needs.iter().find_map(|need| Some((need, ended(need)?.why_unmet()?)));
            if let Some((need, why)) = unmet {
                let outcome = Outcome::Skipped { reason: format!("needs `{need}`, which {why}") };
                outcomes.insert(step.name.clone(), outcome.clone());
                skipped.push((step.name.clone(), outcome));
                continue;
            }
            let mut step = step.clone();
            step.needs.retain(|need| is_service(need) || ended(need).is_none());
            rest.push(step);
        }
        for (step, outcome) in skipped {
            self.finish(step, outcome);
        }
        self.run(&Plan::new(rest).expect("a part of a plan without its ended steps is a plan"));
    }

    /// A step ends without having been started.
    fn finish(&mut self, step: String, outcome: Outcome) {
        let event = Event::Finished { step, at_ms: self.cx.host.elapsed_ms(), outcome, log: None };
        self.record.apply(&event);
        self.display.event(&self.cx.host, &self.record, &event);
    }

    /// Runs a plan, the job's or the first part of it.
    pub(crate) fn run(&mut self, plan: &Plan) {
        let mut notes = Vec::new();
        let options = Options { keep_going: self.keep_going, ..Options::new(&self.dir.path) };
        let host = &self.cx.host;
        let end = {
            let Self { job, record, display, diagnostics, nextest, .. } = &mut *self;
            host.run(plan, &options, &mut |beat| match beat {
                Beat::Tick(now_ms) => display.tick(host, now_ms),
                Beat::Event(event) => {
                    record.apply(event);
                    read_output(event, &job.workspace, diagnostics);
                    notes.extend(notes_of_services(event));
                    if let Some((step, count)) = test_count(event, nextest.as_mut()) {
                        display.count(step, count);
                    }
                    display.event(host, record, event);
                }
            })
        };
        notes.into_iter().for_each(|note| self.note(note));
        self.interrupted_by = self.interrupted_by.or(end.interrupted_by);
        self.unwritten.extend(end.unwritten);
        if !end.strays.is_empty() {
            let note = format!("stopped processes that outlived their steps: {}", end.strays.join(", "));
            self.note(note);
        }
    }

    /// Says of the steps behind `first`, the part of the plan at which the run is over, that they are not run.
    pub(crate) fn give_up_after(&mut self, first: &Plan) {
        let outcome = match self.record.red_steps().next() {
            Some(red) if self.interrupted_by.is_none() => {
                let reason = format!("`{}` did not pass, and the run stops at the first that does not", red.name);
                Outcome::Skipped { reason }
            }
            _ => Outcome::Interrupted,
        };
        let steps = self.job.plan.names().filter(|name| first.step(name).is_none());
        for step in steps.map(str::to_owned).collect::<Vec<_>>() {
            self.finish(step, outcome.clone());
        }
    }

    /// Says between steps what goes on.
    pub(crate) fn tell(&self, text: &str) {
        self.display.line(&self.cx.host, text);
    }

    /// Something could not be done: the run goes on, and does not count as passed.
    pub(crate) fn could_not(&mut self, error: impl Into<anyhow::Error>) {
        self.undone.push(format!("{:#}", error.into()));
    }

    /// Adds something that a reader should know.
    pub(crate) fn note(&mut self, note: String) {
        self.job.notes.push(note);
        self.record.run.notes.clone_from(&self.job.notes);
    }

    /// Adds tests that a step ran.
    pub(crate) fn add_tests(&mut self, tests: Vec<TestRecord>) {
        self.record.tests.extend(tests);
    }
}

fn read_output(event: &Event, workspace: &Workspace, diagnostics: &mut BTreeMap<String, Diagnostics>) {
    if let Event::Output { step, text, .. } = event {
        let diagnostics = diagnostics.entry(step.clone()).or_insert_with(|| Diagnostics::new(workspace));
        text.lines().for_each(|line| diagnostics.feed(line));
    }
}

/// What the supervisor of services says aloud, such as that a port has changed.
fn notes_of_services(event: &Event) -> Vec<String> {
    let Event::Output { step, text, .. } = event else { return Vec::new() };
    let lines = text.lines().filter(|_| step == SERVICES);
    lines.filter_map(|line| line.strip_prefix("note: ").map(str::to_owned)).collect()
}

fn test_count<'e>(
    event: &'e Event,
    nextest: Option<&mut (String, windlass_nextest::Progress)>,
) -> Option<(&'e str, TestCount)> {
    let (Event::Output { step, text, .. }, Some((name, progress))) = (event, nextest) else { return None };
    if step != name {
        return None;
    }
    text.lines().for_each(|line| progress.feed(line));
    let count = progress.count();
    Some((step, TestCount { done: count.done, total: count.total?, failed: count.failed }))
}
