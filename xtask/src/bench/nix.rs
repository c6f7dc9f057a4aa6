//! What the flake of this workspace takes as it was last committed, over this machine's own packages in place of nixpkgs.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use windlass::Command;

use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

/// How many stores each command begins with.
const ROUNDS: usize = 5;
/// How often it runs once more in each.
const WARM_RUNS: usize = 5;
/// How often a file is edited.
const EDITS: usize = 25;

/// The checks that compile nothing of this workspace.
const QUICK: [&str; 4] = ["fmt", "linker", "service-postgres", "service-redis"];

/// Nix, and what stands in for the inputs of the flake.
struct Bench<'a> {
    lab: &'a Lab<'a>,
    nix: String,
    stand_in: PathBuf,
    /// A clone of this workspace: nobody else edits it, nor builds in it.
    clone: PathBuf,
    n_stores: Cell<u32>,
}

/// A store and a cache that nobody else has.
struct Store(PathBuf);

/// Medians, in seconds.
struct Times {
    /// The first time in a store.
    cold_s: f64,
    /// Once more in the same one.
    warm_s: f64,
}

pub(super) fn measure(lab: &Lab<'_>) -> anyhow::Result<Vec<Figure>> {
    let figures = Bench::prepare(lab).and_then(|bench| bench.figures());
    // Nothing can be removed from a directory in a store before that may be written.
    let dir = lab.dir.display().to_string();
    lab.host.clean_up(&Command::new("chmod", "/").args(["-R", "u+w", &dir]), Duration::from_secs(60));
    lab.host.remove_tree(&lab.dir)?;
    figures
}

impl<'a> Bench<'a> {
    fn prepare(lab: &'a Lab<'a>) -> anyhow::Result<Self> {
        // As `nix check` finds it.
        let provisioned = || lab.host.cache_dir().map(|dir| dir.join("nix/bin/nix"));
        let nix = lab.host.find_program("nix").or_else(provisioned).context("there is no place to look for `nix`")?;
        lab.say("asking the machine for what stands in for nixpkgs");
        lab.run(&lab.cargo(&lab.root, &["xtask", "nix", "check", "--level", "L1"]))?;
        // A copy, for whoever checks in the meantime writes it anew.
        let stand_in = lab.dir.join("stand-in");
        lab.host.copy_tree(&lab.root.join("target/windlass/nix/stand-in"), &stand_in)?;
        let clone = lab.dir.join("clone");
        let [from, to] = [&lab.root, &clone].map(|dir| dir.display().to_string());
        lab.run(&Command::new("git", "/").args(["clone", "--quiet", &from, &to]))?;
        Ok(Self { lab, nix: nix.display().to_string(), stand_in, clone, n_stores: Cell::new(0) })
    }

    fn figures(&self) -> anyhow::Result<Vec<Figure>> {
        let develop = self.times("develop", &self.develop())?;
        let evaluation = self.times("flake check --no-build", &self.evaluation())?;
        let system = self.system()?;
        let quick = QUICK.map(|check| format!(".#checks.{system}.{check}"));
        let build = self.nix(&["build", "--no-link"]).args(quick);
        let built = self.times("build of the quick checks", &build)?;
        let edited_s = self.edited_s()?;
        // Last, for the disk is busy with it for a while.
        let bytes = self.bytes()?;

        let seconds = |name: &str, ours: f64, how: String| Figure {
            name: name.to_owned(),
            unit: Unit::S,
            ours,
            theirs: None,
            goal: None,
            how,
        };
        let cold = format!("median of {ROUNDS}, each the first in a new store with a new evaluation cache");
        let warm = format!("median of {}, {WARM_RUNS} after the first in each of {ROUNDS} stores", ROUNDS * WARM_RUNS);
        let all = "all outputs evaluated for four systems, none built";
        Ok(vec![
            Figure {
                name: "`nix develop -c true`, warm".to_owned(),
                unit: Unit::Ms,
                ours: develop.warm_s * 1000.0,
                theirs: None,
                goal: Some(Goal::AtMost(150.0)),
                how: warm.clone(),
            },
            Figure {
                name: "`nix develop -c true`, after an edit".to_owned(),
                unit: Unit::Ms,
                ours: edited_s * 1000.0,
                theirs: None,
                goal: None,
                how: format!("median of {EDITS}, each the first after a tracked file was written"),
            },
            seconds("`nix develop -c true`, cold", develop.cold_s, cold.clone()),
            seconds("`nix flake check --no-build --all-systems`, cold", evaluation.cold_s, format!("{all}; {cold}")),
            seconds("`nix flake check --no-build --all-systems`, warm", evaluation.warm_s, format!("{all}; {warm}")),
            seconds(&format!("`nix build` of the checks {}, cold", QUICK.join(", ")), built.cold_s, cold),
            self.lock_nodes()?,
            bytes,
        ])
    }

    /// What a command takes in stores that are new, and once more in the same.
    fn times(&self, what: &str, command: &Command) -> anyhow::Result<Times> {
        let (mut cold_s, mut warm_s) = (Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            let store = self.store();
            let sample = || anyhow::Ok(self.lab.run(&store.of(command))?.wall_ms / 1000.0);
            let first_s = sample()?;
            self.lab.say(&format!("round {round} of {ROUNDS}, {what}: cold {first_s:.2} s"));
            cold_s.push(first_s);
            for _ in 0..WARM_RUNS {
                warm_s.push(sample()?);
            }
        }
        Ok(Times { cold_s: median(cold_s), warm_s: median(warm_s) })
    }

    /// What the shell takes that is opened first after an edit, for that is another flake to Nix; the median.
    fn edited_s(&self) -> anyhow::Result<f64> {
        let (store, develop) = (self.store(), self.develop());
        let readme = self.clone.join("README.md");
        let text = self.lab.host.read_text(&readme)?.context("this workspace has a README.md")?;
        self.lab.run(&store.of(&develop))?;
        self.lab.say("opening shells after edits");
        let sample = |n| {
            self.lab.host.write_text(&readme, &format!("{text}Edit {n}\n"))?;
            Ok(self.lab.run(&store.of(&develop))?.wall_ms / 1000.0)
        };
        let samples = (0..EDITS).map(sample).collect::<anyhow::Result<Vec<f64>>>()?;
        self.lab.host.write_text(&readme, &text)?;
        Ok(median(samples))
    }

    fn lock_nodes(&self) -> anyhow::Result<Figure> {
        let lock = self.lab.host.read_text(&self.clone.join("flake.lock"))?;
        let lock: Value = serde_json::from_str(&lock.context("this workspace has a flake.lock")?)?;
        let nodes = lock["nodes"].as_object().context("flake.lock has nodes")?;
        let beside = nodes.keys().filter(|name| lock["root"] != name.as_str()).count();
        Ok(Figure {
            name: "nodes of flake.lock beside the root".to_owned(),
            unit: Unit::Count,
            ours: u32::try_from(beside)?.into(),
            theirs: None,
            goal: Some(Goal::AtMost(2.0)),
            how: "the inputs, and theirs".to_owned(),
        })
    }

    /// What is in the store after an evaluation of a work tree that has been built in, and of one that has not.
    fn bytes(&self) -> anyhow::Result<Figure> {
        let lab = self.lab;
        let bytes = || {
            let store = self.store();
            lab.run(&store.of(&self.evaluation()))?;
            anyhow::Ok(lab.host.tree_bytes(&store.0.join("store")) as f64)
        };
        let without = bytes()?;
        lab.say("writing 1 GB into target/");
        let target = self.clone.join("target");
        lab.host.make_dir(&target)?;
        let write = Command::new("dd", target.display().to_string());
        lab.run(&write.args(["if=/dev/zero", "of=large", "bs=1000000", "count=1000"]))?;
        let with = bytes()?;
        lab.host.remove_tree(&target)?;
        Ok(Figure {
            name: "bytes in the store after an evaluation, 1 GB in target/, against none there".to_owned(),
            unit: Unit::Bytes,
            ours: with,
            theirs: Some(without),
            goal: Some(Goal::Times(1.0)),
            how: "all files in a new store after `nix flake check --no-build --all-systems`".to_owned(),
        })
    }

    fn develop(&self) -> Command {
        self.nix(&["develop"]).args(["-c", "true"])
    }

    fn evaluation(&self) -> Command {
        self.nix(&["flake", "check", "--no-build", "--all-systems"])
    }

    /// A call of nix in the clone, over the stand-ins.
    fn nix(&self, words: &[&str]) -> Command {
        let command = Command::new(&self.nix, self.clone.display().to_string())
            .args(["--extra-experimental-features", "nix-command flakes"])
            .args(words.iter().copied())
            // What stands in is the machine's own, which a sandbox would hide.
            .args(["--option", "sandbox", "false", "--offline", "--no-write-lock-file"]);
        ["nixpkgs", "rust-overlay"].into_iter().fold(command, |command, input| {
            let url = format!("path:{}", self.stand_in.join(input).display());
            command.args(["--override-input", input, &url])
        })
    }

    /// A new store each time: some file systems are slow to make files where others have been removed.
    fn store(&self) -> Store {
        let n = self.n_stores.replace(self.n_stores.get() + 1);
        // What is in a store has its path in it: they are of one length, so that their bytes can be compared.
        Store(self.lab.dir.join(format!("stores/{n:03}")))
    }

    /// This system, as Nix calls it.
    fn system(&self) -> anyhow::Result<String> {
        let facts = self.lab.host.read_text(&self.stand_in.join("nixpkgs/host.json"))?;
        let facts: Value = serde_json::from_str(&facts.context("the stand-in has a host.json")?)?;
        Ok(facts["system"].as_str().context("host.json names the system")?.to_owned())
    }
}

impl Store {
    /// A command that has this store and this cache.
    fn of(&self, command: &Command) -> Command {
        let places = [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "state"),
            ("NIX_LOG_DIR", "log"),
            ("XDG_CACHE_HOME", "cache"),
        ];
        places.into_iter().fold(command.clone(), |command, (variable, place)| {
            command.env(variable, self.0.join(place).display().to_string())
        })
    }
}
