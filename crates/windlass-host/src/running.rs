//! A step while it runs: when it is ready, when its time is up, and when it and all that it started have ended.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use windlass_plan::{Step, StepKind};
use windlass_record::Outcome;

use crate::output::Output;
use crate::process::{self, Process};

/// How long a step that is stopped may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// How long a service may: it has servers of its own to stop, and directories to remove.
const GRACE_OF_SERVICE: Duration = Duration::from_secs(60);
/// How long the pipe of a step that has ended is read on while a stray process holds it open and writes nothing.
const DRAIN: Duration = Duration::from_millis(500);
/// How long at the most, if it writes.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// How long after its output a step is expected to end.
const ENDING: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Running {
    process: Process,
    output: Output,
    /// None where it is further away than the clock can tell.
    deadline: Option<Instant>,
    /// How long it may take to end when it is stopped.
    grace: Duration,
    /// It ends what it has started itself.
    is_service: bool,
    /// A service whose ready line has been seen.
    ready: bool,
    /// When all writers of its output were gone.
    closed_at: Option<Instant>,
    /// It is being stopped: what its outcome will be, and when patience ends.
    stopping: Option<(Outcome, Instant)>,
    /// When it was seen to have ended, while its output is still open.
    ended_at: Option<Instant>,
}

impl Running {
    /// One that has just been started.
    pub(crate) fn new(process: Process, output: Output, step: &Step) -> Self {
        let deadline = Instant::now().checked_add(Duration::from_secs(step.timeout_s));
        let grace = if step.is_service() { GRACE_OF_SERVICE } else { GRACE };
        let is_service = step.is_service();
        Self {
            process,
            output,
            deadline,
            grace,
            is_service,
            ready: false,
            closed_at: None,
            stopping: None,
            ended_at: None,
        }
    }

    /// Whether its ready line has been seen.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether steps that need it may start.
    pub(crate) fn serves(&self) -> bool {
        self.ready && self.stopping.is_none()
    }

    /// Looks in lines of its output for the one that makes a service ready: what stands there behind the text, the first time.
    pub(crate) fn read<'t>(&mut self, lines: &'t str, ready: &str) -> Option<&'t str> {
        let behind = lines.lines().find_map(|line| Some(line.split_once(ready)?.1.trim())).filter(|_| !self.ready)?;
        self.ready = true;
        Some(behind)
    }

    /// Whether nobody can write to its log any more: it ends now, or goes on without a word.
    pub(crate) fn is_ending(&self) -> bool {
        self.closed_at.is_some_and(|at| at.elapsed() < ENDING)
    }

    /// Nobody can write to its log any more.
    pub(crate) fn output_is_closed(&mut self) {
        self.closed_at = Some(Instant::now());
    }

    /// Asks it to end, if nobody has yet; it then counts as `outcome`.
    pub(crate) fn stop(&mut self, outcome: Outcome, signal: Signal) {
        if self.stopping.is_none() && self.process.ended().is_none() {
            if self.is_service {
                self.process.ask(signal);
            } else {
                self.process.signal(signal);
            }
            self.stopping = Some((outcome, Instant::now() + self.grace));
        }
    }

    /// How it ended, once it, all that it started and its output have; stops it when its time is up, and what outlives it,
    /// which is added to `strays`.
    pub(crate) fn ended(&mut self, step: &Step, strays: &mut Vec<String>) -> Option<ExitStatus> {
        let now = Instant::now();
        if let Some((_, patience)) = &self.stopping
            && now > *patience
        {
            self.process.signal(Signal::KILL);
        }
        if self.stopping.is_none() && !self.ready && self.deadline.is_some_and(|deadline| now > deadline) {
            let outcome = if step.is_service() {
                let reason = format!("service `{}` was not ready within {} s", step.name, step.timeout_s);
                Outcome::Error { reason }
            } else {
                Outcome::TimedOut { after_s: step.timeout_s }
            };
            self.stop(outcome, Signal::TERM);
        }
        let status = self.process.ended()?;
        let is_gone = self.process.is_gone();
        let ended_at = *self.ended_at.get_or_insert_with(|| {
            if !is_gone && self.stopping.is_none() {
                strays.extend(self.process.group_names());
            }
            if !is_gone && (self.stopping.is_none() || self.is_service) {
                self.process.signal(Signal::TERM);
            }
            now
        });
        let patience = self.stopping.as_ref().map_or(ended_at + GRACE, |(_, patience)| *patience);
        if !is_gone && now > patience {
            self.process.signal(Signal::KILL);
        }
        let is_quiet = now > self.output.read_at().max(ended_at) + DRAIN || now > ended_at + DRAIN_MAX;
        // A group that outlives being killed has members that nobody asks how they ended.
        let is_over = (is_gone || now >= patience + DRAIN) && (self.closed_at.is_some() || is_quiet);
        is_over.then_some(status)
    }

    /// What its end means, and its output to close.
    pub(crate) fn settle(self, step: &Step, status: ExitStatus) -> (Outcome, Output) {
        let outcome = match (self.stopping, &step.kind) {
            (Some((outcome, _)), _) => outcome,
            (None, StepKind::Task) => process::outcome(status),
            (None, StepKind::Service { .. }) => {
                let when = if self.ready { "while it was needed" } else { "before it was ready" };
                Outcome::Error { reason: format!("service `{}` ended {when}: {}", step.name, process::outcome(status)) }
            }
        };
        (outcome, self.output)
    }
}
