//! One step of a plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Command;

/// How long a step may run when nobody says otherwise, in seconds.
pub const DEFAULT_TIMEOUT_S: u64 = 3600;

/// An outside command with its place in the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its plan; what the user sees, and what `needs` refers to.
    pub name: String,
    /// The stage it is part of; most stages are one step of the same name.
    pub stage: String,
    /// What is run.
    pub command: Command,
    /// Variables that services give it besides: each text refers to what they give, as `{postgres.url}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, String>,
    /// What runs a command with those services, such as `cargo xtask with --`; empty where nothing is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// Names of the steps that must have passed (services: be ready) before it starts.
    pub needs: Vec<String>,
    /// Exclusive resources, such as a cargo build directory: steps that share one never overlap.
    pub uses: Vec<String>,
    /// Whether it ends by itself.
    pub kind: StepKind,
    /// Seconds until it is stopped and counts as failed; for a service, until it must be ready.
    pub timeout_s: u64,
}

/// What it means for a step to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StepKind {
    /// It ends by itself, and passes if its exit code is 0.
    #[default]
    Task,
    /// It runs for as long as a step that needs it does.
    Service {
        /// It is ready when a line of its output contains this text. What stands behind it there names a file, if anything
        /// does: a JSON object of texts that it gives, by the names that [`Step::given`] refers to.
        ready: String,
    },
}

impl Step {
    /// A task in a stage of its own name, with nothing it needs or uses and the default timeout.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        let name = name.into();
        Self {
            stage: name.clone(),
            name,
            command,
            given: BTreeMap::new(),
            with: Vec::new(),
            needs: Vec::new(),
            uses: Vec::new(),
            kind: StepKind::Task,
            timeout_s: DEFAULT_TIMEOUT_S,
        }
    }

    /// Puts it in a stage of another name.
    #[must_use]
    pub fn stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = stage.into();
        self
    }

    /// Adds steps that must have passed before it.
    #[must_use]
    pub fn needs(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.needs.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds exclusive resources.
    #[must_use]
    pub fn uses(mut self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.uses.extend(resources.into_iter().map(Into::into));
        self
    }

    /// Sets the timeout, in seconds.
    #[must_use]
    pub fn timeout_s(mut self, timeout_s: u64) -> Self {
        self.timeout_s = timeout_s;
        self
    }

    /// Makes it a service that is ready when a line of its output contains `ready`.
    #[must_use]
    pub fn service(mut self, ready: impl Into<String>) -> Self {
        self.kind = StepKind::Service { ready: ready.into() };
        self
    }

    /// Has services give it variables; `with` is what runs a command with those services.
    #[must_use]
    pub fn given(mut self, given: BTreeMap<String, String>, with: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.given = given;
        self.with = with.into_iter().map(Into::into).collect();
        self
    }

    /// The line that does the same in a POSIX shell from anywhere.
    pub fn shell(&self) -> String {
        self.pasted().shell()
    }

    /// The line that does the same in a POSIX shell whose working directory is already that of the command.
    pub fn shell_here(&self) -> String {
        self.pasted().shell_here()
    }

    /// The command, run with the services that give it something.
    fn pasted(&self) -> Command {
        let Some((program, rest)) = self.with.split_first().filter(|_| !self.given.is_empty()) else {
            return self.command.clone();
        };
        let words = rest.iter().chain([&self.command.program]).chain(&self.command.args).cloned();
        Command { program: program.clone(), args: words.collect(), ..self.command.clone() }
    }

    /// Whether it runs until nobody needs it any more.
    pub fn is_service(&self) -> bool {
        matches!(self.kind, StepKind::Service { .. })
    }
}
