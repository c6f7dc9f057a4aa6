//! Compiler calls and time of `windlass ci`, beside two hand-written sequences.

use std::fmt;
use std::path::{Path, PathBuf};

use windlass::Command;

use super::fixture;
use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

const ROUNDS: usize = 7;
/// How many warm runs of each sequence a round has: they are short, and a tenth of one is noise.
const WARM_RUNS: usize = 2;

/// What people write.
const USUAL: [&[&str]; 5] = [
    &["check", "--workspace", "--all-targets"],
    &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    &["build", "--workspace"],
    &["test", "--workspace"],
    &["doc", "--workspace", "--no-deps"],
];

/// The stages of windlass in the order that repeats least, with its flags.
const BEST: [&[&str]; 7] = [
    &["fmt", "--all", "--check"],
    &["update", "--workspace", "--locked"],
    &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    &["test", "--workspace", "--no-run", "--locked"],
    &["nextest", "run", "--workspace", "--locked"],
    &["test", "--workspace", "--doc", "--locked"],
    &["doc", "--workspace", "--no-deps", "--locked"],
];

/// Commands in a copy of the fixture of their own, and what they took.
struct Sequence {
    name: &'static str,
    dir: PathBuf,
    commands: Vec<Command>,
    cold: Vec<Run>,
    warm: Vec<Run>,
}

struct Run {
    n_units: f64,
    wall_s: f64,
}

pub(super) fn measure(lab: &Lab<'_>) -> anyhow::Result<Vec<Figure>> {
    let windlass = lab.windlass()?;
    let cargo = |dir: &Path, sequence: &[&[&str]]| sequence.iter().map(|args| lab.cargo(dir, args)).collect();
    let mut sequences = [
        Sequence::new("windlass ci", lab, |dir| {
            let ci = lab.cargo(dir, &["ci", "--ci", "none", "--no-setup"]);
            vec![Command { program: windlass.clone(), ..ci }]
        })?,
        Sequence::new("usual", lab, |dir| cargo(dir, &USUAL))?,
        Sequence::new("best", lab, |dir| cargo(dir, &BEST))?,
    ];
    for round in 1..=ROUNDS {
        // Another goes first in each round: what one leaves to the disk and the clock is the next one's.
        sequences.rotate_left(1);
        for sequence in &mut sequences {
            lab.host.remove_tree(&sequence.dir.join("target"))?;
            let cold = sequence.run(lab)?;
            lab.say(&format!("round {round} of {ROUNDS}, {}: cold {cold}", sequence.name));
            sequence.cold.push(cold);
        }
        // The first warm run still shares the disk with what the cold ones have written.
        for sequence in &mut sequences {
            sequence.run(lab)?;
        }
        for _ in 0..WARM_RUNS {
            for sequence in &mut sequences {
                let warm = sequence.run(lab)?;
                lab.say(&format!("round {round} of {ROUNDS}, {}: warm {warm}", sequence.name));
                sequence.warm.push(warm);
            }
        }
    }
    let [ours, usual, best] = ["windlass ci", "usual", "best"].map(|name| {
        sequences.iter().find(|sequence| sequence.name == name).expect("each sequence has been run under its name")
    });
    let cold = compare("cold", ours, usual, best, |sequence| &sequence.cold);
    let warm = compare("warm", ours, usual, best, |sequence| &sequence.warm);
    Ok(cold.into_iter().chain(warm).collect())
}

impl Sequence {
    fn new(name: &'static str, lab: &Lab<'_>, commands: impl Fn(&Path) -> Vec<Command>) -> anyhow::Result<Self> {
        let place = name.replace(' ', "-");
        let dir = lab.dir.join(&place);
        lab.write(&fixture::fifteen_crates(&place))?;
        lab.run(&lab.cargo(&dir, &["generate-lockfile", "--offline"]))?;

        // A call that compiles a unit asks for JSON; one that cargo or a build script asks a question with does not.
        let counter = dir.join("count-units.sh");
        let units = dir.join("units").display().to_string();
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *' --error-format=json '*) echo unit >>'{units}' ;; esac\nexec \"$@\"\n"
        );
        lab.host.write_text(&counter, &script)?;
        let counter = counter.display().to_string();
        lab.run(&Command::new("chmod", "/").args(["+x", &counter]))?;
        let counted = |command: Command| command.env("RUSTC_WRAPPER", &counter);
        let commands = commands(&dir).into_iter().map(counted).collect();
        Ok(Self { name, dir, commands, cold: Vec::new(), warm: Vec::new() })
    }

    fn run(&self, lab: &Lab<'_>) -> anyhow::Result<Run> {
        let units = self.dir.join("units");
        lab.host.write_text(&units, "")?;
        let mut wall_s = 0.0;
        for command in &self.commands {
            wall_s += lab.run(command)?.wall_ms / 1000.0;
        }
        let n_units = lab.host.read_text(&units)?.unwrap_or_default().lines().count();
        Ok(Run { n_units: u32::try_from(n_units)?.into(), wall_s })
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} units in {:.2} s", self.n_units, self.wall_s)
    }
}

fn compare(
    state: &str,
    ours: &Sequence,
    usual: &Sequence,
    best: &Sequence,
    runs: fn(&Sequence) -> &[Run],
) -> [Figure; 4] {
    let n_units = |sequence: &Sequence| median(runs(sequence).iter().map(|run| run.n_units));
    let wall_s = |sequence: &Sequence| median(runs(sequence).iter().map(|run| run.wall_s));
    let units = |theirs: &Sequence| Figure {
        name: format!("rustc units, {state}, {} order", theirs.name),
        unit: Unit::Count,
        ours: n_units(ours),
        theirs: Some(n_units(theirs)),
        goal: Some(Goal::Times(1.0)),
        how: "calls of rustc and clippy-driver that compile, counted by RUSTC_WRAPPER".to_owned(),
    };
    let wall = |theirs: &Sequence, goal| Figure {
        name: format!("wall, {state}, {} order", theirs.name),
        unit: Unit::S,
        ours: wall_s(ours),
        theirs: Some(wall_s(theirs)),
        goal,
        how: format!("median of {}, interleaved", runs(ours).len()),
    };
    [units(usual), units(best), wall(usual, None), wall(best, Some(Goal::Times(1.03)))]
}
