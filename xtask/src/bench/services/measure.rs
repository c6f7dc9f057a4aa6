//! What a test waits for: `measure WHAT`, one number of milliseconds a line.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use windlass_testkit::{Lease, postgres, redis};

/// As long as a short test has its database.
const HOLD: Duration = Duration::from_millis(25);

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    match &*what {
        // Two tests at once, each of which has its database for a while.
        "postgres" => print(two_threads(postgres, 150, HOLD)),
        "redis" => print(two_threads(redis, 100, HOLD)),
        // As fast as they come: no server can be ready.
        "redis-cold" => print(two_threads(redis, 30, Duration::ZERO).split_off(10)),
        "first" => print(vec![timed(postgres).1]),
        other => panic!("there is nothing to measure called `{other}`"),
    }
}

/// What an empty test and one with a database have in common.
pub fn ask(db: &Lease) {
    let url = db.url();
    let encoded = url.split(['@', ':']).nth(3).unwrap_or_default();
    let directory = encoded.replace("%2F", "/").replace("%2f", "/");
    let socket = Path::new(&directory).join(format!(".s.PGSQL.{}", db.port()));
    let stream = UnixStream::connect(&socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
    let mut session = windlass_services::PostgresSession::open(stream, db.user(), db.database()).unwrap();
    assert_eq!(session.query("SELECT count(*) FROM t7").unwrap(), [[Some("200".to_owned())]]);
}

fn timed(lease: fn() -> Lease) -> (Lease, f64) {
    let began = Instant::now();
    let lease = lease();
    (lease, began.elapsed().as_secs_f64() * 1000.0)
}

fn two_threads(lease: fn() -> Lease, n: usize, hold: Duration) -> Vec<f64> {
    // The servers may have to be started.
    lease().release();
    thread::sleep(hold * 40);
    thread::scope(|scope| {
        let test = || {
            let one = |_| {
                let (lease, ms) = timed(lease);
                thread::sleep(hold);
                lease.release();
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
