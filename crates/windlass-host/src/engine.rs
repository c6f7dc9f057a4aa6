//! The engine: runs the steps of a plan as their needs and resources allow, and leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use rustix::process::Signal;
use windlass_plan::{Plan, Step, StepKind};
use windlass_record::{Event, Outcome};

use crate::output::{Message, Output};
use crate::process::{self, Process};
use crate::running::Running;
use crate::{Host, tree};

/// What a step's log keeps, in bytes, unless [`Options::log_limit_bytes`] says otherwise.
pub const LOG_LIMIT_BYTES: u64 = 256 << 20;
/// Where the logs are in the directory of the run.
const LOGS: &str = "logs";
/// How often deadlines, signals and children are looked at when nothing else happens.
const TICK: Duration = Duration::from_millis(20);
/// How often where a step has closed its output: it is about to end, and the next waits for it.
const SHORT_TICK: Duration = Duration::from_millis(1);
/// How many messages of readers may wait.
const N_MESSAGES: usize = 64;

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the run: one `logs/STEP.log` a step is written in it.
    pub dir: PathBuf,
    /// Whether steps that do not need a failed one still run.
    pub keep_going: bool,
    /// How many steps run at once at the most.
    pub n_jobs: usize,
    /// How much of its output the log of a step keeps.
    pub log_limit_bytes: u64,
}

impl Options {
    /// Logs below `dir`, keeps going, runs at most 16 steps at once, and keeps [`LOG_LIMIT_BYTES`] of output a step.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), keep_going: true, n_jobs: 16, log_limit_bytes: LOG_LIMIT_BYTES }
    }
}

/// What the engine tells while it runs.
#[derive(Debug)]
pub enum Beat<'a> {
    /// Something happened to a step.
    Event(&'a Event),
    /// Time has passed: this many milliseconds since the host was made.
    Tick(u64),
}

/// How the run of a plan ended, besides what its events said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The signal that interrupted it, if one did.
    pub interrupted_by: Option<i32>,
    /// Processes that outlived their steps and were stopped: `name` (number).
    pub strays: Vec<String>,
    /// Logs that could not be written, each with the reason.
    pub unwritten: Vec<String>,
}

impl Host {
    /// Runs a plan to its end. Whatever happens, every step gets its [`Event::Finished`], and no process that a step
    /// started is left, except a compiler cache's server. What this process started itself, in its
    /// own process group, is left alone.
    pub fn run(&self, plan: &Plan, options: &Options, watch: &mut dyn FnMut(Beat<'_>)) -> End {
        let (sender, messages) = mpsc::sync_channel(N_MESSAGES);
        let n_steps = plan.steps().len();
        let mut states = Vec::new();
        states.resize_with(n_steps, || State::Waiting);
        let mut engine = Engine {
            host: self,
            steps: plan.steps(),
            options,
            states,
            sender,
            watch,
            end: End::default(),
            given: BTreeMap::new(),
            stop: None,
        };
        engine.run(&messages);
        engine.end.strays.extend(tree::sweep(&[]));
        engine.end
    }
}

#[derive(Debug)]
enum State {
    Waiting,
    Running(Box<Running>),
    Done(Outcome),
}

struct Engine<'a> {
    host: &'a Host,
    steps: &'a [Step],
    options: &'a Options,
    states: Vec<State>,
    sender: SyncSender<Message>,
    watch: &'a mut dyn FnMut(Beat<'_>),
    end: End,
    /// What services give, by the names that steps refer to.
    given: BTreeMap<String, String>,
    /// Why nothing more is started.
    stop: Option<Outcome>,
}

impl Engine<'_> {
    fn run(&mut self, messages: &Receiver<Message>) {
        loop {
            self.notice_signal();
            self.settle_waiting();
            self.start_ready();
            self.stop_idle_services();
            if self.states.iter().all(|state| matches!(state, State::Done(_))) {
                return;
            }
            let is_ending = |state: &State| matches!(state, State::Running(running) if running.is_ending());
            let tick = if self.states.iter().any(is_ending) { SHORT_TICK } else { TICK };
            match messages.recv_timeout(tick) {
                Ok(message) => self.receive(message),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            // No more than what waits now: a step that writes without end must not keep its own timeout from coming.
            for message in messages.try_iter().take(N_MESSAGES) {
                self.receive(message);
            }
            for index in 0..self.steps.len() {
                self.look_after(index);
            }
            (self.watch)(Beat::Tick(self.host.elapsed_ms()));
        }
    }

    fn emit(&mut self, event: &Event) {
        (self.watch)(Beat::Event(event));
    }

    fn finish(&mut self, index: usize, outcome: Outcome, log: Option<windlass_record::Log>) {
        if outcome.is_red() && !self.options.keep_going && self.stop.is_none() {
            let reason =
                format!("`{}` did not pass, and the run stops at the first that does not", self.steps[index].name);
            self.stop_all(&Outcome::Skipped { reason });
        }
        self.states[index] = State::Done(outcome.clone());
        let step = self.steps[index].name.clone();
        self.emit(&Event::Finished { step, at_ms: self.host.elapsed_ms(), outcome, log });
    }

    /// Starts nothing more and stops what runs.
    fn stop_all(&mut self, outcome: &Outcome) {
        self.stop = Some(outcome.clone());
        for running in self.states.iter_mut().filter_map(running) {
            running.stop(outcome.clone(), Signal::TERM);
        }
    }

    fn notice_signal(&mut self) {
        let Some(signal) = self.host.interrupted_by().filter(|_| self.end.interrupted_by.is_none()) else { return };
        self.end.interrupted_by = Some(signal);
        self.stop = Some(Outcome::Interrupted);
        // Handed on as it is, for tools end at Ctrl-C with a word of their own.
        let signal = Signal::from_named_raw(signal).unwrap_or(Signal::TERM);
        for running in self.states.iter_mut().filter_map(running) {
            running.stop(Outcome::Interrupted, signal);
        }
    }

    /// Steps that will never start are done.
    fn settle_waiting(&mut self) {
        // In the order of the plan, so that a chain of skips settles in one pass.
        for index in 0..self.steps.len() {
            if !matches!(self.states[index], State::Waiting) {
                continue;
            }
            let outcome = self.stop.clone().or_else(|| self.unmet_need(index)).or_else(|| self.unused_service(index));
            if let Some(outcome) = outcome {
                self.finish(index, outcome, None);
            }
        }
    }

    fn unmet_need(&self, index: usize) -> Option<Outcome> {
        self.steps[index].needs.iter().find_map(|need| {
            let State::Done(outcome) = &self.states[self.index_of(need)?] else { return None };
            let why = outcome.why_unmet()?;
            Some(Outcome::Skipped { reason: format!("needs `{need}`, which {why}") })
        })
    }

    /// A service that steps needed which are all done: none of them has come to need it.
    fn unused_service(&self, index: usize) -> Option<Outcome> {
        let step = &self.steps[index];
        let mut users = self.users(step).peekable();
        users.peek()?;
        let is_unused = step.is_service() && users.all(|(_, state)| matches!(state, State::Done(_)));
        is_unused.then(|| Outcome::Skipped { reason: "no step that needs it is run".to_owned() })
    }

    /// The steps that need a step.
    fn users<'s>(&'s self, step: &'s Step) -> impl Iterator<Item = (&'s Step, &'s State)> {
        self.steps.iter().zip(&self.states).filter(|(user, _)| user.needs.contains(&step.name))
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.name == name)
    }

    fn start_ready(&mut self) {
        for index in 0..self.steps.len() {
            let n_running = self.states.iter().filter(|state| matches!(state, State::Running(_))).count();
            if self.stop.is_none()
                && n_running < self.options.n_jobs
                && matches!(self.states[index], State::Waiting)
                && self.has_what_it_needs(index)
                && self.resources_are_free(index)
            {
                self.start(index);
            }
        }
    }

    /// Whether all its needs are met; for a service, also that a step which needs it waits for nothing but services.
    fn has_what_it_needs(&self, index: usize) -> bool {
        let met = |need: &String| match self.index_of(need).map(|need| &self.states[need]) {
            Some(State::Done(outcome)) => *outcome == Outcome::Passed,
            Some(State::Running(running)) => running.serves(),
            _ => false,
        };
        let step = &self.steps[index];
        let is_service = |need: &String| self.index_of(need).is_some_and(|need| self.steps[need].is_service());
        let comes_to_need_it = |user: &Step| user.needs.iter().all(|need| is_service(need) || met(need));
        let is_wanted =
            || self.users(step).next().is_none() || self.users(step).any(|(user, _)| comes_to_need_it(user));
        step.needs.iter().all(met) && (!step.is_service() || is_wanted())
    }

    /// Whether nobody holds what it uses, nor waits for it with an earlier place in the plan: the plan decides the order.
    fn resources_are_free(&self, index: usize) -> bool {
        let uses = &self.steps[index].uses;
        let others = self.steps.iter().zip(&self.states).enumerate();
        !others.filter(|(_, (step, _))| step.uses.iter().any(|resource| uses.contains(resource))).any(
            |(other, (step, state))| match state {
                // A service shares what it holds with those that need it.
                State::Running(_) => !(step.is_service() && self.steps[index].needs.contains(&step.name)),
                // One that waits, waits for them.
                State::Waiting => other < index && !step.is_service(),
                State::Done(_) => false,
            },
        )
    }

    fn start(&mut self, index: usize) {
        let step = &self.steps[index];
        let event = Event::Started { step: step.name.clone(), at_ms: self.host.elapsed_ms() };
        match self.spawn(index) {
            Ok((process, output)) => {
                self.states[index] = State::Running(Box::new(Running::new(process, output, step)));
                self.emit(&event);
            }
            Err(reason) => {
                self.emit(&event);
                self.finish(index, Outcome::Error { reason }, None);
            }
        }
    }

    fn spawn(&self, index: usize) -> Result<(Process, Output), String> {
        let step = &self.steps[index];
        let path = self.options.dir.join(log_file(index, &step.name));
        let log_error = |error: io::Error| format!("cannot write `{}`: {error}", path.display());
        let (reader, writer) =
            io::pipe().map_err(|error| format!("cannot start `{}`: {error}", step.command.program))?;
        let second = writer.try_clone().map_err(|error| format!("cannot start `{}`: {error}", step.command.program))?;
        fs::create_dir_all(self.options.dir.join(LOGS)).map_err(log_error)?;
        let output = Output::start(index, reader, &path, self.options.log_limit_bytes, self.sender.clone());
        let output = output.map_err(log_error)?;
        let mut command = step.command.clone();
        for (name, text) in &step.given {
            command
                .env
                .insert(name.clone(), windlass_plan::fill(text, &self.given).map_err(|error| error.to_string())?);
        }
        Ok((process::start(&command, &self.host.env, writer, second)?, output))
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Closed(index) => {
                if let Some(running) = running(&mut self.states[index]) {
                    running.output_is_closed();
                }
            }
            Message::Text(index, text) => {
                let Some(running) = running(&mut self.states[index]) else { return };
                let served = running.serves();
                if let StepKind::Service { ready } = &self.steps[index].kind
                    && let Some(file) = running.read(&text, ready).filter(|file| !file.is_empty())
                {
                    match given(Path::new(file)) {
                        Ok(given) => self.given.extend(given),
                        Err(reason) => running.stop(Outcome::Error { reason }, Signal::TERM),
                    }
                }
                let is_ready = running.serves() && !served;
                let (step, at_ms) = (self.steps[index].name.clone(), self.host.elapsed_ms());
                self.emit(&Event::Output { step: step.clone(), at_ms, text });
                if is_ready {
                    self.emit(&Event::Ready { step, at_ms });
                }
            }
        }
    }

    /// Has a running step ended, or run out of time?
    fn look_after(&mut self, index: usize) {
        let step = &self.steps[index];
        let Some(running) = running(&mut self.states[index]) else { return };
        let Some(status) = running.ended(step, &mut self.end.strays) else { return };
        let State::Running(running) = std::mem::replace(&mut self.states[index], State::Waiting) else { return };
        let (outcome, output) = running.settle(step, status);
        let (log, unwritten) = output.close(log_file(index, &step.name));
        self.end.unwritten.extend(unwritten);
        self.finish(index, outcome, Some(log));
    }

    /// Services that no unfinished step needs are stopped; that is how they pass.
    fn stop_idle_services(&mut self) {
        let unfinished = self.steps.iter().zip(&self.states).filter(|(_, state)| !matches!(state, State::Done(_)));
        let needed: BTreeSet<&String> = unfinished.flat_map(|(step, _)| &step.needs).collect();
        let had_users: BTreeSet<&String> = self.steps.iter().flat_map(|step| &step.needs).collect();
        for (step, state) in self.steps.iter().zip(&mut self.states) {
            let Some(running) = running(state).filter(|_| step.is_service() && !needed.contains(&step.name)) else {
                continue;
            };
            if running.is_ready() {
                running.stop(Outcome::Passed, Signal::TERM);
            } else if had_users.contains(&step.name) {
                let reason = "no step that needs it is run any more".to_owned();
                running.stop(Outcome::Skipped { reason }, Signal::TERM);
            }
        }
    }
}

fn running(state: &mut State) -> Option<&mut Running> {
    match state {
        State::Running(running) => Some(running),
        State::Waiting | State::Done(_) => None,
    }
}

/// What a service says in a file that it gives.
fn given(file: &Path) -> Result<BTreeMap<String, String>, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read what it gives from `{}`: {why}", file.display());
    let text = fs::read_to_string(file).map_err(|error| cannot(&error))?;
    serde_json::from_str(&text).map_err(|error| cannot(&error))
}

/// The log of a step, relative to the directory of the run: its name, where a file can have it, else a name like it and its number.
fn log_file(index: usize, step: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let name: String = step.chars().map(safe).collect();
    if name == step { format!("{LOGS}/{name}.log") } else { format!("{LOGS}/{name}-{index}.log") }
}
