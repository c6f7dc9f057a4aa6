//! A PostgreSQL server for one test.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use tempfile::TempDir;
use windlass_services::PostgresSession;

pub type Session = PostgresSession<UnixStream>;

pub struct Server {
    postmaster: Child,
    directory: TempDir,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let programs = programs();
        let made = as_nobody(&programs.join("initdb"))
            .args(["--no-sync", "--locale=C", "--encoding=UTF8", "--auth=trust", "--username=me", "-D"])
            .arg(directory.path().join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Another one may take the port before the server does.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let log = fs::File::create(directory.path().join("log")).unwrap();
            let mut postmaster = as_nobody(&programs.join("postgres"))
                .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", &port.to_string(), "-D"])
                .arg(directory.path().join("data"))
                .arg("-k")
                .arg(directory.path())
                .stderr(log)
                .spawn()
                .unwrap();
            let deadline = Instant::now() + Duration::from_secs(30);
            while Instant::now() < deadline && postmaster.try_wait().unwrap().is_none() {
                if session(directory.path(), port, "postgres").is_some() {
                    return Self { postmaster, directory, port };
                }
                thread::sleep(Duration::from_millis(20));
            }
            let _ = postmaster.kill();
            postmaster.wait().unwrap();
        }
        panic!("PostgreSQL does not start: {}", fs::read_to_string(directory.path().join("log")).unwrap());
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://me:pw@127.0.0.1:{}/{database}", self.port)
    }

    pub fn session(&self, database: &str) -> Session {
        session(self.directory.path(), self.port, database).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.postmaster.id().to_string()]).status();
        let _ = self.postmaster.wait();
    }
}

fn session(directory: &Path, port: u16, database: &str) -> Option<Session> {
    let stream = UnixStream::connect(directory.join(format!(".s.PGSQL.{port}"))).ok()?;
    PostgresSession::open(stream, "me", database).ok()
}

/// PostgreSQL refuses root, so root runs it in a user namespace in which it is nobody.
fn as_nobody(program: &Path) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=65534", "--map-group=65534", "--"]).arg(program);
    command
}

/// Where the programs of a server are: on `PATH`, or where Debian has those of its newest one.
fn programs() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    let mut places = env::split_paths(&path).chain(debian.into_iter().rev());
    places.find(|place| place.join("postgres").is_file()).expect("PostgreSQL's `postgres` is at hand")
}
