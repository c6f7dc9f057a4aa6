//! What is left when something is killed in the middle of a run: a test, nextest, the supervisor, or the command that wanted it.
#![allow(clippy::disallowed_methods, reason = "it kills processes, and looks for what is left of them")]

mod left;
mod processes;
mod runs;

use std::collections::BTreeMap;

use self::left::Left;
use self::processes::Victim;
use self::runs::{Backend, Chaos, Plan};
use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

pub(super) fn measure(lab: &Lab<'_>, n_runs: u32, seed: Option<u32>) -> anyhow::Result<Vec<Figure>> {
    // Another in each run of the benchmark: who is killed at the same moments each time finds the same mistakes each time.
    let seed = seed.map_or_else(|| Ok(u32::from_str_radix(&lab.host.random(4)?, 16)?), anyhow::Ok)?;
    lab.say(&format!("for the same kills again: --seed {seed}"));
    let chaos = Chaos::prepare(lab)?;
    // Not a second of a run is left out, and none is drawn twice as often as another.
    let mut backends = Vec::new();
    for backend in chaos.backends() {
        let whole_ms = chaos.unharmed(backend)?;
        lab.say(&format!("a run {backend} that nobody harms takes {whole_ms} ms"));
        backends.push((backend, whole_ms));
    }
    let has_engine = backends.iter().any(|(backend, _)| *backend == Backend::Container);
    let mut tally = Tally { seed, has_engine, ..Tally::default() };
    let mut random = Random(u64::from(seed));
    for n in 0..n_runs {
        let victim = Victim::ALL[usize::try_from(random.below(4))?];
        // Every third run is in containers, from the first on: so are two of the five of each commit.
        let (backend, whole_ms) = backends[usize::from(n % 3 == 0).min(backends.len() - 1)];
        // A share of the run: the same seed means the same moment also where a run takes another time.
        let delay_ms = random.below(1000) * whole_ms / 1000;
        // Every second run starts its services itself, unless who starts them otherwise is to be killed.
        let is_alone = random.below(2) == 1 && victim != Victim::With;
        // Every fourth has no template kept, and so makes one and keeps it.
        let is_first = random.below(4) == 0;
        let run = chaos.run(Plan { n, backend, is_alone, is_first, victim, delay_ms })?;
        let how = if is_alone { "nextest alone" } else { "windlass with" };
        let how = if is_first { format!("{how}, nothing kept") } else { how.to_owned() };
        let kill = match run.killed_ms {
            Some(ms) => format!("{victim} killed after {ms} ms"),
            None => format!("{victim} was not there any more"),
        };
        let left = run.left.count();
        lab.say(&format!("run {} of {n_runs} {backend}, {how}: {kill}, left {left:?}", n + 1));
        if left != [0; 5] || !run.outlived.is_empty() {
            lab.say(&format!("{:#?}, did not end: {:?}", run.left, run.outlived));
        }
        *tally.n_runs.entry(backend).or_default() += 1;
        if run.killed_ms.is_some() {
            *tally.n_killed.entry(victim).or_default() += 1;
        }
        tally.gone_ms.entry(backend).or_default().extend(run.gone_ms);
        tally.n_outlived += run.outlived.len();
        for (sum, n) in tally.left.iter_mut().zip(left) {
            *sum += n;
        }
    }
    chaos.clean_up()?;
    Ok(tally.figures())
}

/// What all runs together came to.
#[derive(Default)]
struct Tally {
    seed: u32,
    has_engine: bool,
    n_runs: BTreeMap<Backend, usize>,
    n_killed: BTreeMap<Victim, usize>,
    left: [usize; 5],
    n_outlived: usize,
    gone_ms: BTreeMap<Backend, Vec<f64>>,
}

impl Tally {
    fn figures(&self) -> Vec<Figure> {
        let of = |backend| self.n_runs.get(&backend).copied().unwrap_or_default();
        let runs = match (of(Backend::Process), of(Backend::Container)) {
            (n, _) if !self.has_engine => format!("{n} runs with processes, none in containers: no Docker answers"),
            (n, contained) => format!("{n} runs with processes, {contained} in containers"),
        };
        let killed: Vec<String> = self.n_killed.iter().map(|(victim, n)| format!("{victim} {n} times")).collect();
        let how = format!("{runs}; killed: {}; seed {}", killed.join(", "), self.seed);
        let none = |name: String, n: usize| Figure {
            name,
            unit: Unit::Count,
            ours: n as f64,
            theirs: None,
            goal: Some(Goal::AtMost(0.0)),
            how: how.clone(),
        };
        let left = Left::NAMES.into_iter().zip(self.left);
        let mut figures: Vec<_> = left.map(|(name, n)| none(format!("{name} left after the next start"), n)).collect();
        figures.push(none("containers that did not end by themselves".to_owned(), self.n_outlived));
        for (backend, gone_ms) in self.gone_ms.iter().filter(|(_, gone_ms)| !gone_ms.is_empty()) {
            let (what, goal, asked) = match backend {
                Backend::Process => ("servers", Some(Goal::AtMost(100.0)), ""),
                Backend::Container => ("containers", None, ", as Docker's own program says it"),
            };
            let longest = gone_ms.iter().copied().fold(0.0, f64::max);
            for (name, ours) in [("median", median(gone_ms.iter().copied())), ("the longest", longest)] {
                figures.push(Figure {
                    name: format!("{what} gone after the supervisor's death, {name}"),
                    unit: Unit::Ms,
                    ours,
                    theirs: None,
                    goal,
                    how: format!("{} deaths{asked}", gone_ms.len()),
                });
            }
        }
        figures
    }
}

/// Numbers that are the same for the same seed (a linear congruential generator, Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}
