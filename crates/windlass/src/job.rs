//! What a task wants run.

use std::collections::BTreeMap;

use windlass_plan::Plan;
use windlass_workspace::Workspace;

/// A plan, and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Job {
    /// The name of the task.
    pub task: String,
    /// The workspace; runs are kept in `windlass/` below its target directory.
    pub workspace: Workspace,
    /// What is run.
    pub plan: Plan,
    /// Stages that are not part of the plan, each with the reason.
    pub not_planned: Vec<(String, String)>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// Files that windlass writes for the tools, each with its text, by absolute path.
    pub files: BTreeMap<String, String>,
    /// The tools that the plan uses, each with its version.
    pub tools: BTreeMap<String, String>,
}

impl Job {
    /// The plan of a task, in a workspace.
    pub fn new(task: impl Into<String>, workspace: &Workspace, plan: Plan) -> Self {
        Self {
            task: task.into(),
            workspace: workspace.clone(),
            plan,
            not_planned: Vec::new(),
            notes: Vec::new(),
            files: BTreeMap::new(),
            tools: BTreeMap::new(),
        }
    }
}
