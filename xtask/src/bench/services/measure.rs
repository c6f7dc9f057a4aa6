//! What a test waits for: `measure WHAT`, one number of milliseconds a line.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use windlass_services::PostgresSession;
use windlass_testkit::{Lease, postgres, redis};

pub mod by_hand;

/// As long as a short test has its database.
const HOLD: Duration = Duration::from_millis(25);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        // Two tests at once, each of which has its database for a while.
        ["postgres"] => print(two_threads(postgres, Lease::release, 150, HOLD)),
        ["postgres", "by-hand"] => {
            let server = by_hand::postgres();
            let template = by_hand::create(&server.dir, None);
            let create = || by_hand::create(&server.dir, Some(&template));
            print(two_threads(create, |name| by_hand::remove(&server.dir, &name), 25, HOLD));
        }
        ["redis"] => print(two_threads(redis, Lease::release, 100, HOLD)),
        // As fast as they come: no server can be ready.
        ["redis-cold"] => print(two_threads(redis, Lease::release, 30, Duration::ZERO).split_off(10)),
        ["redis-cold", "by-hand"] => print(two_threads(by_hand::redis, drop, 30, Duration::ZERO).split_off(10)),
        // The lease, and the first question that it has answered.
        ["first"] => {
            let began = Instant::now();
            let (db, ms) = timed(postgres);
            let mut session = session(&socket(&db), db.user(), db.database());
            assert_eq!(session.query("SELECT 1").unwrap().len(), 1);
            print(vec![ms, began.elapsed().as_secs_f64() * 1000.0]);
        }
        ["first", "by-hand"] => {
            let first = || {
                let server = by_hand::postgres();
                let name = by_hand::create(&server.dir, None);
                ask_at(&server.dir.join(".s.PGSQL.5432"), "postgres", &name);
                server
            };
            print(vec![timed(first).1]);
        }
        ["first", "by-hand", image, name] => print(vec![timed(|| by_hand::container(image, name)).1]),
        // A server for a command.
        ["by-hand", "--", program, ref args @ ..] => {
            let server = by_hand::postgres();
            let template = by_hand::create(&server.dir, None);
            let mut command = Command::new(program);
            command.args(args).env("BY_HAND", &server.dir).env("BY_HAND_TEMPLATE", template);
            let status = command.status().unwrap();
            drop(server);
            std::process::exit(status.code().unwrap_or(1));
        }
        ref other => panic!("there is nothing to measure called `{}`", other.join(" ")),
    }
}

/// What an empty test and one with a database have in common.
pub fn ask(db: &Lease) {
    ask_at(&socket(db), db.user(), db.database());
}

fn ask_at(socket: &Path, user: &str, database: &str) {
    let mut session = session(socket, user, database);
    assert_eq!(session.query("SELECT count(*) FROM t7").unwrap(), [[Some("200".to_owned())]]);
}

fn session(socket: &Path, user: &str, database: &str) -> PostgresSession<UnixStream> {
    let stream = UnixStream::connect(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
    PostgresSession::open(stream, user, database).unwrap()
}

fn socket(db: &Lease) -> PathBuf {
    let url = db.url();
    let encoded = url.split(['@', ':']).nth(3).unwrap_or_default();
    let directory = encoded.replace("%2F", "/").replace("%2f", "/");
    Path::new(&directory).join(format!(".s.PGSQL.{}", db.port()))
}

fn timed<T>(lease: impl Fn() -> T) -> (T, f64) {
    let began = Instant::now();
    let lease = lease();
    (lease, began.elapsed().as_secs_f64() * 1000.0)
}

fn two_threads<T>(
    lease: impl Fn() -> T + Sync,
    release: impl Fn(T) + Sync,
    n: usize,
    hold: Duration,
) -> Vec<f64> {
    // The servers may have to be started.
    release(lease());
    thread::sleep(hold * 40);
    thread::scope(|scope| {
        let test = || {
            let one = |_| {
                let (lease, ms) = timed(&lease);
                thread::sleep(hold);
                release(lease);
                ms
            };
            (0..n).map(one).collect::<Vec<f64>>()
        };
        let tests = [scope.spawn(test), scope.spawn(test)];
        tests.into_iter().flat_map(|test| test.join().unwrap()).collect()
    })
}

fn print(samples: Vec<f64>) {
    let mut stdout = std::io::stdout().lock();
    samples.iter().for_each(|ms| writeln!(stdout, "{ms}").unwrap());
}
