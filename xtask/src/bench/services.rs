//! What a database of its own costs a test, and a server of its own; beside a container for each test.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use windlass::Command;

use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

/// How many tests a run has, and how many runs there are.
const N_TESTS: usize = 200;
const ROUNDS: usize = 5;
/// How many times the first lease of a run is measured.
const FIRSTS: usize = 7;

/// How long the servers of a run that is over may take to be gone.
const GONE: Duration = Duration::from_millis(500);

/// How many tests have a container each.
const N_CONTAINERS: usize = 12;

const MEASURE: &str = include_str!("services/measure.rs");

pub(super) fn measure(lab: &Lab<'_>) -> anyhow::Result<Vec<Figure>> {
    let bench = Bench::prepare(lab)?;
    let mut figures = Vec::new();
    let ready = bench.samples("postgres")?;
    figures.push(at_most("lease of a database, p50", quantile(&ready, 50), 1.0, "300 leases by two threads"));
    figures.push(at_most("lease of a database, p99", quantile(&ready, 99), 20.0, "of 25 ms each"));
    let (empty_ms, database_ms) = bench.tests()?;
    let added = (database_ms - empty_ms) / N_TESTS as f64;
    let how =
        format!("{N_TESTS} tests at two threads under nextest, 50 tables, less as many empty ones; median of {ROUNDS}");
    figures.push(at_most("wall that a database adds to a test", added, 25.0, &how));
    figures.push(Figure {
        name: "one test with a database, sustained".to_owned(),
        unit: Unit::Ms,
        ours: database_ms / N_TESTS as f64,
        theirs: None,
        goal: Some(Goal::AtMost(25.0)),
        how: "40 tests a second are 25 ms each".to_owned(),
    });
    for (image, goal, is_ordinary) in [
        ("one that makes its data at each start, as a registry's does", Some(Goal::Times(1.0 / 30.0)), true),
        ("windlass's own, the fastest there is", None, false),
    ] {
        figures.push(Figure {
            name: "one test with a database, beside one with a container (testcontainers)".to_owned(),
            unit: Unit::Ms,
            ours: database_ms / N_TESTS as f64,
            theirs: Some(bench.containers(is_ordinary)?),
            goal,
            how: format!(
                "{N_CONTAINERS} tests at two threads under nextest, each with a container; the image: {image}"
            ),
        });
    }
    let (cold, warm) = bench.first()?;
    let how = format!("nextest alone: windlass is started by the test; median of {FIRSTS}");
    figures.push(at_most("first lease of a run, nothing kept, two migrations", cold, 1000.0, &how));
    figures.push(at_most("first lease of a run, template kept", warm, 150.0, &how));
    let contained = bench.first_in_container()?;
    figures.push(at_most(
        "first lease of a run in a container",
        contained,
        600.0,
        "the same, windlass's own image, no migrations",
    ));
    let spare = bench.samples("redis")?;
    figures.push(at_most("Redis of its own, one ready", quantile(&spare, 50), 1.0, "median of 200"));
    let cold = bench.samples("redis-cold")?;
    figures.push(at_most(
        "Redis of its own, none ready",
        quantile(&cold, 50),
        15.0,
        "median of 50 in a row by two threads",
    ));
    Ok(figures)
}

fn at_most(name: &str, ours: f64, goal: f64, how: &str) -> Figure {
    let goal = Some(Goal::AtMost(goal));
    Figure { name: name.to_owned(), unit: Unit::Ms, ours, theirs: None, goal, how: how.to_owned() }
}

fn quantile(samples: &[f64], percent: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

struct Bench<'a> {
    lab: &'a Lab<'a>,
    windlass: String,
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
        let tests = |body: &str| (0..N_TESTS).map(|n| test(n, body)).collect::<Vec<_>>().join("\n");
        let library = MEASURE
            .replace("fn main() {", "/// Measures.\n///\n/// # Panics\n///\n/// When it cannot.\npub fn main() {");
        let lock = lab.host.read_text(&lab.root.join("Cargo.lock"))?.context("this workspace has a lockfile")?;
        lab.write(&BTreeMap::from([
            ("Cargo.toml".to_owned(), manifest),
            ("Cargo.lock".to_owned(), lock),
            ("src/lib.rs".to_owned(), library),
            ("src/main.rs".to_owned(), "fn main() {\n    measure::main();\n}\n".to_owned()),
            ("tests/empty.rs".to_owned(), tests("")),
            ("tests/database.rs".to_owned(), tests(with_database)),
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
        Ok(Self { lab, windlass })
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

    /// What the measuring program says, with services that run already.
    fn samples(&self, what: &str) -> anyhow::Result<Vec<f64>> {
        self.lab.say(&format!("measuring {what}"));
        let program = self.lab.dir.join("target/debug/measure").display().to_string();
        let said = self.lab.run(&self.command(&self.windlass, &["with", "--", &program, what]))?.stdout;
        Ok(said.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// What nextest takes for the empty tests, and for those with a database.
    fn tests(&self) -> anyhow::Result<(f64, f64)> {
        let (mut empty, mut database) = (Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            for (name, samples) in [("empty", &mut empty), ("database", &mut database)] {
                let nextest = ["cargo", "nextest", "run", "--offline", "--test", name, "--test-threads=2"];
                // Said on standard error, which the shell turns.
                let script = format!("{} 2>&1", nextest.join(" "));
                let said = self.lab.run(&self.command(&self.windlass, &["with", "--", "sh", "-c", &script]))?.stdout;
                let seconds = summary(&said).with_context(|| format!("nextest said no summary:\n{said}"))?;
                self.lab.say(&format!("round {round} of {ROUNDS}: {N_TESTS} tests, {name}: {seconds} s"));
                samples.push(seconds * 1000.0);
            }
        }
        Ok((median(empty), median(database)))
    }

    /// What one of the tests takes that have a container each, of an image that makes its data at each start, or of windlass's own.
    fn containers(&self, is_ordinary: bool) -> anyhow::Result<f64> {
        if is_ordinary {
            let args = ["build", "--quiet", "--tag", ORDINARY, "ordinary"];
            self.lab.run(&Command::new("docker", self.lab.dir.display().to_string()).args(args))?;
        }
        let dir = self.lab.dir.join("containers");
        let test = if is_ordinary { "ordinary" } else { "own" };
        let target = self.lab.root.join("examples/target").display().to_string();
        let nextest = |args: &[&str]| {
            let nextest = [&["nextest", "run", "--test-threads=2"], args].concat();
            let script = format!("cargo {} 2>&1", nextest.join(" "));
            let shell = Command { program: "sh".to_owned(), ..self.lab.cargo(&dir, &["-c", &script]) };
            self.lab.run(&shell.env("CARGO_TARGET_DIR", &target))
        };
        self.lab.say("building tests with containers, minutes where it was never done");
        nextest(&["--no-run"])?;
        let mut samples = Vec::new();
        for round in 1..=3 {
            let said = nextest(&["--test", test])?.stdout;
            let seconds = summary(&said).with_context(|| format!("nextest said no summary:\n{said}"))?;
            self.lab.say(&format!("round {round} of 3: {N_CONTAINERS} tests, a container each: {seconds} s"));
            samples.push(seconds * 1000.0 / N_CONTAINERS as f64);
        }
        Ok(median(samples))
    }

    /// The first lease of a run whose server is in a container.
    fn first_in_container(&self) -> anyhow::Result<f64> {
        let program = self.lab.dir.join("target/debug/measure").display().to_string();
        let dir = self.lab.dir.join("contained").display().to_string();
        let sample = || -> anyhow::Result<f64> {
            std::thread::sleep(GONE);
            let said = self.lab.run(&self.command(&program, &["first"]).env("CARGO_MANIFEST_DIR", &dir))?.stdout;
            said.trim().parse().with_context(|| format!("it said {said:?}"))
        };
        Ok(median((0..FIRSTS).map(|_| sample()).collect::<anyhow::Result<Vec<f64>>>()?))
    }

    /// The first lease of a run that starts its services itself, with nothing kept and with all.
    fn first(&self) -> anyhow::Result<(f64, f64)> {
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        for n in 0..FIRSTS {
            // A new one each time: some file systems are slow to make files where others have been removed.
            let cache = self.lab.dir.join(format!("cache-{n}"));
            for samples in [&mut cold, &mut warm] {
                let program = self.lab.dir.join("target/debug/measure").display().to_string();
                let first = self.lab.dir.join("first").display().to_string();
                let command = self.command(&program, &["first"]).env("CARGO_MANIFEST_DIR", first);
                let command = command.env("XDG_CACHE_HOME", cache.display().to_string());
                // Those of the run before take their time and the processors', until they are gone.
                std::thread::sleep(GONE);
                let said = self.lab.run(&command)?.stdout;
                samples.push(said.trim().parse::<f64>().with_context(|| format!("it said {said:?}"))?);
            }
        }
        Ok((median(cold), median(warm)))
    }
}

const CONFIG: &str = "[services.postgres]\nmigrations = \"migrations\"\n";
const FIRST: &str = "[package]\nname = \"first\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";

/// The image that makes its data at each start.
const ORDINARY: &str = "windlass-bench-ordinary";

fn ordinary_image(major: &str) -> String {
    format!(
        "FROM postgres:{major}-windlass\nCOPY entrypoint.sh /entrypoint.sh\nENTRYPOINT [\"sh\", \"/entrypoint.sh\"]\nCMD []\n"
    )
}

fn containers_manifest(services: &str) -> String {
    format!(
        "[package]\nname = \"containers-bench\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dev-dependencies]\n\
         testcontainers-modules = {{ version = \"0.15.0\", features = [\"blocking\", \"postgres\"] }}\n\
         windlass-services = {{ path = {services:?} }}\n"
    )
}

/// Tests that do what those with a database do, each on a server of its own in a container.
fn containers_tests(name: &str, tag: &str) -> String {
    let one = format!(
        "use testcontainers_modules::postgres::Postgres;\n\
         use testcontainers_modules::testcontainers::ImageExt;\n\
         use testcontainers_modules::testcontainers::runners::SyncRunner;\n\n\
         fn ask() {{\n    \
         let container = Postgres::default().with_host_auth().with_name(\"{name}\").with_tag(\"{tag}\").start().unwrap();\n    \
         let port = container.get_host_port_ipv4(5432).unwrap();\n    \
         let stream = std::net::TcpStream::connect((\"127.0.0.1\", port)).unwrap();\n    \
         let mut session = windlass_services::PostgresSession::open(stream, \"postgres\", \"postgres\").unwrap();\n    \
         assert_eq!(session.query(\"SELECT 1\").unwrap().len(), 1);\n}}\n\n"
    );
    let tests = (0..N_CONTAINERS).map(|n| format!("#[test]\nfn test_{n}() {{\n    ask();\n}}\n"));
    one + &tests.collect::<Vec<_>>().join("\n")
}

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
