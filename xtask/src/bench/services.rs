//! What a database of its own costs a test, and a server of its own; beside a container for each test.

mod contained;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use windlass::Command;

use self::contained::{N_CONTAINERS, ORDINARY, containers_manifest, containers_tests, ordinary_image};
use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

/// How many tests a run has, and how many runs there are.
const N_TESTS: usize = 200;
const ROUNDS: usize = 5;
/// How many have a database that is made by hand.
const N_BY_HAND: usize = 40;
/// How many times the first lease of a run is measured.
const FIRSTS: usize = 7;

/// How long the servers of a run that is over may take to be gone.
const GONE: Duration = Duration::from_millis(500);

const MEASURE: &str = include_str!("services/measure.rs");
const BY_HAND: &str = include_str!("services/by_hand.rs");

pub(super) fn measure(lab: &Lab<'_>) -> anyhow::Result<Vec<Figure>> {
    let bench = Bench::prepare(lab)?;
    let mut figures = Vec::new();
    let ready = bench.samples("postgres")?;
    let copied = bench.samples_by_hand("postgres")?;
    for (name, percent, goal, how) in [
        ("lease of a database, p50", 50, 1.0, "300 leases by two threads; theirs: 50 of `createdb -T`"),
        ("lease of a database, p99", 99, 20.0, "of 25 ms each"),
    ] {
        figures.push(at_most(name, quantile(&ready, percent), quantile(&copied, percent), goal, how));
    }
    let [empty_ms, database_ms, migrated_ms, copied_ms] = bench.tests()?;
    let nextest = format!("{N_TESTS} tests at two threads under nextest, 50 tables; median of {ROUNDS}, interleaved");
    let migrated = format!("theirs: {N_BY_HAND}, each with `createdb`, `psql` for the migrations and `dropdb`");
    let copied = format!("theirs: {N_BY_HAND}, each with `createdb -T` of a template made by hand and `dropdb`");
    for (beside, how, by_hand_ms, goal) in
        [("", migrated, migrated_ms, Some(Goal::AtMost(25.0))), (", beside `createdb -T`", copied, copied_ms, None)]
    {
        for (name, less_ms, how) in [
            ("wall that a database adds to a test", empty_ms, format!("{nextest}, less as many empty ones; {how}")),
            ("one test with a database, sustained", 0.0, format!("40 tests a second are 25 ms each; {how}")),
        ] {
            let (ours, theirs) = (database_ms - less_ms, Some(by_hand_ms - less_ms));
            figures.push(Figure { name: format!("{name}{beside}"), unit: Unit::Ms, ours, theirs, goal, how });
        }
    }
    for (image, goal, is_ordinary) in [
        ("one that makes its data at each start, as a registry's does", Some(Goal::Times(1.0 / 30.0)), true),
        ("windlass's own, the fastest there is", None, false),
    ] {
        figures.push(Figure {
            name: "one test with a database, beside one with a container (testcontainers)".to_owned(),
            unit: Unit::Ms,
            ours: database_ms,
            theirs: Some(bench.containers(is_ordinary)?),
            goal,
            how: format!(
                "{N_CONTAINERS} tests at two threads under nextest, each with a container; the image: {image}"
            ),
        });
    }
    let [cold, warm, by_hand] = bench.first()?;
    let how = format!(
        "nextest alone: windlass is started by the test; theirs: `initdb`, a server, `createdb`, `psql`, the first SELECT; \
         median of {FIRSTS}, interleaved"
    );
    figures.push(at_most("first lease of a run, nothing kept, two migrations", cold, by_hand, 1000.0, &how));
    figures.push(at_most(
        "first lease of a run, template kept",
        warm,
        by_hand,
        150.0,
        "the same; by hand nothing is kept",
    ));
    let [contained, by_hand] = bench.first_in_container()?;
    figures.push(at_most(
        "first lease of a run in a container, to the first SELECT",
        contained,
        by_hand,
        600.0,
        "the same, windlass's own image, no migrations; theirs: `docker run` of the one that makes its data at each start",
    ));
    let spare = bench.samples("redis")?;
    let cold = bench.samples("redis-cold")?;
    let by_hand = quantile(&bench.samples_by_hand("redis-cold")?, 50);
    let how = "median of 200; theirs: a `redis-server` until it answers PING, 50 in a row by two threads";
    figures.push(at_most("Redis of its own, one ready", quantile(&spare, 50), by_hand, 1.0, how));
    let how = "median of 50 in a row by two threads; theirs the same";
    figures.push(at_most("Redis of its own, none ready", quantile(&cold, 50), by_hand, 15.0, how));
    Ok(figures)
}

fn at_most(name: &str, ours: f64, theirs: f64, goal: f64, how: &str) -> Figure {
    let (theirs, goal) = (Some(theirs), Some(Goal::AtMost(goal)));
    Figure { name: name.to_owned(), unit: Unit::Ms, ours, theirs, goal, how: how.to_owned() }
}

fn quantile(samples: &[f64], percent: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

struct Bench<'a> {
    lab: &'a Lab<'a>,
    windlass: String,
    by_hand: ByHand<'a>,
}

impl<'a> Bench<'a> {
    fn prepare(lab: &'a Lab<'a>) -> anyhow::Result<Self> {
        let windlass = lab.windlass()?;
        let path = |name: &str| lab.root.join("crates").join(name).display().to_string();
        lab.say("building an image");
        let image = Command { program: windlass.clone(), ..lab.cargo(&lab.root, &["services", "image", "postgres"]) };
        let said = lab.run(&image)?.stdout;
        let major = said.split([':', '-']).nth(1).context("it says what it has built")?.to_owned();
        let manifest = format!(
            "[package]\nname = \"measure\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             windlass-testkit = {{ path = {:?} }}\nwindlass-services = {{ path = {:?} }}\n",
            path("windlass-testkit"),
            path("windlass-services")
        );
        let tables = |from: usize| {
            let mut sql = String::new();
            for n in from..from + 25 {
                let _ = writeln!(
                    sql,
                    "create table t{n} (id serial primary key, name text, x int);\ncreate index on t{n} (name);\n\
                     create index on t{n} (x);\ninsert into t{n} (name, x) select 'n' || g, g from generate_series(1, 200) g;"
                );
            }
            sql
        };
        let test = |n: usize, body: &str| format!("#[test]\nfn test_{n}() {{\n{body}}}\n");
        let with_database = "    let db = windlass_testkit::postgres();\n    measure::ask(&db);\n";
        let tests = |n: usize, body: &str| (0..n).map(|n| test(n, body)).collect::<Vec<_>>().join("\n");
        let library = MEASURE
            .replace("fn main() {", "/// Measures.\n///\n/// # Panics\n///\n/// When it cannot.\npub fn main() {");
        let lock = lab.host.read_text(&lab.root.join("Cargo.lock"))?.context("this workspace has a lockfile")?;
        lab.write(&BTreeMap::from([
            ("Cargo.toml".to_owned(), manifest),
            ("Cargo.lock".to_owned(), lock),
            ("src/lib.rs".to_owned(), library),
            ("src/by_hand.rs".to_owned(), BY_HAND.to_owned()),
            ("src/main.rs".to_owned(), "fn main() {\n    measure::main();\n}\n".to_owned()),
            ("tests/empty.rs".to_owned(), tests(N_TESTS, "")),
            ("tests/database.rs".to_owned(), tests(N_TESTS, with_database)),
            ("tests/migrated.rs".to_owned(), tests(N_BY_HAND, "    measure::by_hand::test(false);\n")),
            ("tests/copied.rs".to_owned(), tests(N_BY_HAND, "    measure::by_hand::test(true);\n")),
            ("migrations/1_first.sql".to_owned(), tables(0)),
            ("migrations/2_second.sql".to_owned(), tables(25)),
            (".config/windlass.toml".to_owned(), format!("{CONFIG}\n[services.redis]\n")),
            // What comes with nothing kept is PostgreSQL alone.
            ("first/Cargo.toml".to_owned(), FIRST.to_owned()),
            ("first/src/lib.rs".to_owned(), String::new()),
            ("first/migrations/1_first.sql".to_owned(), tables(0)),
            ("first/migrations/2_second.sql".to_owned(), tables(25)),
            ("first/.config/windlass.toml".to_owned(), CONFIG.to_owned()),
            ("contained/Cargo.toml".to_owned(), FIRST.to_owned()),
            ("contained/src/lib.rs".to_owned(), String::new()),
            ("contained/.config/windlass.toml".to_owned(), "[services.postgres]\nbackend = \"container\"\n".to_owned()),
            ("containers/Cargo.toml".to_owned(), containers_manifest(&path("windlass-services"))),
            ("containers/src/lib.rs".to_owned(), String::new()),
            ("containers/tests/own.rs".to_owned(), containers_tests("postgres", &format!("{major}-windlass"))),
            ("containers/tests/ordinary.rs".to_owned(), containers_tests(ORDINARY, "latest")),
            ("ordinary/Dockerfile".to_owned(), ordinary_image(&major)),
            ("ordinary/entrypoint.sh".to_owned(), include_str!("services/ordinary.sh").to_owned()),
        ]))?;
        let examples =
            lab.host.read_text(&lab.root.join("examples/Cargo.lock"))?.context("the examples have a lockfile")?;
        lab.write(&BTreeMap::from([("containers/Cargo.lock".to_owned(), examples)]))?;
        lab.say("building what measures");
        lab.run(&lab.cargo(&lab.dir, &["build"]))?;
        lab.run(&lab.cargo(&lab.dir, &["test", "--no-run"]))?;
        Ok(Self { lab, windlass, by_hand: ByHand::new(lab)? })
    }

    /// A command with windlass on its `PATH`, and a cache of its own.
    fn command(&self, program: &str, args: &[&str]) -> Command {
        let lab = self.lab;
        let path = lab.host.env("PATH").unwrap_or_default();
        let bin = self.windlass.strip_suffix("/windlass").unwrap_or_default();
        Command { program: program.to_owned(), ..lab.cargo(&lab.dir, args) }
            .env("PATH", format!("{bin}:{path}"))
            .env("CARGO_MANIFEST_DIR", lab.dir.display().to_string())
    }

    /// The measuring program.
    fn measuring(&self, words: &[&str]) -> Command {
        let program = self.lab.dir.join("target/debug/measure").display().to_string();
        self.command(&program, words).env("BY_HAND_ROOT", self.by_hand.root.display().to_string())
    }

    /// What it says with services that run already.
    fn samples(&self, what: &str) -> anyhow::Result<Vec<f64>> {
        self.lab.say(&format!("measuring {what}"));
        let program = self.measuring(&[]).program;
        let said = self.lab.run(&self.command(&self.windlass, &["with", "--", &program, what]))?.stdout;
        Ok(said.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// What it says of the same done by hand.
    fn samples_by_hand(&self, what: &str) -> anyhow::Result<Vec<f64>> {
        self.lab.say(&format!("measuring {what}, by hand"));
        let said = self.lab.run(&self.measuring(&[what, "by-hand"]))?.stdout;
        Ok(said.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// What nextest takes for an empty test, for one with a database, and for those with one made by hand: by the migrations, and
    /// from a template.
    fn tests(&self) -> anyhow::Result<[f64; 4]> {
        let mut samples: [Vec<f64>; 4] = Default::default();
        for round in 1..=ROUNDS {
            for (name, samples) in ["empty", "database", "migrated", "copied"].into_iter().zip(&mut samples) {
                let nextest = ["cargo", "nextest", "run", "--offline", "--test", name, "--test-threads=2"];
                // Said on standard error, which the shell turns.
                let shell = ["--", "sh", "-c", &format!("{} 2>&1", nextest.join(" "))];
                let (command, n) = match name {
                    "empty" | "database" => (self.command(&self.windlass, &[&["with"], &shell[..]].concat()), N_TESTS),
                    _ => (self.measuring(&[&["by-hand"], &shell[..]].concat()), N_BY_HAND),
                };
                let said = self.lab.run(&command)?.stdout;
                let seconds = summary(&said).with_context(|| format!("nextest said no summary:\n{said}"))?;
                self.lab.say(&format!("round {round} of {ROUNDS}: {n} tests, {name}: {seconds} s"));
                samples.push(seconds * 1000.0 / n as f64);
            }
        }
        Ok(samples.map(median))
    }

    /// The first lease of a run that starts its services itself, with nothing kept and with all; and the first answer to who does
    /// it by hand.
    fn first(&self) -> anyhow::Result<[f64; 3]> {
        let mut samples: [Vec<f64>; 3] = Default::default();
        let dir = self.lab.dir.join("first").display().to_string();
        for n in 0..FIRSTS {
            // A new one each time: some file systems are slow to make files where others have been removed.
            let cache = self.lab.dir.join(format!("cache-{n}")).display().to_string();
            for (words, samples) in [&["first"][..], &["first"], &["first", "by-hand"]].into_iter().zip(&mut samples) {
                let command = self.measuring(words).env("CARGO_MANIFEST_DIR", &dir).env("XDG_CACHE_HOME", &cache);
                // Those of the run before take their time and the processors', until they are gone.
                std::thread::sleep(GONE);
                let said = self.lab.run(&command)?.stdout;
                let first = said.lines().next().with_context(|| format!("it said {said:?}"))?;
                samples.push(first.parse()?);
            }
        }
        Ok(samples.map(median))
    }
}

/// Where servers are that are started by hand. They end with who has started them; what is left then goes with this.
struct ByHand<'a> {
    lab: &'a Lab<'a>,
    root: PathBuf,
    container: String,
}

impl<'a> ByHand<'a> {
    fn new(lab: &'a Lab<'a>) -> anyhow::Result<Self> {
        let tmpfs = PathBuf::from("/dev/shm");
        let base = if lab.host.is_dir(&tmpfs) { tmpfs } else { PathBuf::from("/tmp") };
        let container = format!("wl-by-hand-{}", lab.host.pid());
        let root = base.join(&container);
        lab.host.make_private_dir(&root)?;
        Ok(Self { lab, root, container })
    }

    fn remove_container(&self) {
        let args = ["rm", "--force", "--volumes", &self.container];
        self.lab.host.clean_up(&Command::new("docker", "/").args(args), Duration::from_secs(30));
    }
}

impl Drop for ByHand<'_> {
    fn drop(&mut self) {
        self.remove_container();
        let _ = self.lab.host.remove_tree(&self.root);
    }
}

const CONFIG: &str = "[services.postgres]\nmigrations = \"migrations\"\n";
const FIRST: &str = "[package]\nname = \"first\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";

/// The seconds of nextest's summary, such as `Summary [   4.213s] 200 tests run: 200 passed, 0 skipped`.
fn summary(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.trim_start().starts_with("Summary ["))?;
    line.split(['[', ']']).nth(1)?.trim().strip_suffix('s')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{quantile, summary};

    #[test]
    fn nextest_says_how_long_it_took() {
        let said = "────────────\n     Summary [   4.213s] 200 tests run: 200 passed, 0 skipped\n";
        assert_eq!([summary(said), summary("no tests")], [Some(4.213), None]);
    }

    #[test]
    fn a_quantile_is_a_sample() {
        let samples: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert_eq!([quantile(&samples, 50), quantile(&samples, 99), quantile(&[1.0], 99)], [50.0, 99.0, 1.0]);
    }
}
