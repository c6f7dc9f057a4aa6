//! The live display: one line a step.

use windlass_record::{Event, Outcome, StepRecord};

use crate::columns::columns;
use crate::duration;
use crate::paint::{Hue, fit};
use crate::tail::one_line;

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const NAME_COLUMNS: std::ops::RangeInclusive<usize> = 8..=24;

/// How far a step's tests are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCount {
    /// Tests that have ended.
    pub done: u64,
    /// Tests that will be run.
    pub total: u64,
    /// Tests that failed.
    pub failed: u64,
}

/// The steps of a run while it lasts.
#[derive(Clone, Debug)]
pub struct Progress {
    steps: Vec<Step>,
    name_columns: usize,
}

#[derive(Clone, Debug)]
struct Step {
    name: String,
    expected_ms: Option<u64>,
    state: State,
    tests: Option<TestCount>,
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Running { since_ms: u64 },
    Ended { outcome: Outcome, wall_ms: Option<u64> },
}

impl Progress {
    /// A run of which nothing has happened yet but what its records already say.
    pub fn new(steps: &[StepRecord]) -> Self {
        let widest = steps.iter().map(|step| columns(&step.name)).max().unwrap_or_default();
        let of_record = |step: &StepRecord| Step {
            name: one_line(&step.name),
            expected_ms: step.expected_ms,
            state: match (&step.outcome, step.started_ms) {
                (Outcome::Interrupted, None) => State::Waiting,
                (outcome, started) => State::Ended { outcome: outcome.clone(), wall_ms: started.map(|_| step.wall_ms) },
            },
            tests: None,
        };
        Self {
            steps: steps.iter().map(of_record).collect(),
            name_columns: widest.clamp(*NAME_COLUMNS.start(), *NAME_COLUMNS.end()),
        }
    }

    /// Adds what an event says.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started { step, at_ms } => self.change(step, |it| it.state = State::Running { since_ms: *at_ms }),
            Event::Ready { .. } | Event::Output { .. } => {}
            Event::Finished { step, at_ms, outcome, .. } => self.change(step, |it| {
                let wall_ms = match it.state {
                    State::Running { since_ms } => Some(at_ms.saturating_sub(since_ms)),
                    _ => None,
                };
                it.state = State::Ended { outcome: outcome.clone(), wall_ms };
            }),
        }
    }

    /// Sets how far the tests of a step are.
    pub fn count(&mut self, step: &str, tests: TestCount) {
        self.change(step, |it| it.tests = Some(tests));
    }

    /// One line a step as of `now_ms` after the start of the run, none wider than `width` columns.
    pub fn lines(&self, now_ms: u64, width: usize, color: bool) -> Vec<String> {
        self.steps.iter().map(|step| fit(&step.pieces(now_ms, self.name_columns), width, color)).collect()
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Step)) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.name == name) {
            change(step);
        }
    }
}

impl Step {
    fn pieces(&self, now_ms: u64, name_columns: usize) -> Vec<(Hue, String)> {
        let (mark, hue) = self.mark(now_ms);
        let name_hue = match self.state {
            State::Running { .. } => Hue::Bold,
            State::Waiting | State::Ended { outcome: Outcome::Skipped { .. }, .. } => Hue::Dim,
            State::Ended { .. } => Hue::Plain,
        };
        let pad = " ".repeat(name_columns.saturating_sub(columns(&self.name)));
        let elapsed_ms = match &self.state {
            State::Waiting => None,
            State::Running { since_ms } => Some(now_ms.saturating_sub(*since_ms)),
            State::Ended { wall_ms, .. } => *wall_ms,
        };
        let elapsed = elapsed_ms.map(duration::text).unwrap_or_default();
        let mut pieces = vec![
            (hue, format!("{mark} ")),
            (name_hue, format!("{}{pad}", self.name)),
            (Hue::Plain, format!("  {elapsed:>11}")),
        ];
        if let (Some(ms), State::Waiting | State::Running { .. }) = (self.expected_ms, &self.state) {
            pieces.push((Hue::Dim, format!("  {}", duration::rough(ms))));
        }
        if let Some(TestCount { done, total, failed }) = self.tests {
            pieces.push((Hue::Plain, format!("  {done}/{total} tests")));
            if failed > 0 {
                pieces.push((Hue::Red, format!("  {failed} failed")));
            }
        }
        match &self.state {
            State::Ended { outcome: Outcome::Passed, .. } | State::Waiting | State::Running { .. } => {}
            State::Ended { outcome, .. } => pieces.push((name_hue, format!("  {}", one_line(&outcome.to_string())))),
        }
        pieces
    }

    fn mark(&self, now_ms: u64) -> (char, Hue) {
        match &self.state {
            State::Waiting => ('·', Hue::Dim),
            State::Running { .. } => (SPINNER[(now_ms / 100 % 10) as usize], Hue::Blue),
            State::Ended { outcome: Outcome::Passed, .. } => ('✓', Hue::Green),
            State::Ended { outcome: Outcome::Skipped { .. }, .. } => ('-', Hue::Dim),
            State::Ended { outcome: Outcome::Interrupted, .. } => ('!', Hue::Yellow),
            State::Ended { .. } => ('✗', Hue::Red),
        }
    }
}

/// What to say when a step starts, where lines cannot be drawn again.
pub fn started_line(step: &StepRecord) -> String {
    let expected = step.expected_ms.map(|ms| format!(" ({})", duration::rough(ms))).unwrap_or_default();
    format!("{}: started{expected}: {}", step.name, step.command)
}

/// What to say when a service is ready, where lines cannot be drawn again.
pub fn ready_line(step: &StepRecord) -> String {
    format!("{}: ready in {}", step.name, duration::text(step.took_ms()))
}

/// What to say when a step has ended, where lines cannot be drawn again.
pub fn finished_line(step: &StepRecord) -> String {
    let outcome = one_line(&step.outcome.to_string());
    match step.started_ms {
        // How long it was needed is not how long it took.
        Some(_) if step.ready_ms.is_some() => format!("{}: {outcome}", step.name),
        Some(_) => format!("{}: {outcome} in {}", step.name, duration::text(step.wall_ms)),
        None => format!("{}: {outcome}", step.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(name: &str, expected_ms: Option<u64>) -> StepRecord {
        StepRecord { expected_ms, ..StepRecord::planned(name, name, format!("cargo {name}")) }
    }

    fn started(step: &str, at_ms: u64) -> Event {
        Event::Started { step: step.into(), at_ms }
    }

    fn finished(step: &str, at_ms: u64, outcome: Outcome) -> Event {
        Event::Finished { step: step.into(), at_ms, outcome, log: None }
    }

    fn a_run_in_the_middle() -> Progress {
        let steps = [
            planned("fmt", Some(400)),
            StepRecord::skipped("lock", "no Cargo.lock"),
            planned("clippy", Some(11_000)),
            planned("test", Some(65_000)),
            planned("doc", Some(12_400)),
            planned("e2e", None),
        ];
        let mut progress = Progress::new(&steps);
        for event in [
            started("fmt", 0),
            started("clippy", 0),
            finished("fmt", 420, Outcome::Passed),
            finished("clippy", 12_300, Outcome::Failed { code: 101 }),
            started("test", 12_300),
            finished("e2e", 12_301, Outcome::Skipped { reason: "`clippy` failed".into() }),
        ] {
            progress.apply(&event);
        }
        progress.count("test", TestCount { done: 1284, total: 2110, failed: 2 });
        progress
    }

    #[test]
    fn each_step_has_a_line_with_its_state() {
        insta::assert_snapshot!(a_run_in_the_middle().lines(54_400, 80, false).join("\n"), @r#"
        ✓ fmt            0.42 s
        - lock                   skipped: no Cargo.lock
        ✗ clippy         12.3 s  failed with exit code 101
        ⠼ test           42.1 s  ~1 min 05 s  1284/2110 tests  2 failed
        · doc                    ~12 s
        - e2e                    skipped: `clippy` failed
        "#);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_with_and_without_color() {
        let progress = a_run_in_the_middle();
        for width in 0..90 {
            let plain = progress.lines(54_400, width, false);
            assert!(plain.iter().all(|line| columns(line) <= width), "{width}: {plain:?}");
            let colored = progress.lines(54_400, width, true);
            assert_eq!(colored.iter().map(|line| crate::ansi::strip(line)).collect::<Vec<_>>(), plain);
        }
    }

    #[test]
    fn waiting_steps_are_dim() {
        assert!(a_run_in_the_middle().lines(0, 80, true)[4].starts_with("\u{1b}[2m· \u{1b}[0m\u{1b}[2mdoc"));
    }

    #[test]
    fn a_log_gets_a_line_at_each_end_of_a_step() {
        let step = planned("clippy", Some(11_000));
        assert_eq!(started_line(&step), "clippy: started (~11 s): cargo clippy");
        let failed =
            StepRecord { outcome: Outcome::Failed { code: 101 }, started_ms: Some(3), wall_ms: 12_300, ..step };
        assert_eq!(finished_line(&failed), "clippy: failed with exit code 101 in 12.3 s");
        let service = StepRecord {
            outcome: Outcome::Passed,
            started_ms: Some(3),
            wall_ms: 12_300,
            ready_ms: Some(400),
            ..planned("services", None)
        };
        assert_eq!([ready_line(&service), finished_line(&service)], ["services: ready in 0.40 s", "services: passed"]);
        assert_eq!(finished_line(&StepRecord::skipped("lock", "no Cargo.lock")), "lock: skipped: no Cargo.lock");
    }
}
