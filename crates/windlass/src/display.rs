//! What is seen of a run while it lasts.

use std::borrow::Cow;

use windlass_host::{Host, Terminal};
use windlass_record::{Event, Record, StepRecord};
use windlass_report::Groups;
use windlass_report::terminal::{self, Progress, TestCount};

/// How long a drawing stays at least, in milliseconds.
const FRAME_MS: u64 = 100;
/// What a step may put into a CI's log: more than this a browser does not scroll through. The rest is in the step's log.
const SHOWN_BYTES: usize = 4 << 20;

/// What is seen of a run while it lasts.
#[derive(Debug)]
pub(crate) enum Display {
    /// One line a step, drawn again and again.
    Live { terminal: Terminal, progress: Progress, drawn_ms: u64, color: bool },
    /// A line when a step starts and one when it ends.
    Lines,
    /// The same, and what it wrote in between, a group each.
    Groups { groups: Groups, queue: Vec<Shown> },
    /// Events as JSON lines.
    Json,
}

/// A step that has started and whose group is not closed yet; only that of the first in the queue is open.
#[derive(Debug)]
pub(crate) struct Shown {
    step: String,
    /// What it wrote while its group was not open.
    backlog: String,
    /// How much it wrote.
    n_bytes: usize,
    /// Whether what is shown of it ends within a line; a CI sees its commands only at the start of one.
    is_mid_line: bool,
    finished: bool,
}

impl Display {
    /// Adds an event that has been added to `record` already.
    pub(crate) fn event(&mut self, host: &Host, record: &Record, event: &Event) {
        match self {
            Self::Live { progress, drawn_ms, .. } => {
                progress.apply(event);
                if !matches!(event, Event::Output { .. }) {
                    *drawn_ms = 0;
                }
                self.tick(host, host.elapsed_ms());
            }
            Self::Lines => match event {
                Event::Started { step, .. } => print_line(host, record, step, terminal::started_line),
                Event::Ready { step, .. } => print_line(host, record, step, terminal::ready_line),
                Event::Finished { step, .. } => print_line(host, record, step, terminal::finished_line),
                Event::Output { .. } => {}
            },
            Self::Groups { groups, queue } => grouped(host, record, groups, queue, event),
            Self::Json => {
                let line = serde_json::to_string(event).expect("an event holds nothing that JSON cannot");
                host.print(&format!("{line}\n"));
            }
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, host: &Host, now_ms: u64) {
        if let Self::Live { terminal, progress, drawn_ms, color } = self
            && (*drawn_ms == 0 || now_ms >= *drawn_ms + FRAME_MS)
        {
            let mut lines = progress.lines(now_ms, terminal.width(), *color);
            // It may have become lower, or have got more steps; the first are the ones that have ended.
            let n_above = (lines.len() + 1).saturating_sub(terminal.height());
            terminal.draw(host, &lines.split_off(n_above));
            *drawn_ms = now_ms.max(1);
        }
    }

    /// Says something between steps, where what is seen is made of lines.
    pub(crate) fn line(&self, host: &Host, text: &str) {
        if let Self::Lines | Self::Groups { .. } = self {
            host.print(&format!("{text}\n"));
        }
    }

    /// Sets how far the tests of a step are.
    pub(crate) fn count(&mut self, step: &str, count: TestCount) {
        if let Self::Live { progress, .. } = self {
            progress.count(step, count);
        }
    }

    /// The steps have changed.
    pub(crate) fn replan(&mut self, steps: &[StepRecord]) {
        if let Self::Live { progress, .. } = self {
            *progress = Progress::new(steps);
        }
    }
}

fn print_line(host: &Host, record: &Record, step: &str, line: impl Fn(&StepRecord) -> String) {
    if let Some(step) = record.step(step) {
        host.print(&format!("{}\n", line(step)));
    }
}

fn grouped(host: &Host, record: &Record, groups: &Groups, queue: &mut Vec<Shown>, event: &Event) {
    let now_s = host.unix_ms() / 1000;
    let open = |shown: &Shown| {
        let title = record.step(&shown.step).map(terminal::started_line).unwrap_or_default();
        host.print(&groups.open(&shown.step, &title, now_s));
        host.print(&shown.backlog);
    };
    match event {
        Event::Started { step, .. } => {
            let (step, backlog) = (step.clone(), String::new());
            queue.push(Shown { step, backlog, n_bytes: 0, is_mid_line: false, finished: false });
            if let [shown] = queue.as_slice() {
                open(shown);
            }
        }
        Event::Output { step, text, .. } => {
            let Some(place) = queue.iter().position(|shown| shown.step == *step) else { return };
            let shown = &mut queue[place];
            let text_shown = allowed(shown.n_bytes, text);
            shown.n_bytes += text.len();
            shown.is_mid_line = text_shown.chars().last().map_or(shown.is_mid_line, |last| last != '\n');
            if place == 0 { host.print(&text_shown) } else { shown.backlog.push_str(&text_shown) }
        }
        // In the order of the groups, it would stand anywhere: its output says it.
        Event::Ready { .. } => {}
        Event::Finished { step, .. } => {
            match queue.iter_mut().find(|shown| shown.step == *step) {
                Some(shown) => shown.finished = true,
                // It never started.
                None => print_line(host, record, step, terminal::finished_line),
            }
            while queue.first().is_some_and(|shown| shown.finished) {
                let shown = queue.remove(0);
                if shown.is_mid_line {
                    host.print("\n");
                }
                host.print(&groups.close(&shown.step, now_s));
                print_line(host, record, &shown.step, terminal::finished_line);
                queue.first().into_iter().for_each(open);
            }
        }
    }
}

/// What of `text` is still shown after `n_bytes`; where that ends, it says so.
fn allowed(n_bytes: usize, text: &str) -> Cow<'_, str> {
    let room = SHOWN_BYTES.saturating_sub(n_bytes);
    if text.len() <= room {
        return Cow::Borrowed(text);
    }
    if n_bytes >= SHOWN_BYTES {
        return Cow::Borrowed("");
    }
    let cut = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let shown = &text[..cut];
    Cow::Owned(format!("{shown}\n[windlass: no more is shown here; all of it is in the log of the step]\n"))
}
