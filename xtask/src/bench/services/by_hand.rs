//! What somebody does by hand, with the programs of the machine. What is started here goes when it is dropped, and with this process.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use windlass_services::PostgresSession;

/// Those that `windlass` gives a server for tests.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "dynamic_shared_memory_type=mmap",
];

/// A server and its directory.
pub struct Server {
    child: Child,
    pub dir: PathBuf,
    stop: &'static str,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args([&format!("-{}", self.stop), &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A number that nobody else here has.
fn number() -> String {
    static N: AtomicUsize = AtomicUsize::new(0);
    format!("{}_{}", std::process::id(), N.fetch_add(1, Ordering::Relaxed))
}

fn new_dir() -> PathBuf {
    let root = std::env::var("BY_HAND_ROOT").expect("the benchmark names a directory");
    let dir = Path::new(&root).join(number());
    std::fs::create_dir(&dir).unwrap();
    dir
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The directories in which programs are, those of PostgreSQL's own package among them.
fn dirs() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_package = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let of_package = of_package.map(|entry| entry.path().join("bin"));
    std::env::split_paths(&path).chain(of_package).collect::<Vec<_>>().into_iter()
}

/// A program of PostgreSQL: beside `initdb` itself, for what Debian has on the `PATH` is slower than those.
fn program(name: &str) -> String {
    let initdb = dirs().find_map(|dir| dir.join("initdb").canonicalize().ok()).expect("there is an `initdb`");
    initdb.with_file_name(name).display().to_string()
}

/// A command of the server's own, for which root is `nobody`.
fn own(words: &[&str]) -> Command {
    let unshare: &[&str] = &["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"];
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let words = [if is_root { unshare } else { &[] }, words].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

/// A PostgreSQL on new data.
pub fn postgres() -> Server {
    let dir = new_dir();
    let (data, run_dir) = (dir.join("data").display().to_string(), dir.display().to_string());
    let init = ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "--no-sync", "--wal-segsize=1"];
    run(own(&[&program("initdb"), "-D", &data, "-U", "postgres"]).args(init));
    let server = program("postgres");
    let mut command = own(&["setpriv", "--pdeathsig", "QUIT", "--", &server, "-D", &data, "-k", &run_dir]);
    command.args(["-c", "listen_addresses="]).args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = Server { child, dir, stop: "QUIT" };
    let mut is_ready = Command::new(program("pg_isready"));
    is_ready.args(["-q", "-h", &run_dir]);
    until("PostgreSQL", Duration::from_millis(10), || is_ready.status().unwrap().success());
    server
}

/// A command about a database of a server.
fn client(name: &str, dir: &Path) -> Command {
    let mut command = Command::new(program(name));
    command.args(["-U", "postgres", "-h"]).arg(dir);
    command
}

/// A new database, with the migrations: from a template, or by `psql`.
pub fn create(dir: &Path, template: Option<&str>) -> String {
    let name = format!("db{}", number());
    run(client("createdb", dir).args(template.map(|it| ["-T", it]).iter().flatten()).arg(&name));
    if template.is_none() {
        let migrations = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("migrations");
        let files = ["1_first.sql", "2_second.sql"].map(|file| migrations.join(file).display().to_string());
        let psql = ["-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", &name, "-f", &files[0], "-f", &files[1]];
        run(client("psql", dir).args(psql));
    }
    name
}

pub fn remove(dir: &Path, name: &str) {
    run(client("dropdb", dir).arg(name));
}

/// What a test does, on a server whose directory and template it is told.
pub fn test(is_copied: bool) {
    let [dir, template] = ["BY_HAND", "BY_HAND_TEMPLATE"].map(|name| std::env::var(name).unwrap());
    let dir = Path::new(&dir);
    let name = create(dir, is_copied.then_some(&template));
    crate::ask_at(&dir.join(".s.PGSQL.5432"), "postgres", &name);
    remove(dir, &name);
}

/// A Redis that answers: one on the `PATH`, or the one that windlass has unpacked.
pub fn redis() -> Server {
    let dir = new_dir();
    let socket = dir.join("redis.sock");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    let names = ["redis-server", "valkey-server"];
    let on_path = dirs().flat_map(|dir| names.map(|name| dir.join(name))).find(|path| path.exists());
    if let Some(server) = on_path {
        command.arg(server);
    } else {
        let home = || Path::new(&std::env::var("HOME").unwrap_or_default()).join(".cache");
        let cache = std::env::var("XDG_CACHE_HOME").map_or_else(|_| home(), PathBuf::from);
        let usr = cache.join("windlass/servers/redis/usr");
        let libraries = std::fs::read_dir(usr.join("lib")).into_iter().flatten().flatten().map(|entry| entry.path());
        command.arg(usr.join("bin/redis-server")).env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap());
    }
    command.args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"]).arg(&dir);
    let child = command.arg("--unixsocket").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    let server = Server { child, dir, stop: "KILL" };
    let ping = || -> std::io::Result<bool> {
        let mut stream = UnixStream::connect(&socket)?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(answer == *b"+PONG")
    };
    until("Redis", Duration::from_millis(1), || ping().unwrap_or(false));
    server
}

/// `docker run` of an image of PostgreSQL, until it has answered.
pub fn container(image: &str, name: &str) {
    let published = ["--publish", "127.0.0.1::5432", "--name", name, image];
    run(Command::new("docker").args(["run", "--detach", "--rm"]).args(published));
    let address = run(Command::new("docker").args(["port", name, "5432"])).trim().to_owned();
    let ask = || -> Option<bool> {
        let mut session = PostgresSession::open(TcpStream::connect(&address).ok()?, "postgres", "postgres").ok()?;
        Some(session.query("SELECT 1").ok()?.len() == 1)
    };
    until("the container", Duration::from_millis(10), || ask().unwrap_or(false));
}

fn until(what: &str, pause: Duration, mut is_there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} does not answer");
        std::thread::sleep(pause);
    }
}
