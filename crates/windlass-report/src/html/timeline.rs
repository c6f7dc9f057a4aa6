//! When each stage ran, as bars.

use std::fmt::Write as _;

use windlass_record::{Outcome, Record, StepRecord};

use super::escape::{anchor, escaped, marked};
use crate::duration;

/// Distances of the grid lines that people find round, in milliseconds.
const TICKS_MS: [u64; 19] = [
    10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
    1_800_000, 3_600_000, 7_200_000, 36_000_000,
];
const MAX_TICKS: u64 = 8;

pub(super) fn section(page: &mut String, record: &Record) {
    let ran: Vec<(&StepRecord, u64)> = record.steps.iter().filter_map(|step| Some((step, step.started_ms?))).collect();
    let last = ran.iter().map(|(step, started)| started + step.wall_ms).max().unwrap_or_default();
    let whole_ms = record.run.wall_ms.max(last).max(1);
    let tick_ms = TICKS_MS.into_iter().find(|tick| whole_ms / tick <= MAX_TICKS).unwrap_or(whole_ms);
    if ran.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "<section id=\"stages\">\n<h2>Stages</h2>\n<div class=\"timeline\" style=\"--tick:{}\">",
        percent(tick_ms, whole_ms)
    );
    scale(page, tick_ms, whole_ms);
    page.push_str("<ol>\n");
    for (step, started_ms) in ran {
        row(page, record, step, started_ms, whole_ms);
    }
    page.push_str(
        "</ol>\n</div>\n<p class=\"legend\"><span class=\"bar critical\"></span> on the critical path \
         <span class=\"bar\"></span> beside it <span class=\"expected\"></span> what it took when it last passed</p>\n\
         </section>\n",
    );
}

fn scale(page: &mut String, tick_ms: u64, whole_ms: u64) {
    page.push_str("<div class=\"scale\" aria-hidden=\"true\">");
    // A label that begins at the right edge would stand outside.
    for n in (0..).take_while(|n| n * tick_ms * 100 <= whole_ms * 96) {
        let label = if tick_ms < 1000 { duration::text(n * tick_ms) } else { round(n * tick_ms / 1000) };
        let _ = write!(page, "<span style=\"left:{}\">{label}</span>", percent(n * tick_ms, whole_ms));
    }
    page.push_str("</div>\n");
}

/// Whole seconds, minutes or hours.
fn round(s: u64) -> String {
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, min, 0) => format!("{min} min"),
        (0, min, s) => format!("{min}:{s:02} min"),
        (h, min, _) => format!("{h}:{min:02} h"),
    }
}

fn row(page: &mut String, record: &Record, step: &StepRecord, started_ms: u64, whole_ms: u64) {
    let state = match &step.outcome {
        Outcome::Passed => "passed",
        Outcome::Interrupted => "interrupted",
        Outcome::Skipped { .. } => "skipped",
        _ => "failed",
    };
    let critical = if record.run.critical_path.contains(&step.name) { " critical" } else { "" };
    let outcome = match step.outcome {
        Outcome::Passed => String::new(),
        _ => format!("<small>{}</small>", marked(&step.outcome.to_string())),
    };
    let expected = step.expected_ms.map(|ms| {
        format!(
            "<span class=\"expected\" style=\"left:{};width:{}\"></span>",
            percent(started_ms, whole_ms),
            percent(ms.min(whole_ms - started_ms), whole_ms)
        )
    });
    let hint = match step.expected_ms {
        Some(ms) => format!("expected {}, from the last time it passed", duration::rough(ms)),
        None => String::from("no expectation yet"),
    };
    let name = match step.outcome.is_red() {
        true => format!("<a href=\"#{}\">{}</a>", anchor(record, step), escaped(&step.name)),
        false => escaped(&step.name),
    };
    let _ = writeln!(
        page,
        "<li class=\"{state}\" title=\"started at {}; {hint}\"><span class=\"name\">{}{outcome}</span>\
         <span class=\"track\">{}<span class=\"bar {state}{critical}\" style=\"left:{};width:{}\"></span></span>\
         <span class=\"time\">{}</span></li>",
        duration::text(started_ms),
        name,
        expected.unwrap_or_default(),
        percent(started_ms, whole_ms),
        percent(step.wall_ms, whole_ms),
        duration::text(step.took_ms()),
    );
}

/// `part` of `whole` as CSS has it, in thousandths of a percent so that it needs no floating point.
fn percent(part: u64, whole: u64) -> String {
    let thousandths = u128::from(part) * 100_000 / u128::from(whole);
    format!("{}.{:03}%", thousandths / 1000, thousandths % 1000)
}
