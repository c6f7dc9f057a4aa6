//! A flake that is asked and built: which Nix does it, and what stands in for its inputs.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use windlass_host::Answer;
use windlass_nix::{Nix, Outputs};
use windlass_plan::Command;

use crate::Context;
use crate::init::flake::encoded;

/// How long an evaluation may take: the real nixpkgs for four systems takes its time.
const EVALUATION: Duration = Duration::from_secs(1200);
/// How long what is built may take.
const BUILD: Duration = Duration::from_secs(7200);

/// A flake, and the Nix that knows it.
pub(super) struct Flake<'a> {
    pub(super) cx: &'a Context,
    pub(super) nix: Nix,
}

/// What Nix said of something that is wrong with the flake.
pub(super) struct Refused(pub(super) String);

/// The system that this is, as Nix calls it.
pub(super) fn system() -> String {
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    format!("{}-{os}", std::env::consts::ARCH)
}

/// A directory as the URL of a flake.
pub(super) fn path_url(dir: &Path) -> String {
    format!("path:{}", encoded(&dir.to_string_lossy()))
}

impl Flake<'_> {
    /// Asks something that builds nothing.
    pub(super) fn ask(&self, question: &Command) -> anyhow::Result<Result<Answer, Refused>> {
        judged(self.cx.ask(question, EVALUATION)?)
    }

    /// Builds something, and gives what that says.
    pub(super) fn build(&self, command: &Command) -> anyhow::Result<Result<Answer, Refused>> {
        judged(self.cx.ask(command, BUILD)?)
    }

    /// What it gives, for every system.
    pub(super) fn outputs(&self) -> anyhow::Result<Result<Outputs, Refused>> {
        match self.ask(&self.nix.show())? {
            Ok(answer) => Ok(Ok(Outputs::parse(&answer.stdout)?)),
            Err(refused) => Ok(Err(refused)),
        }
    }
}

fn judged(answer: Answer) -> anyhow::Result<Result<Answer, Refused>> {
    match answer.code {
        Some(0) => Ok(Ok(answer)),
        Some(_) => Ok(Err(Refused(windlass_nix::what_failed(&answer.stderr)))),
        None => bail!("`nix` was killed"),
    }
}
