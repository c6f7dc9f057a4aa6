//! Runs of tests, and somebody who is killed in the middle of one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::left::{Engine, Left, directories, parts, segments, templates};
use super::processes::{MARK, Process, Victim, ended, kill, marked};
use crate::bench::lab::Lab;

/// How long a run may take that nobody harms.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long what nobody owns any more may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// As what the servers of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Backend {
    Process,
    Container,
}

impl Backend {
    fn config(self) -> String {
        let backend = match self {
            Self::Process => "process",
            Self::Container => "container",
        };
        format!(
            "[services.postgres]\nbackend = {backend:?}\nmigrations = \"migrations\"\n[services.redis]\nbackend = {backend:?}\n"
        )
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "with processes",
            Self::Container => "in containers",
        })
    }
}

/// Who is killed in which run, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) n: u32,
    pub(super) backend: Backend,
    /// Whether nextest runs alone, so that a test starts its services.
    pub(super) is_alone: bool,
    /// Whether no earlier run has kept a template for it.
    pub(super) is_first: bool,
    pub(super) victim: Victim,
    pub(super) delay_ms: u64,
}

pub(super) struct Run {
    /// When somebody was killed, if he came before the run was over.
    pub(super) killed_ms: Option<u128>,
    /// How long servers outlived the supervisor, if that was killed while there were any.
    pub(super) gone_ms: Option<f64>,
    /// Containers whose server did not end by itself.
    pub(super) outlived: Vec<String>,
    pub(super) left: Left,
}

pub(super) struct Chaos<'a> {
    lab: &'a Lab<'a>,
    windlass: PathBuf,
    workspace: PathBuf,
    /// Where the private directories of servers are; its path is short, for that of a socket has to be.
    place: PathBuf,
    /// A cache whose templates no other run writes; the programs in it are the user's.
    cache: PathBuf,
    engine: Option<Engine>,
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
    pub(super) fn prepare(lab: &'a Lab<'a>) -> anyhow::Result<Self> {
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
        let lock = lab.host.read_text(&lab.root.join("Cargo.lock"))?.context("this workspace has a lockfile")?;
        lab.write(&BTreeMap::from([
            ("Cargo.toml".to_owned(), manifest),
            ("Cargo.lock".to_owned(), lock),
            ("src/lib.rs".to_owned(), String::new()),
            ("tests/it.rs".to_owned(), TESTS.to_owned() + &tests.join("\n")),
            ("migrations/1_item.sql".to_owned(), "create table item (id bigserial primary key);\n".to_owned()),
        ]))?;
        let tmpfs = Path::new("/dev/shm");
        let base = if tmpfs.is_dir() { tmpfs } else { Path::new("/tmp") };
        let place = base.join(format!("wl-{}", std::process::id()));
        lab.host.make_private_dir(&place)?;
        let cache = lab.dir.join("cache");
        let programs = cache.join("windlass");
        lab.host.make_dir(&programs)?;
        // A Redis that windlass has unpacked is nowhere else.
        if let Some(of_user) = lab.host.cache_dir() {
            for name in ["servers", "tools"] {
                std::os::unix::fs::symlink(of_user.join(name), programs.join(name))?;
            }
        }
        let chaos = Self { lab, windlass, workspace: lab.dir.clone(), place, cache, engine: Engine::find() };
        if chaos.engine.is_some() {
            lab.say("building images");
            let image = lab.cargo(&chaos.workspace, &["services", "image", "postgres", "redis"]);
            lab.run(&windlass::Command { program: chaos.windlass.display().to_string(), ..image })?;
        }
        lab.say("building its tests");
        lab.run(&lab.cargo(&chaos.workspace, &["test", "--no-run"]))?;
        Ok(chaos)
    }

    /// As what servers can be here.
    pub(super) fn backends(&self) -> Vec<Backend> {
        [Backend::Process].into_iter().chain(self.engine.as_ref().map(|_| Backend::Container)).collect()
    }

    /// How long a run takes that nobody harms, once its templates are kept: the shortest, so that hardly any is over before
    /// somebody is killed.
    pub(super) fn unharmed(&self, backend: Backend) -> anyhow::Result<u64> {
        let mut shortest = u64::MAX;
        // Those in containers take several times as long.
        let runs: &[bool] = if backend == Backend::Process { &[false, true, false, true] } else { &[false, true] };
        for is_alone in runs {
            let began = Instant::now();
            let mut child = self.start("unharmed", backend, *is_alone)?;
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

    fn start(&self, mark: &str, backend: Backend, is_alone: bool) -> anyhow::Result<Child> {
        self.lab.host.write_text(&self.workspace.join(".config/windlass.toml"), &backend.config())?;
        let nextest = ["cargo", "nextest", "run", "--offline", "--no-fail-fast"];
        let with = self.windlass.display().to_string();
        let words: Vec<&str> =
            if is_alone { nextest.to_vec() } else { [&[&*with, "with", "--"], &nextest[..]].concat() };
        let said = std::fs::File::create(self.workspace.join("said"))?;
        let bin = self.windlass.parent().context("a program is in a directory")?;
        // A nextest that windlass has installed is on nobody's path.
        let tools = self.cache.join("windlass/tools");
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
            .env("XDG_CACHE_HOME", &self.cache)
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("CARGO_TARGET_DIR", self.workspace.join("target"))
            .env_remove("WINDLASS_SERVICES")
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said);
        Ok(command.spawn()?)
    }

    pub(super) fn run(&self, plan: Plan) -> anyhow::Result<Run> {
        let Plan { n, backend, is_alone, is_first, victim, delay_ms } = plan;
        if is_first {
            self.lab.host.remove_tree(&templates(&self.cache))?;
        }
        let mark = format!("{}-{n}", std::process::id());
        let (segments_before, parts_before) = (segments()?, parts(&self.cache)?);
        let mut child = self.start(&mark, backend, is_alone)?;
        let began = Instant::now();
        thread::sleep(Duration::from_millis(delay_ms));
        let is_timed = victim == Victim::Supervisor && self.have_servers(backend, &mark)?;
        // Who is not there yet is killed as soon as he is.
        let killed_ms = loop {
            let pid = marked(&mark).into_iter().find(|it| it.is(victim)).map(|it| it.pid);
            if pid.is_some_and(kill) {
                break Some(began.elapsed().as_millis());
            }
            if child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let mut gone_ms = None;
        if is_timed && killed_ms.is_some() {
            let died = Instant::now();
            while self.have_servers(backend, &mark)? && died.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(1));
            }
            gone_ms = Some(died.elapsed().as_secs_f64() * 1000.0);
        }
        if !ended(&mut child, PATIENCE)? {
            child.kill()?;
            child.wait()?;
        }
        // Whose `windlass with` was killed goes on, and starts services of its own.
        let patient = Instant::now() + PATIENCE;
        while marked(&mark).iter().any(|it| it.is(Victim::Nextest)) && Instant::now() < patient {
            thread::sleep(Duration::from_millis(10));
        }
        let deadline = Instant::now() + GRACE;
        while !marked(&mark).is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        let outlived = loop {
            let running = self.running()?;
            if running.is_empty() || Instant::now() > deadline {
                break running;
            }
            thread::sleep(Duration::from_millis(10));
        };
        let gc = std::process::Command::new(&self.windlass)
            .args(["services", "gc"])
            .current_dir(&self.workspace)
            .env("XDG_RUNTIME_DIR", &self.place)
            .env("XDG_CACHE_HOME", &self.cache)
            .output()?;
        if !gc.status.success() {
            bail!("`windlass services gc` failed: {}", String::from_utf8_lossy(&gc.stderr));
        }
        let (containers, volumes) = match &self.engine {
            Some(engine) => (engine.containers(&self.place)?, engine.volumes(&self.place)?),
            None => Default::default(),
        };
        let new_parts = parts(&self.cache)?.into_iter().filter(|part| !parts_before.contains(part));
        let left = Left {
            processes: marked(&mark).into_iter().map(|it| it.line).collect(),
            directories: directories(&self.place)?.into_iter().chain(new_parts).collect(),
            containers,
            volumes,
            segments: segments()?.difference(&segments_before).cloned().collect(),
        };
        Ok(Run { killed_ms, gone_ms, outlived, left })
    }

    fn have_servers(&self, backend: Backend, mark: &str) -> anyhow::Result<bool> {
        Ok(match backend {
            Backend::Process => marked(mark).iter().any(Process::is_server),
            Backend::Container => !self.running()?.is_empty(),
        })
    }

    /// The containers of runs whose server lives.
    fn running(&self) -> anyhow::Result<Vec<String>> {
        self.engine.as_ref().map_or(Ok(Vec::new()), |engine| engine.running(&self.place))
    }

    pub(super) fn clean_up(&self) -> anyhow::Result<()> {
        Ok(self.lab.host.remove_tree(&self.place)?)
    }
}
