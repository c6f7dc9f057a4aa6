//! Servers in real containers, of images that are built of this machine's own programs. Without an engine these tests fail.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use windlass_host::{Host, Lock};
use windlass_services::{ContainerSpec, Definition, EngineSession, PostgresSession, RedisSession, read};
use windlass_supervisor::{Data, RunningContainer, StartContainer, StartError, build_image, sweep_containers};

const ANSWER: Duration = Duration::from_secs(10);
const PASSWORD: &str = "5ec2e7";

/// The private directory of a run that lives for as long as this does.
struct Run {
    host: Host,
    dir: tempfile::TempDir,
    id: String,
    _lock: Lock,
}

impl Run {
    fn new() -> Self {
        let host = Host::new();
        let dir = tempfile::tempdir().unwrap();
        let lock = host.lock(&dir.path().join("lock")).unwrap().unwrap();
        Self { id: host.random(4).unwrap(), host, dir, _lock: lock }
    }

    fn start_at<'a>(
        &'a self,
        definition: &'a Definition,
        port: Option<u16>,
        may_pull: bool,
    ) -> Result<RunningContainer<'a>, StartError> {
        let Self { host, dir, id, .. } = self;
        let start = StartContainer { host, place: dir.path(), id, may_pull };
        start.start(definition, PASSWORD.into(), port, Data::Memory(&|_| None))
    }

    fn start<'a>(&'a self, definition: &'a Definition) -> Result<RunningContainer<'a>, StartError> {
        self.start_at(definition, None, false)
    }

    fn engine(&self) -> EngineSession<UnixStream> {
        engine(&self.host)
    }

    /// How many containers of this run there are.
    fn n_containers(&self) -> usize {
        self.engine().containers(&format!("windlass.run={}", self.id)).unwrap().len()
    }
}

fn engine(host: &Host) -> EngineSession<UnixStream> {
    let stream = host.connect_container_engine(Duration::from_secs(300));
    EngineSession::new(stream.unwrap_or_else(|error| panic!("the tests of containers need Docker or Podman: {error}")))
}

/// A service as a user's table says it, with the image that is built of this machine's programs.
fn service(host: &Host, name: &str, text: &str) -> Definition {
    build(host, name);
    let definition = windlass_toml::read("w.toml", text, |section, source| read(name, section, source));
    definition.unwrap().unwrap()
}

/// Builds the image of a service, once for all tests of this program.
fn build(host: &Host, name: &str) {
    let modified_ms = host.modified_unix_ms(&std::env::current_exe().unwrap()).unwrap();
    let mark = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("image-{name}"));
    let _lock = loop {
        match host.lock(&mark.with_extension("lock")).unwrap() {
            Some(lock) => break lock,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let shipped = shipped(name);
    let recipe = shipped.image_recipe(shipped.image.as_ref().unwrap());
    let images = engine(host).images(&format!("{name}:*-windlass")).unwrap();
    let is_there = images.iter().any(|it| it.labels.get("windlass.recipe") == Some(&recipe));
    if is_there && std::fs::read_to_string(&mark).is_ok_and(|built| built == modified_ms.to_string()) {
        return;
    }
    if windlass_supervisor::find(host, shipped.programs()).is_err() {
        let unpacking = windlass_supervisor::unpacking(host, shipped.programs()).unwrap();
        windlass_supervisor::unpack(host, shipped.programs(), &unpacking).unwrap();
    }
    build_image(host, &shipped, &mut engine(host)).unwrap();
    std::fs::write(&mark, modified_ms.to_string()).unwrap();
}

fn shipped(name: &str) -> Definition {
    windlass_services::shipped(name).unwrap()
}

#[test]
fn postgresql_is_reached_by_its_port_and_its_socket() {
    let run = Run::new();
    let postgres = service(&run.host, "postgres", "[settings]\nmax_connections = \"17\"\n");
    let it = run.start(&postgres).unwrap();
    assert!(it.image.ends_with("-windlass"), "{}", it.image);
    assert!(postgres.version.accepts(&it.values.version) && it.values.version.contains('.'), "{:?}", it.values);
    let url = postgres.url(&it.values);
    assert_eq!(url, format!("postgres://windlass:{PASSWORD}@127.0.0.1:{}/windlass", it.values.port));
    let psql = |url: &str| {
        let sql = "select current_database(), current_setting('fsync'), current_setting('max_connections')";
        let output = Command::new("psql").args(["-XAt", url, "-c", sql]).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(psql(&url), ("windlass|off|17\n".into(), String::new()));
    assert!(psql(&url.replace(PASSWORD, "wrong")).1.contains("password authentication failed"));
    if cfg!(target_os = "linux") {
        let socket = Path::new(&it.values.run).join(format!(".s.PGSQL.{}", it.values.port));
        let mut session =
            PostgresSession::open(run.host.connect_unix(&socket, ANSWER).unwrap(), "windlass", "windlass").unwrap();
        assert_eq!(session.query("select 1").unwrap(), [[Some("1".to_owned())]]);
    }
    let state = run.engine().state(&it.name).unwrap().unwrap();
    assert_eq!(state.ports.len(), 1);
    assert!(it.line.contains(" --env POSTGRES_PASSWORD --env ") && !it.line.contains(PASSWORD), "{}", it.line);
    assert_eq!(run.n_containers(), 1);
    let port = it.values.port;
    drop(it);
    assert_eq!(run.n_containers(), 0);
    assert_eq!(std::fs::read_dir(run.dir.path()).unwrap().count(), 1, "only the lock is left");

    // The port that it had is the one that it has, unless somebody has taken it.
    let again = run.start_at(&postgres, Some(port), false).unwrap();
    assert_eq!(again.values.port, port);
    drop(again);
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let other = run.start_at(&postgres, Some(port), false).unwrap();
    assert_ne!(other.values.port, port);
    drop(taken);
}

#[test]
fn redis_is_reached_by_those_who_know_its_password() {
    let run = Run::new();
    let redis = service(&run.host, "redis", "");
    let mut it = run.start(&redis).unwrap();
    assert!(redis.version.accepts(&it.values.version), "{:?}", it.values);
    let mut session = RedisSession::new(run.host.connect_tcp(it.values.port, ANSWER).unwrap());
    assert!(session.about("run_id").unwrap_err().to_string().contains("NOAUTH"));
    session.log_in(PASSWORD).unwrap();
    assert_eq!(session.about("tcp_port").unwrap(), redis.port.to_string());
    assert_eq!(it.ended(), None);
    run.engine().kill(&it.name, "KILL").unwrap();
    let began = Instant::now();
    let how = loop {
        if let Some(how) = it.ended() {
            break how;
        }
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(how, "failed with exit code 137");
    assert!(it.failure("ended").to_string().contains("\n  | "));
}

#[test]
fn what_does_not_start_says_why_and_leaves_nothing() {
    let run = Run::new();
    let setting = service(&run.host, "postgres", "[settings]\nno_such_setting = \"1\"\n");
    let said = run.start(&setting).unwrap_err().to_string();
    let first = "service `postgres` ended before it was ready: failed with exit code 1\n  | ";
    assert!(said.starts_with(first) && said.contains("\"no_such_setting\""), "{said}");

    let reference = run.engine().images("postgres:*-windlass").unwrap().remove(0).tags.remove(0);
    let of_user = |text: &str| {
        let read = windlass_toml::read("w.toml", text, |section, source| read("postgres", section, source));
        read.unwrap().unwrap()
    };
    let version = of_user(&format!("version = \"9.4\"\ncontainer.image = \"{reference}\"\n"));
    let said = run.start(&version).unwrap_err().to_string();
    let place = format!(" in the image `{reference}`\nhelp: ");
    assert!(said.starts_with("service `postgres`: version 9.4 is wanted, and there is 1"), "{said}");
    assert!(said.contains(&place), "{said}");

    let missing = of_user("container.image = \"127.0.0.1:1/none:1\"\n");
    let said = run.start(&missing).unwrap_err().to_string();
    let expected = "service `postgres` has no image: `127.0.0.1:1/none:1` is not there, and nothing may be fetched";
    assert_eq!(said, expected);
    // One of windlass's own would do where nobody has named another.
    let registrys = of_user("version = \"9.4\"\n");
    let said = run.start(&registrys).unwrap_err().to_string();
    let expected = "service `postgres` has no image: `docker.io/library/postgres:9.4` is not there, and nothing may be fetched\n\
        help: `services image postgres` builds one of this machine's own programs";
    assert_eq!(said, expected);
    let said = run.start_at(&missing, None, true).unwrap_err().to_string();
    let first = "service `postgres` has no image: `127.0.0.1:1/none:1` cannot be fetched: the container engine says: ";
    assert!(said.starts_with(first), "{said}");
    assert_eq!(run.n_containers(), 0);
    assert_eq!(std::fs::read_dir(run.dir.path()).unwrap().count(), 1, "only the lock is left");
}

/// A container that belongs to no run, gone at the end of the test.
struct Stray(String);

impl Drop for Stray {
    fn drop(&mut self) {
        // There may be none any more.
        let _ = engine(&Host::new()).remove(&self.0);
    }
}

/// What this test starts itself as, to kill it: a run with a container, which says what that is called.
const HOLDS: &str = "WINDLASS_TEST_HOLDS";

#[test]
fn a_container_goes_with_its_run_and_no_other() {
    if let Ok(name) = std::env::var(HOLDS) {
        return hold(&name);
    }
    let host = Host::new();
    let lives = Run::new();
    let redis = service(&host, "redis", "");
    service(&host, "postgres", "");
    let kept = lives.start(&redis).unwrap();
    // Two that never end by themselves: one of a run that is gone, and one of another machine, of which nothing is known.
    let stray = |name: &str, machine: String| {
        let labels = [("place", "/nowhere".to_owned()), ("machine", machine), ("user", host.uid().to_string())];
        let labels = labels.map(|(name, value)| (format!("windlass.{name}"), value)).into();
        let name = format!("windlass-test-{name}-{}", std::process::id());
        let spec = ContainerSpec { image: kept.image.clone(), port: 1, labels, ..ContainerSpec::default() };
        engine(&host).create(&name, &spec).unwrap();
        Stray(name)
    };
    let (left, foreign) = (stray("left", host.machine_name()), stray("foreign", "another".into()));
    let swept = sweep_containers(&host).into_iter().find(|it| it.name == left.0).map(|it| it.to_string());
    // A run beside this one sweeps too.
    assert!(swept.is_none_or(|it| it == format!("removed the container `{}`, left by a run that was killed", left.0)));
    assert_eq!(engine(&host).state(&left.0).unwrap(), None);
    assert!(engine(&host).state(&foreign.0).unwrap().is_some(), "it was swept");

    for name in ["postgres", "redis"] {
        let test = "a_container_goes_with_its_run_and_no_other";
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args([test, "--exact", "--nocapture"]).env(HOLDS, name).stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.map(Result::unwrap).find(|line| line.starts_with("holds ")).unwrap();
        let (container, place) = line.strip_prefix("holds ").unwrap().split_once(' ').unwrap();
        assert!(sweep_containers(&host).iter().all(|it| it.name != container));
        child.kill().unwrap();
        child.wait().unwrap();
        // Windlass's own images notice it themselves.
        let began = Instant::now();
        while engine(&host).state(container).unwrap().is_some() {
            assert!(began.elapsed() < Duration::from_secs(30), "it is still there");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::fs::remove_dir_all(PathBuf::from(place)).unwrap();
    }
    assert!(engine(&host).state(&kept.name).unwrap().unwrap().is_running);
}

fn hold(name: &str) {
    let run = Run::new();
    let definition = shipped(name);
    let it = run.start(&definition).unwrap();
    println!("\nholds {} {}", it.name, run.dir.path().display());
    std::thread::sleep(Duration::from_secs(600));
}
