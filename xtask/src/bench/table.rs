//! Figures, as a table and as JSON.

use serde_json::{Value, json};

/// One thing that was measured.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) ours: f64,
    /// The alternative, measured in the same run.
    pub(super) theirs: Option<f64>,
    pub(super) goal: Option<Goal>,
    /// How it was made.
    pub(super) how: String,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Unit {
    Count,
    Bytes,
    Ms,
    S,
}

/// The most that ours may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal {
    AtMost(f64),
    /// So many times the alternative.
    Times(f64),
    /// So much more than the alternative.
    Over(f64),
}

impl Figure {
    /// Ours as a multiple of theirs; none where theirs is nothing and ours is something.
    fn ratio(&self) -> Option<f64> {
        match self.theirs? {
            0.0 => (self.ours == 0.0).then_some(1.0),
            theirs => Some(self.ours / theirs),
        }
    }

    /// The goal in the unit of the figure.
    fn limit(&self) -> Option<f64> {
        match self.goal? {
            Goal::AtMost(limit) => Some(limit),
            Goal::Times(factor) => Some(self.theirs? * factor),
            Goal::Over(margin) => Some(self.theirs? + margin),
        }
    }

    fn met(&self) -> Option<bool> {
        Some(self.ours <= self.limit()?)
    }

    /// Whether there is something of which there may be nothing.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.goal, Some(Goal::AtMost(0.0))) && self.ours > 0.0
    }

    fn cells(&self) -> [String; 7] {
        let limit = self.limit().map(|limit| self.unit.show(limit));
        let goal = limit.zip(self.goal).map(|(limit, goal)| match goal {
            Goal::AtMost(_) => format!("<= {limit}"),
            Goal::Times(factor) if factor < 1.0 => format!("<= {limit} (1/{:.0} x)", 1.0 / factor),
            Goal::Times(factor) => format!("<= {limit} ({factor} x)"),
            Goal::Over(margin) => format!("<= {limit} (+ {})", self.unit.show(margin)),
        });
        let none = || "-".to_owned();
        [
            self.name.clone(),
            self.unit.show(self.ours),
            self.theirs.map_or_else(none, |theirs| self.unit.show(theirs)),
            self.ratio().map_or_else(none, |ratio| format!("{ratio:.3}")),
            goal.unwrap_or_else(none),
            self.met().map_or_else(none, |met| if met { "yes" } else { "NO" }.to_owned()),
            self.how.clone(),
        ]
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Count => format!("{value:.0}"),
            Self::Bytes => format!("{value:.0} B"),
            Self::Ms if value < 10.0 => format!("{value:.2} ms"),
            Self::Ms => format!("{value:.0} ms"),
            Self::S => format!("{value:.2} s"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Ms => "ms",
            Self::S => "s",
        }
    }
}

/// A table that is Markdown too.
pub(super) fn text(figures: &[Figure], machine: &str) -> String {
    let header = ["what", "ours", "theirs", "ratio", "goal", "met", "how"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(header).chain(figures.iter().map(Figure::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let line = |row: &[String; 7]| {
        let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:<width$}", width = width(column)));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = std::array::from_fn(|column| "-".repeat(width(column)));
    let body: String = rows[1..].iter().map(line).collect();
    format!("{}{}{body}\n{machine}\n", line(&rows[0]), line(&rule))
}

/// The same for programs; `goal` is the most that `ours` may be, in `unit`.
pub(super) fn json(bench: &str, figures: &[Figure], machine: &str) -> String {
    let rounded = |value: Option<f64>| value.map_or(Value::Null, |value| json!((value * 1000.0).round() / 1000.0));
    let figure = |figure: &Figure| {
        json!({
            "name": figure.name,
            "unit": figure.unit.name(),
            "ours": rounded(Some(figure.ours)),
            "theirs": rounded(figure.theirs),
            "ratio": rounded(figure.ratio()),
            "goal": rounded(figure.limit()),
            "met": figure.met(),
        })
    };
    let figures: Vec<Value> = figures.iter().map(figure).collect();
    format!("{:#}\n", json!({ "bench": bench, "machine": machine, "figures": figures }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(unit: Unit, ours: f64, theirs: Option<f64>, goal: Option<Goal>) -> Figure {
        Figure { name: "it".into(), unit, ours, theirs, goal, how: "by hand".into() }
    }

    #[test]
    fn a_goal_is_met_up_to_and_with_its_limit() {
        let cases = [
            (Unit::Count, 60.0, None, Some(Goal::AtMost(60.0)), ["60", "-", "-", "<= 60", "yes"]),
            (Unit::Count, 61.0, None, Some(Goal::AtMost(60.0)), ["61", "-", "-", "<= 60", "NO"]),
            (
                Unit::S,
                20.7,
                Some(20.0),
                Some(Goal::Times(1.03)),
                ["20.70 s", "20.00 s", "1.035", "<= 20.60 s (1.03 x)", "NO"],
            ),
            (
                Unit::Ms,
                190.0,
                Some(95.0),
                Some(Goal::Over(100.0)),
                ["190 ms", "95 ms", "2.000", "<= 195 ms (+ 100 ms)", "yes"],
            ),
            (Unit::Count, 0.0, Some(0.0), Some(Goal::Times(1.0)), ["0", "0", "1.000", "<= 0 (1 x)", "yes"]),
            (Unit::Count, 2.0, Some(0.0), Some(Goal::Times(1.0)), ["2", "0", "-", "<= 0 (1 x)", "NO"]),
            (Unit::Bytes, 9.0, Some(9.0), Some(Goal::Times(1.0)), ["9 B", "9 B", "1.000", "<= 9 B (1 x)", "yes"]),
            (Unit::Ms, 12.0, None, None, ["12 ms", "-", "-", "-", "-"]),
        ];
        for (unit, ours, theirs, goal, expected) in cases {
            assert_eq!(figure(unit, ours, theirs, goal).cells()[1..6], expected);
        }
    }

    #[test]
    fn the_json_has_null_where_there_is_no_alternative_or_no_goal() {
        let figures =
            [figure(Unit::S, 1.23456, Some(2.0), Some(Goal::Times(1.03))), figure(Unit::Count, 41.0, None, None)];
        let expected = json!({
            "bench": "plan",
            "machine": "m",
            "figures": [
                { "name": "it", "unit": "s", "ours": 1.235, "theirs": 2.0, "ratio": 0.617, "goal": 2.06, "met": true },
                { "name": "it", "unit": "count", "ours": 41.0, "theirs": null, "ratio": null, "goal": null, "met": null },
            ],
        });
        assert_eq!(serde_json::from_str::<Value>(&json("plan", &figures, "m")).unwrap(), expected);
    }
}
