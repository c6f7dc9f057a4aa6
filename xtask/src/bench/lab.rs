//! Where a benchmark works: a directory of its own under `target/bench`, and the machine through the host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use windlass::{Command, Host, Interrupted};

/// What no single command comes near: a benchmark as a whole ends within 20 minutes.
const TIMEOUT: Duration = Duration::from_secs(900);

pub(super) struct Lab<'a> {
    pub(super) host: &'a Host,
    /// The root of this workspace.
    pub(super) root: PathBuf,
    /// Where this benchmark generates its sources; empty at its start.
    pub(super) dir: PathBuf,
}

/// What a command that succeeded took, and said on its standard output.
pub(super) struct Sample {
    pub(super) wall_ms: f64,
    pub(super) stdout: String,
}

impl<'a> Lab<'a> {
    pub(super) fn open(host: &'a Host, bench: &str) -> anyhow::Result<Self> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the xtask lies in the workspace")?.to_owned();
        let dir = root.join("target/bench").join(bench);
        host.remove_tree(&dir)?;
        host.make_dir(&dir)?;
        Ok(Self { host, root, dir })
    }

    /// Writes sources, named relative to the directory of the benchmark.
    pub(super) fn write(&self, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
        for (path, text) in files {
            self.host.write_text(&self.dir.join(path), text)?;
        }
        Ok(())
    }

    /// A cargo command in `dir`, which keeps its build there whatever the user's settings say.
    pub(super) fn cargo(&self, dir: &Path, args: &[&str]) -> Command {
        let target = dir.join("target").display().to_string();
        Command::new("cargo", dir.display().to_string()).args(args.iter().copied()).env("CARGO_TARGET_DIR", target)
    }

    /// Runs a command that has to succeed.
    pub(super) fn run(&self, command: &Command) -> anyhow::Result<Sample> {
        let began_ms = self.host.elapsed_ms();
        let answer = self.host.read(command, TIMEOUT).map_err(|error| match self.host.interrupted_by() {
            Some(signal) => anyhow::Error::new(Interrupted(signal)).context(error),
            None => error.into(),
        })?;
        let wall_ms = (self.host.elapsed_ms() - began_ms) as f64;
        if answer.code != Some(0) {
            let end = answer.code.map_or("was killed".to_owned(), |code| format!("ended with exit code {code}"));
            bail!("`{}` {end}\n{}{}", command.shell(), answer.stdout, answer.stderr);
        }
        Ok(Sample { wall_ms, stdout: answer.stdout })
    }

    /// Says how far it is.
    pub(super) fn say(&self, line: &str) {
        self.host.print_error(&format!("{line}\n"));
    }

    /// The path of a release build of windlass, made now.
    pub(super) fn windlass(&self) -> anyhow::Result<String> {
        self.say("building windlass in release mode");
        let target = self.root.join("target/bench/windlass").display().to_string();
        let build = Command::new("cargo", self.root.display().to_string())
            .args(["build", "--release", "--locked", "--package", "windlass"])
            .env("CARGO_TARGET_DIR", &target);
        self.run(&build)?;
        Ok(format!("{target}/release/windlass"))
    }

    /// What the figures hold for.
    pub(super) fn machine(&self) -> anyhow::Result<String> {
        let cpuinfo = self.host.read_text(Path::new("/proc/cpuinfo")).ok().flatten().unwrap_or_default();
        let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
        let rustc = self.run(&Command::new("rustc", self.root.display().to_string()).arg("--version"))?.stdout;
        let (os, arch, cpus) = (std::env::consts::OS, std::env::consts::ARCH, self.host.cpus());
        Ok(format!("{os} {arch}, {cpus} threads of {model}, {}", rustc.trim()))
    }
}

/// The middle of an odd number of samples.
pub(super) fn median(samples: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = samples.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_sample_in_the_middle() {
        assert_eq!([median([3.0, 1.0, 2.0]), median([7.0])], [2.0, 7.0]);
    }
}
