//! What tests ask for and are given, in the words of docs/protocol.md.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fixture::{Ended, clean, ended};
use crate::live::Live;
use crate::shop::Shop;

/// Something that a test has been given, and has until this is dropped.
pub(crate) struct Lease {
    _stream: UnixStream,
    pub(crate) answer: Value,
}

/// Servers that wait for tests to ask.
pub(crate) struct Servers {
    live: Live,
    socket: PathBuf,
}

impl Servers {
    pub(crate) fn of(shop: &Shop) -> Self {
        let socket = shop.it.path("socket");
        let script =
            format!("echo \"$WINDLASS_SERVICES\" > '{0}.part'; mv '{0}.part' '{0}'; sleep 600", socket.display());
        let mut live = Live::start(&mut shop.with(&script));
        live.wait_for_file(&socket);
        let socket = PathBuf::from(std::fs::read_to_string(socket).unwrap().trim_end());
        Self { live, socket }
    }

    pub(crate) fn ask(&self, question: &Value) -> Lease {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        writeln!(stream, "{question}").unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        Lease { _stream: stream, answer: serde_json::from_str(&line).unwrap() }
    }

    fn postgres(&self) -> Lease {
        self.ask(&json!({ "windlass": 1, "service": "postgres", "test": "shop::a_test" }))
    }

    pub(crate) fn end(self) -> Ended {
        self.live.signal("TERM");
        self.live.ended()
    }
}

impl Lease {
    pub(crate) fn text(&self, key: &str) -> &str {
        self.answer[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {}", self.answer))
    }

    /// What PostgreSQL answers at a URL of the lease.
    fn sql(&self, url: &str, sql: &str) -> Ended {
        ended(clean("psql").args([self.text(url), "-qAtc", sql]))
    }

    /// What Redis answers at the URL of the lease to commands, of one line each.
    pub(crate) fn redis(&self, commands: &[&str]) -> Vec<String> {
        let url = self.text("url").strip_prefix("redis://:").unwrap();
        let (password, rest) = url.split_once('@').unwrap();
        let (address, database) = rest.split_once('/').unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        writeln!(stream, "AUTH {password}\r\nSELECT {database}\r\n{}\r", commands.join("\r\n")).unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        assert_eq!([lines.next().unwrap(), lines.next().unwrap()], ["+OK", "+OK"]);
        lines.take(commands.len()).collect()
    }
}

const MIGRATION: &str = "create table item (id bigserial primary key, name text);\n";

fn shop() -> Shop {
    let shop = Shop::with_services("[services.postgres]\nmigrations = \"migrations\"\n");
    shop.it.file("migrations/1_item.sql", MIGRATION);
    shop
}

#[test]
fn each_test_has_a_migrated_database_of_its_own_on_either_way() {
    let shop = shop();
    let servers = Servers::of(&shop);
    let (one, other) = (servers.postgres(), servers.postgres());
    assert_ne!(one.text("name"), other.text("name"));
    assert!(one.text("url").contains("@%2F"), "{}", one.answer);
    assert_eq!(one.text("tcp_url"), one.answer["env"]["DATABASE_URL"].as_str().unwrap());
    one.sql("url", "insert into item (name) values ('mine')").exits(0);
    assert_eq!(one.sql("tcp_url", "select name from item").exits(0).stdout, "mine\n");
    assert_eq!(other.sql("url", "select count(*), (select count(*) from _sqlx_migrations) from item").stdout, "0|1\n");

    let name = one.text("name").to_owned();
    drop(one);
    let is_there = format!("select count(*) from pg_database where datname = '{name}'");
    let deadline = Instant::now() + Duration::from_secs(20);
    while other.sql("url", &is_there).stdout != "0\n" {
        assert!(Instant::now() < deadline, "`{name}` is still there");
    }
    servers.end();
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn a_server_of_its_own_and_what_all_may_read() {
    let shop = Shop::with_services("[services.postgres]\nmigrations = \"migrations\"\n[services.redis]\n");
    shop.it.file("migrations/1_item.sql", MIGRATION);
    let servers = Servers::of(&shop);
    let ask = |service: &str, mode: &str| servers.ask(&json!({ "windlass": 1, "service": service, "mode": mode }));
    let own = ask("postgres", "server");
    own.sql("url", "create role alone; insert into item (name) values ('x')").exits(0);
    let clone = servers.postgres();
    assert_eq!(clone.sql("url", "select count(*) from pg_roles where rolname = 'alone'").stdout, "0\n");
    assert_ne!(own.answer["port"], clone.answer["port"]);

    let shared = ask("postgres", "shared");
    assert_eq!(shared.sql("url", "select count(*) from item").exits(0).stdout, "0\n");
    let refused = shared.sql("url", "insert into item (name) values ('x')").exits(1).stderr;
    assert!(refused.contains("cannot execute INSERT in a read-only transaction"), "{refused}");

    let redis: Vec<Lease> = (0..3).map(|_| servers.ask(&json!({ "windlass": 1, "service": "redis" }))).collect();
    let mut ports: Vec<u64> = redis.iter().map(|lease| lease.answer["port"].as_u64().unwrap()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3);
    for lease in &redis {
        assert_eq!((lease.text("mode"), lease.redis(&["DBSIZE"])), ("server", vec![":0".to_owned()]));
    }
    servers.end();
}

#[test]
fn a_database_of_a_redis_is_its_own_until_it_is_another_tests() {
    let shop = Shop::with_services("[services.redis]\n");
    let servers = Servers::of(&shop);
    let database = || servers.ask(&json!({ "windlass": 1, "service": "redis", "mode": "database" }));
    let (one, other) = (database(), database());
    assert_eq!([one.text("database"), other.text("database")], ["1", "2"]);
    assert_eq!(one.answer["port"], other.answer["port"]);
    assert_eq!(one.text("url"), one.answer["env"]["REDIS_URL"].as_str().unwrap());
    assert_eq!(other.redis(&["SET item theirs"]), ["+OK"]);
    assert_eq!(one.redis(&["DBSIZE", "SET item mine"]), [":0", "+OK"]);
    // As many at once as there are tests on a large machine.
    let many: Vec<Lease> = (0..250).map(|_| database()).collect();
    assert_eq!(many[249].text("database"), "252");
    assert_eq!(many[249].redis(&["DBSIZE"]), [":0"]);
    drop(one);
    let deadline = Instant::now() + Duration::from_secs(20);
    let again = loop {
        let lease = database();
        if lease.text("database") == "1" {
            break lease;
        }
        assert!(Instant::now() < deadline, "{}", lease.answer);
    };
    assert_eq!((again.redis(&["DBSIZE"]), other.redis(&["DBSIZE"])), (vec![":0".to_owned()], vec![":1".to_owned()]));
    servers.end();

    let shop = Shop::with_services("[services.redis]\nurl = \"redis://:{password}@{host}:{port}\"\n");
    let servers = Servers::of(&shop);
    let refused = servers.ask(&json!({ "windlass": 1, "service": "redis", "mode": "database" }));
    let expected = "`redis` has no database to give: `services.redis.url` does not say `{database}`, and so names the same one for \
        all tests";
    assert_eq!(refused.text("error"), expected);
    servers.end();
}

#[test]
fn what_cannot_be_given_is_said() {
    let shop = shop();
    let servers = Servers::of(&shop);
    let cases = [
        (
            json!({ "windlass": 1, "service": "postgers" }),
            "no service `postgers` is declared in .config/windlass.toml: `[services.postgers]` there declares it; there are \
             `postgres`",
        ),
        (
            json!({ "windlass": 1, "service": "postgres", "mode": "copy" }),
            "`postgres` gives no `copy`; it gives clone, server, shared",
        ),
        (json!({ "windlass": 1 }), "`service` is missing, the name of one"),
        (
            json!({ "windlass": 2, "service": "postgres" }),
            "the client speaks version 2 of the protocol, this windlass version 1: use windlass and windlass-testkit of one \
             release",
        ),
    ];
    for (question, expected) in cases {
        let answer = servers.ask(&question).answer;
        assert_eq!((answer["windlass"].as_u64(), answer["error"].as_str()), (Some(1), Some(expected)), "{question}");
    }
    let mut stream = UnixStream::connect(&servers.socket).unwrap();
    writeln!(stream, "HELLO").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.contains("this is no line of JSON"), "{line}");
    servers.end();
}

#[test]
fn two_hundred_tests_at_once_have_a_database_each() {
    let shop = shop();
    let servers = Servers::of(&shop);
    let names = thread::scope(|scope| {
        let tests: Vec<_> = (0..200)
            .map(|_| {
                let servers = &servers;
                scope.spawn(move || {
                    let lease = servers.postgres();
                    lease.sql("url", "insert into item (name) values ('x')").exits(0);
                    assert_eq!(lease.sql("url", "select count(*) from item").stdout, "1\n");
                    lease.text("name").to_owned()
                })
            })
            .collect();
        tests.into_iter().map(|test| test.join().unwrap()).collect::<std::collections::BTreeSet<_>>()
    });
    assert_eq!(names.len(), 200);
    servers.end();
    assert_eq!(shop.places().len(), 0);
}

/// How tests end: by themselves, with an error, by a signal; an interrupted one has not failed. Only what the failed ones had is
/// kept, and can be read after the run.
#[test]
fn what_a_failed_test_had_is_kept_beyond_the_run() {
    let shop = shop();
    let servers = Servers::of(&shop);
    let ask = |end: &str| {
        let script = format!(
            "import json, os, signal, socket, subprocess, sys\n\
             s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n\
             s.sendall(b'{{\"windlass\": 1, \"service\": \"postgres\", \"process\": true, \"test\": \"{end}\"}}\\n')\n\
             answer = json.loads(s.makefile().readline())\n\
             sql = \"insert into item (name) values ('of {end}')\"\n\
             subprocess.run(['psql', '-q', answer['url'], '-c', sql], check=True)\n\
             print(answer['name'])\n\
             sys.stdout.flush()\n\
             {}",
            match end {
                "fails" => "os._exit(101)",
                "is interrupted" => {
                    "signal.signal(signal.SIGINT, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGINT)"
                }
                "is killed" => "os.kill(os.getpid(), signal.SIGKILL)",
                "says so" => "s.sendall(b'{\"failed\": true}\\n')",
                _ => "pass",
            }
        );
        let mut test = clean("python3");
        let mut test =
            test.args(["-c", &script]).arg(&servers.socket).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut name = String::new();
        test.stdout.take().unwrap().read_to_string(&mut name).unwrap();
        // Whoever runs tests takes a moment to ask how they ended.
        thread::sleep(Duration::from_millis(300));
        test.wait().unwrap();
        name.trim_end().to_owned()
    };
    let names = ["passes", "is interrupted", "fails", "is killed", "says so"].map(|end| (ask(end), end.to_owned()));
    servers.end();
    assert_eq!(shop.places().len(), 0);

    let kept: Value = serde_json::from_str(&shop.it.read("target/windlass/services/kept/postgres.json")).unwrap();
    let mut databases: Vec<(String, String)> = serde_json::from_value(kept["databases"].clone()).unwrap();
    databases.sort();
    let mut expected = names[2..].to_vec();
    expected.sort();
    assert_eq!(databases, expected);
    let data = shop.it.path("target/windlass/services/kept/postgres/base");
    assert!(data.is_dir());

    // A run in which none fails leaves it alone.
    shop.run("true").exits(0);
    assert!(data.is_dir());
}
