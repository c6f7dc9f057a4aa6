//! Steps in an order that respects their needs, free of cycles by construction.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Step, nearest};

/// Steps in the order in which they start when only one can run at a time: every step stands behind all it needs, and
/// where needs leave a choice, the order in which the steps were given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Step>", into = "Vec<Step>")]
pub struct Plan {
    steps: Vec<Step>,
}

/// Why steps do not make a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two steps have one name.
    #[error("two steps are named `{name}`; give one of them another name")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A step needs a step that is not there.
    #[error("step `{step}` needs `{need}`, which is not a step of the plan{}", hint(nearest.as_deref()))]
    UnknownNeed {
        /// The step.
        step: String,
        /// What it needs.
        need: String,
        /// The most similar name that the plan has.
        nearest: Option<String>,
    },
    /// Steps need each other in a circle.
    #[error("steps need each other in a circle: {}", path.join(" -> "))]
    Cycle {
        /// The circle; its first name is repeated at its end.
        path: Vec<String>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl Plan {
    /// Orders steps.
    ///
    /// # Errors
    ///
    /// When two steps share a name, when one needs a step that is not given, and when needs form a circle.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Result<Self, PlanError> {
        let mut waiting: Vec<Step> = steps.into_iter().collect();
        let mut names = BTreeSet::new();
        for step in &waiting {
            if !names.insert(step.name.clone()) {
                return Err(PlanError::Duplicate { name: step.name.clone() });
            }
        }
        for step in &waiting {
            if let Some(need) = step.needs.iter().find(|need| !names.contains(*need)) {
                return Err(PlanError::UnknownNeed {
                    step: step.name.clone(),
                    need: need.clone(),
                    nearest: nearest(need, names.iter().filter(|name| **name != step.name)),
                });
            }
        }
        let mut steps: Vec<Step> = Vec::with_capacity(waiting.len());
        let mut placed = BTreeSet::new();
        while !waiting.is_empty() {
            let free = waiting.iter().position(|step| step.needs.iter().all(|need| placed.contains(need)));
            let Some(free) = free else { return Err(PlanError::Cycle { path: circle(&waiting) }) };
            let step = waiting.remove(free);
            placed.insert(step.name.clone());
            steps.push(step);
        }
        Ok(Self { steps })
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The names of the steps, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.name.as_str())
    }

    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The plan of just the steps that `wanted` accepts and all that these need, directly or not.
    #[must_use]
    pub fn narrowed(&self, wanted: impl Fn(&Step) -> bool) -> Self {
        let mut kept: BTreeSet<&str> = BTreeSet::new();
        for step in self.steps.iter().rev() {
            if wanted(step) || kept.contains(step.name.as_str()) {
                kept.insert(&step.name);
                kept.extend(step.needs.iter().map(String::as_str));
            }
        }
        Self { steps: self.steps.iter().filter(|step| kept.contains(step.name.as_str())).cloned().collect() }
    }
}

impl TryFrom<Vec<Step>> for Plan {
    type Error = PlanError;

    fn try_from(steps: Vec<Step>) -> Result<Self, PlanError> {
        Self::new(steps)
    }
}

impl From<Plan> for Vec<Step> {
    fn from(plan: Plan) -> Self {
        plan.steps
    }
}

/// A circle among steps of which each needs at least one other of them.
fn circle(stuck: &[Step]) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    let mut name = stuck[0].name.clone();
    while !path.contains(&name) {
        let step = stuck.iter().find(|step| step.name == name);
        let next = step.and_then(|step| step.needs.iter().find(|need| stuck.iter().any(|step| step.name == **need)));
        path.push(name);
        name = next.cloned().unwrap_or_default();
    }
    let first = path.iter().position(|seen| *seen == name).unwrap_or_default();
    path.drain(..first);
    path.push(name);
    path
}
