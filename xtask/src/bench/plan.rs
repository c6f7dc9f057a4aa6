//! Planning alone.

use windlass::Command;

use super::fixture;
use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

const ROUNDS: usize = 15;

pub(super) fn measure(lab: &Lab<'_>) -> anyhow::Result<Vec<Figure>> {
    let windlass = lab.windlass()?;
    lab.write(&fixture::two_hundred_crates("workspace"))?;
    let dir = lab.dir.join("workspace");
    lab.run(&lab.cargo(&dir, &["generate-lockfile", "--offline"]))?;

    let plan = Command { program: windlass, ..lab.cargo(&dir, &["ci", "--dry-run"]) };
    let metadata = lab.cargo(&dir, &["metadata", "--no-deps", "--format-version=1"]);
    let (mut plan_s, mut metadata_s) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plan_s.push(lab.run(&plan)?.wall_ms / 1000.0);
        metadata_s.push(lab.run(&metadata)?.wall_ms / 1000.0);
    }
    Ok(vec![
        Figure {
            name: "`windlass ci --dry-run`, 200 crates".to_owned(),
            unit: Unit::S,
            ours: median(plan_s),
            theirs: None,
            goal: Some(Goal::AtMost(0.3)),
            how: format!("median of {ROUNDS}, the whole program, warm"),
        },
        Figure {
            name: "of which `cargo metadata --no-deps`".to_owned(),
            unit: Unit::S,
            ours: median(metadata_s),
            theirs: None,
            goal: None,
            how: format!("median of {ROUNDS}, interleaved with the plan"),
        },
    ])
}
