//! What is left when something is killed in the middle of a run: a test, nextest, the supervisor, or the command that wanted it.
#![allow(clippy::disallowed_methods, reason = "it kills processes, and looks for what is left of them")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

/// Every process of a run inherits this variable, with a value of the run's own.
const MARK: &str = "WINDLASS_CHAOS_MARK";
/// How long a run may take that nobody harms.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Test,
    Nextest,
    Supervisor,
}

const VICTIMS: [Victim; 3] = [Victim::Test, Victim::Nextest, Victim::Supervisor];

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "a test",
            Self::Nextest => "nextest",
            Self::Supervisor => "the supervisor",
        })
    }
}

/// What a run has left after the next start.
#[derive(Debug, Default)]
struct Left {
    processes: Vec<String>,
    directories: Vec<PathBuf>,
    containers: Vec<String>,
    volumes: Vec<String>,
    segments: Vec<String>,
}

impl Left {
    fn count(&self) -> [usize; 5] {
        let Self { processes, directories, containers, volumes, segments } = self;
        [processes.len(), directories.len(), containers.len(), volumes.len(), segments.len()]
    }
}

pub(super) fn measure(lab: &Lab<'_>, n_runs: u32) -> anyhow::Result<Vec<Figure>> {
    let chaos = Chaos::prepare(lab)?;
    // Not a second of a run is left out, and none is drawn twice as often as another.
    let whole_ms = chaos.unharmed()?;
    lab.say(&format!("a run that nobody harms takes {whole_ms} ms"));
    let mut gone_ms = Vec::new();
    let mut n_killed: BTreeMap<Victim, usize> = BTreeMap::new();
    let mut left = [0; 5];
    let mut random = Random(0x5eed);
    for n in 0..n_runs {
        let victim = VICTIMS[usize::try_from(random.below(3))?];
        let delay_ms = random.below(whole_ms);
        // Every second run starts its services itself.
        let is_alone = random.below(2) == 1;
        let run = chaos.run(n, victim, delay_ms, is_alone)?;
        let how = if is_alone { "nextest alone" } else { "windlass with" };
        let kill = if run.has_killed { format!("{victim} killed") } else { format!("{victim} not there") };
        lab.say(&format!("run {} of {n_runs}, {how}: {kill} after {delay_ms} ms, left {:?}", n + 1, run.left.count()));
        if run.left.count() != [0; 5] {
            lab.say(&format!("{:#?}", run.left));
        }
        if run.has_killed {
            *n_killed.entry(victim).or_default() += 1;
        }
        gone_ms.extend(run.gone_ms);
        for (sum, n) in left.iter_mut().zip(run.left.count()) {
            *sum += n;
        }
    }
    chaos.clean_up()?;
    let killed: Vec<String> = n_killed.iter().map(|(victim, n)| format!("{victim} {n} times")).collect();
    let how = format!("{n_runs} runs, {}", killed.join(", "));
    let names = ["processes", "directories", "containers", "volumes", "shared memory segments"];
    let mut figures: Vec<Figure> = names
        .into_iter()
        .zip(left)
        .map(|(name, n)| Figure {
            name: format!("{name} left after the next start"),
            unit: Unit::Count,
            ours: n as f64,
            theirs: None,
            goal: Some(Goal::AtMost(0.0)),
            how: how.clone(),
        })
        .collect();
    if !gone_ms.is_empty() {
        let max = gone_ms.iter().copied().fold(0.0, f64::max);
        for (name, ours) in [("median", median(gone_ms.iter().copied())), ("the longest", max)] {
            figures.push(Figure {
                name: format!("servers gone after the supervisor's death, {name}"),
                unit: Unit::Ms,
                ours,
                theirs: None,
                goal: Some(Goal::AtMost(100.0)),
                how: format!("{} deaths", gone_ms.len()),
            });
        }
    }
    Ok(figures)
}

struct Chaos<'a> {
    lab: &'a Lab<'a>,
    windlass: PathBuf,
    workspace: PathBuf,
    /// Where the private directories of servers are; its path is short, for that of a socket has to be.
    place: PathBuf,
}

struct Run {
    has_killed: bool,
    /// How long servers outlived the supervisor, if that was killed while there were any.
    gone_ms: Option<f64>,
    left: Left,
}

const TESTS: &str = r#"
fn use_it(n: u64) {
    let db = windlass_testkit::postgres();
    let cache = (n % 3 == 0).then(windlass_testkit::redis);
    let _connection = std::net::TcpStream::connect((db.host(), db.port())).unwrap();
    if let Some(cache) = &cache {
        std::net::TcpStream::connect((cache.host(), cache.port())).unwrap();
    }
    std::thread::sleep(std::time::Duration::from_millis(30 * (n % 5)));
}
"#;

impl<'a> Chaos<'a> {
    fn prepare(lab: &'a Lab<'a>) -> anyhow::Result<Self> {
        lab.say("building windlass");
        let root = lab.root.display().to_string();
        lab.run(&windlass::Command::new("cargo", &root).args(["build", "--locked", "--package", "windlass"]))?;
        let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| lab.root.join("target"), PathBuf::from);
        let windlass = target.join("debug/windlass");
        let testkit = lab.root.join("crates/windlass-testkit").display().to_string();
        let manifest = format!(
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dev-dependencies]\nwindlass-testkit = {{ path = {testkit:?} }}\n"
        );
        let tests: Vec<String> =
            (0..24).map(|n| format!("#[test]\nfn test_{n}() {{\n    use_it({n});\n}}\n")).collect();
        let config = "[services.postgres]\nmigrations = \"migrations\"\n[services.redis]\n";
        let lock = lab.host.read_text(&lab.root.join("Cargo.lock"))?.context("this workspace has a lockfile")?;
        lab.write(&BTreeMap::from([
            ("Cargo.toml".to_owned(), manifest),
            ("Cargo.lock".to_owned(), lock),
            ("src/lib.rs".to_owned(), String::new()),
            ("tests/it.rs".to_owned(), TESTS.to_owned() + &tests.join("\n")),
            ("migrations/1_item.sql".to_owned(), "create table item (id bigserial primary key);\n".to_owned()),
            (".config/windlass.toml".to_owned(), config.to_owned()),
        ]))?;
        let tmpfs = Path::new("/dev/shm");
        let base = if tmpfs.is_dir() { tmpfs } else { Path::new("/tmp") };
        let place = base.join(format!("wl-{}", std::process::id()));
        lab.host.make_private_dir(&place)?;
        let chaos = Self { lab, windlass, workspace: lab.dir.clone(), place };
        lab.say("building its tests");
        lab.run(&lab.cargo(&chaos.workspace, &["test", "--no-run"]))?;
        Ok(chaos)
    }

    /// How long a run takes that nobody harms, once its templates are kept: the shortest, so that hardly any is over before
    /// somebody is killed.
    fn unharmed(&self) -> anyhow::Result<u64> {
        let mut shortest = u64::MAX;
        for is_alone in [false, true, false, true] {
            let began = Instant::now();
            let mut child = self.start("unharmed", is_alone)?;
            if !ended(&mut child, PATIENCE)? {
                bail!("a run that nobody harmed did not end");
            }
            if !child.wait()?.success() {
                bail!(
                    "a run that nobody harmed failed: {}",
                    self.lab.host.read_tail(&self.workspace.join("said"), 4000)
                );
            }
            shortest = shortest.min(u64::try_from(began.elapsed().as_millis())?);
        }
        Ok(shortest)
    }

    fn start(&self, mark: &str, is_alone: bool) -> anyhow::Result<Child> {
        let nextest = ["cargo", "nextest", "run", "--offline", "--no-fail-fast"];
        let with = self.windlass.display().to_string();
        let words: Vec<&str> =
            if is_alone { nextest.to_vec() } else { [&[&*with, "with", "--"], &nextest[..]].concat() };
        let said = std::fs::File::create(self.workspace.join("said"))?;
        let bin = self.windlass.parent().context("a program is in a directory")?;
        // A nextest that windlass has installed is on nobody's path.
        let tools = self.lab.host.cache_dir().map(|cache| cache.join("tools")).unwrap_or_default();
        let names = self.lab.host.list_dir(&tools)?.into_iter();
        let path = names.fold(std::env::var("PATH").unwrap_or_default(), |path, name| {
            format!("{path}:{}", tools.join(name).join("bin").display())
        });
        let mut command = std::process::Command::new(words[0]);
        command
            .args(&words[1..])
            .current_dir(&self.workspace)
            .env(MARK, mark)
            .env("XDG_RUNTIME_DIR", &self.place)
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("CARGO_TARGET_DIR", self.workspace.join("target"))
            .env_remove("WINDLASS_SERVICES")
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said);
        Ok(command.spawn()?)
    }

    fn run(&self, n: u32, victim: Victim, delay_ms: u64, is_alone: bool) -> anyhow::Result<Run> {
        let mark = format!("{}-{n}", std::process::id());
        let segments = segments()?;
        let mut child = self.start(&mark, is_alone)?;
        thread::sleep(Duration::from_millis(delay_ms));
        let pid = marked(&mark).into_iter().find(|it| it.is(victim)).map(|it| it.pid);
        let has_killed = pid.is_some_and(kill);
        let mut gone_ms = None;
        if victim == Victim::Supervisor && has_killed {
            let died = Instant::now();
            while marked(&mark).iter().any(Process::is_server) && died.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(1));
            }
            gone_ms = Some(died.elapsed().as_secs_f64() * 1000.0);
        }
        if !ended(&mut child, PATIENCE)? {
            child.kill()?;
            child.wait()?;
        }
        // What nobody owns any more ends by itself.
        let deadline = Instant::now() + Duration::from_secs(10);
        while !marked(&mark).is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        let gc = std::process::Command::new(&self.windlass)
            .args(["services", "gc"])
            .current_dir(&self.workspace)
            .env("XDG_RUNTIME_DIR", &self.place)
            .output()?;
        if !gc.status.success() {
            bail!("`windlass services gc` failed: {}", String::from_utf8_lossy(&gc.stderr));
        }
        let left = Left {
            processes: marked(&mark).into_iter().map(|it| it.line).collect(),
            directories: directories(&self.place)?,
            containers: engine(&["ps", "--all", "--quiet", "--filter", "label=windlass.place"]),
            volumes: engine(&["volume", "ls", "--quiet", "--filter", "label=windlass.place"]),
            segments: self::segments()?.difference(&segments).cloned().collect(),
        };
        Ok(Run { has_killed, gone_ms, left })
    }

    fn clean_up(&self) -> anyhow::Result<()> {
        Ok(self.lab.host.remove_tree(&self.place)?)
    }
}

/// Numbers that are the same in every run of the benchmark (a linear congruential generator, Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

struct Process {
    pid: i32,
    line: String,
}

impl Process {
    fn is(&self, victim: Victim) -> bool {
        match victim {
            Victim::Test => self.line.contains("/deps/it-"),
            Victim::Nextest => self.line.contains("nextest run"),
            Victim::Supervisor => self.line.contains(" services supervise "),
        }
    }

    fn is_server(&self) -> bool {
        ["postgres", "redis-server"]
            .iter()
            .any(|name| self.line.starts_with(name) || self.line.contains(&format!("/{name} ")))
    }
}

/// The processes of a run, and what they are called by.
fn marked(mark: &str) -> Vec<Process> {
    let wanted = format!("{MARK}={mark}");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        environment.split(|byte| *byte == 0).any(|it| it == wanted.as_bytes()).then_some(())?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (!line.is_empty()).then_some(Process { pid, line })
    });
    processes.collect()
}

fn kill(pid: i32) -> bool {
    std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().is_ok_and(|status| status.success())
}

/// Whether a process ends within a time.
fn ended(child: &mut Child, patience: Duration) -> anyhow::Result<bool> {
    let deadline = Instant::now() + patience;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(true)
}

/// The private directories that there are.
fn directories(place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for root in std::fs::read_dir(place)? {
        for entry in std::fs::read_dir(root?.path())? {
            found.extend(Some(entry?.path()).filter(|path| path.is_dir()));
        }
    }
    Ok(found)
}

/// The shared memory segments of the machine.
fn segments() -> anyhow::Result<BTreeSet<String>> {
    let output = std::process::Command::new("ipcs").arg("-m").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect())
}

/// What an engine of containers has, where there is one.
fn engine(args: &[&str]) -> Vec<String> {
    let output = std::process::Command::new("docker").args(args).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
