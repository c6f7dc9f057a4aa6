//! The services that come with windlass besides PostgreSQL: each really starts, lets in who knows its password, is reached from
//! this machine only, and is gone afterwards. What the machine lacks is fetched into the user's cache, which takes minutes once.

pub(crate) mod http;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use windlass_services::MysqlSession;

use crate::killed::{kill, pids};
use crate::live::{Live, run};
use crate::shop::Shop;

/// A service that runs for a command which waits.
struct Up {
    shop: Shop,
    live: Live,
    /// What the command is given.
    env: BTreeMap<String, String>,
    /// What the server's command line has in it.
    program: &'static str,
}

impl Up {
    fn of(services: &str, program: &'static str) -> Self {
        let shop = Shop::with_services(services);
        // However long it takes to fetch or compile the server.
        crate::fixture::ended(&mut shop.command(&["setup"])).exits(0);
        let given = shop.it.path("given");
        let mut live =
            Live::start(&mut shop.with(&format!("env > '{0}.part'; mv '{0}.part' '{0}'; sleep 600", given.display())));
        live.wait_for_file(&given);
        let text = std::fs::read_to_string(given).unwrap();
        let env = text.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into()));
        Self { env: env.collect(), shop, live, program }
    }

    /// What a variable says of user, password and port.
    fn url(&self, variable: &str) -> (String, String, u16) {
        let url = &self.env[variable];
        let (user, rest) = url.split_once("://").unwrap().1.split_once(':').unwrap();
        let (password, rest) = rest.split_once("@127.0.0.1:").unwrap();
        (user.into(), password.into(), rest.split(['/', '?']).next().unwrap().parse().unwrap())
    }

    /// What a test is given of a service; it has it until the connection ends.
    fn lease(&self, service: &str) -> (UnixStream, Value) {
        let mut stream = UnixStream::connect(&self.env["WINDLASS_SERVICES"]).unwrap();
        writeln!(stream, "{}", json!({ "windlass": 1, "service": service })).unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        (stream, serde_json::from_str(&line).unwrap())
    }

    /// Sees that the server listens on loopback only, and that it is gone, first when it is no longer needed, and then when its
    /// supervisor is killed.
    fn goes(self, port: u16) {
        let listening = listening_addresses(port);
        assert_eq!(listening, ["0100007F"], "port {port}");
        let Self { shop, live, program, .. } = self;
        assert_ne!(pids(&shop, program), [0; 0]);
        live.signal("TERM");
        live.ended().exits(143);
        assert_eq!((pids(&shop, program), shop.places().len()), (vec![], 0));

        let ready = shop.it.path("ready");
        let mut live = Live::start(&mut shop.with(&format!("touch '{}'; sleep 600 ", ready.display())));
        live.wait_for_file(&ready);
        kill(&pids(&shop, "services supervise"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while !pids(&shop, program).is_empty() {
            assert!(Instant::now() < deadline, "{program} outlives its supervisor");
            std::thread::sleep(Duration::from_millis(2));
        }
        live.signal("TERM");
        live.ended();
        run(&mut shop.command(&["services", "gc"])).exits(0);
        assert_eq!(shop.places().len(), 0);
    }
}

/// Where something listens on a port, in the words of the kernel, whatever the protocol.
fn listening_addresses(port: u16) -> Vec<String> {
    let read = |table: &str| std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
    let tables = ["tcp", "tcp6", "udp", "udp6"].map(read).concat();
    let here = format!(":{port:04X}");
    let address = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        // A socket without a state of its own, of UDP, is in state 7.
        matches!(fields.get(3), Some(&("0A" | "07"))).then(|| fields[1].strip_suffix(&here).map(str::to_owned))?
    };
    tables.lines().filter_map(address).collect()
}

/// A connection that one line after the other is told and read.
struct Lines(BufReader<TcpStream>);

impl Lines {
    fn to(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn tell(&mut self, words: &str) -> &mut Self {
        self.0.get_mut().write_all(words.as_bytes()).unwrap();
        self
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }
}

#[test]
fn nats_carries_messages() {
    let up = Up::of("[services.nats]\n", "nats-server");
    let (user, password, port) = up.url("NATS_URL");
    let connect = |password: &str| {
        let mut lines = Lines::to(port);
        assert!(lines.line().starts_with("INFO {"));
        lines.tell(&format!("CONNECT {{\"verbose\":true,\"user\":\"{user}\",\"pass\":\"{password}\"}}\r\n"));
        lines
    };
    assert_eq!(connect("wrong").line(), "-ERR 'Authorization Violation'");
    let mut lines = connect(&password);
    assert_eq!(lines.line(), "+OK");
    assert_eq!(lines.tell("SUB greetings 1\r\n").line(), "+OK");
    lines.tell("PUB greetings 5\r\nhello\r\n");
    let mut said = [lines.line(), lines.line(), lines.line()];
    said.sort();
    assert_eq!(said, ["+OK", "MSG greetings 1 5", "hello"]);
    // A test has a server of its own.
    let (_held, given) = up.lease("nats");
    assert_eq!(given["mode"], "server");
    let own = u16::try_from(given["port"].as_u64().unwrap()).unwrap();
    assert_ne!(own, port);
    assert!(Lines::to(own).line().contains(given["name"].as_str().unwrap()));
    // JetStream answers too.
    lines.tell("SUB answers 2\r\nPUB $JS.API.INFO answers 0\r\n\r\n");
    let answer = std::iter::repeat_with(|| lines.line()).find(|line| line.starts_with('{')).unwrap();
    assert!(answer.contains("io.nats.jetstream.api.v1.account_info_response"), "{answer}");
    up.goes(port);
}

#[test]
fn mariadb_gives_databases() {
    let up = Up::of("[services.mariadb]\n[services.mariadb.settings]\nmax-connections = \"17\"\n", "mariadbd");
    let (user, password, port) = up.url("MYSQL_URL");
    let open = |user: &str, password: &str| {
        let session = MysqlSession::open(TcpStream::connect(("127.0.0.1", port)).unwrap(), user, password);
        session.map_err(|error| error.to_string())
    };
    let denied = |user: &str, using: &str| {
        format!("MariaDB: Access denied for user '{user}'@'127.0.0.1' (using password: {using}) (1045)")
    };
    assert_eq!(open(&user, "wrong").unwrap_err(), denied(&user, "YES"));
    assert_eq!(open(&user, "").unwrap_err(), denied(&user, "NO"));
    assert_eq!(open("root", "").unwrap_err(), denied("root", "NO"));
    let mut session = open(&user, &password).unwrap();
    session.run("CREATE TABLE windlass.orders (id INT PRIMARY KEY, note TEXT)").unwrap();
    session.run("INSERT INTO windlass.orders VALUES (1, 'é')").unwrap();
    let twice = session.run("INSERT INTO windlass.orders VALUES (1, 'e')").unwrap_err().to_string();
    assert_eq!(twice, "MariaDB: Duplicate entry '1' for key 'PRIMARY' (1062)");
    let set = "IF @@max_connections <> 17 THEN SIGNAL SQLSTATE '45000'; END IF";
    session.run(&format!("BEGIN NOT ATOMIC {set}; END")).unwrap();

    // A test has an empty database, which is gone when the test is.
    let (held, given) = up.lease("mariadb");
    let database = given["database"].as_str().unwrap();
    assert_eq!((&given["mode"], &given["port"]), (&json!("database"), &json!(port)));
    assert_eq!(given["env"]["MYSQL_URL"], format!("mysql://{user}:{password}@127.0.0.1:{port}/{database}"));
    session.run(&format!("CREATE TABLE {database}.orders (id INT)")).unwrap();
    let (_other, other) = up.lease("mariadb");
    assert_ne!(other["database"], given["database"]);
    drop(held);
    let gone = format!("MariaDB: Unknown database '{database}' (1049)");
    let deadline = Instant::now() + Duration::from_secs(10);
    while session.run(&format!("USE {database}")).map_err(|error| error.to_string()) != Err(gone.clone()) {
        assert!(Instant::now() < deadline, "{database} is still there");
    }
    up.goes(port);
}

#[test]
fn mosquitto_carries_messages() {
    let up = Up::of("[services.mosquitto]\n", "mosquitto");
    let (user, password, port) = up.url("MQTT_URL");
    let connect = |user: &str, password: &str| {
        let text = |text: &str| [&[0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let head = [&text("MQTT")[..], &[4, 0b1100_0010, 0, 60]].concat();
        let body = [head, text("test"), text(user), text(password)].concat();
        let mut lines = Lines::to(port);
        lines.0.get_mut().write_all(&[&[0x10, u8::try_from(body.len()).unwrap()], &body[..]].concat()).unwrap();
        let answer: [u8; 4] = lines.bytes();
        (answer, lines)
    };
    assert_eq!(connect(&user, "wrong").0, [0x20, 2, 0, 5]);
    let (answer, mut lines) = connect(&user, &password);
    assert_eq!(answer, [0x20, 2, 0, 0]);
    // Subscribe to `t`, and publish there.
    lines.0.get_mut().write_all(b"\x82\x06\0\x01\0\x01t\0").unwrap();
    assert_eq!(lines.bytes(), *b"\x90\x03\0\x01\0");
    lines.0.get_mut().write_all(b"\x30\x08\0\x01thello").unwrap();
    assert_eq!(lines.bytes(), *b"\x30\x08\0\x01thello");
    let hashed = std::fs::read_to_string(up.shop.places()[0].join("mosquitto/data/passwords")).unwrap();
    assert!(!hashed.contains(&password), "{hashed}");
    up.goes(port);
}

#[test]
fn memcached_keeps_values() {
    let up = Up::of("[services.memcached]\n[services.memcached.settings]\nmemory-limit = \"17\"\n", "memcached");
    let (user, password, port) = up.url("MEMCACHED_URL");
    assert!(up.env["MEMCACHED_URL"].ends_with("?protocol=ascii"));
    let log_in = |password: &str| {
        let proof = format!("{user} {password}");
        let mut lines = Lines::to(port);
        lines.tell(&format!("set auth 0 0 {}\r\n{proof}\r\n", proof.len()));
        (lines.line(), lines)
    };
    assert_eq!(Lines::to(port).tell("get a\r\n").line(), "CLIENT_ERROR unauthenticated");
    assert_eq!(log_in("wrong").0, "CLIENT_ERROR authentication failure");
    let (answer, mut lines) = log_in(&password);
    assert_eq!(answer, "STORED");
    assert_eq!(lines.tell("set a 0 0 5\r\nhello\r\n").line(), "STORED");
    lines.tell("get a\r\n");
    assert_eq!([lines.line(), lines.line(), lines.line()], ["VALUE a 0 5", "hello", "END"]);
    // What windlass asked has left nothing.
    assert_eq!(lines.tell("get windlass\r\n").line(), "END");
    lines.tell("stats settings\r\n");
    let settings: Vec<_> = std::iter::repeat_with(|| lines.line()).take_while(|line| line != "END").collect();
    assert!(settings.contains(&format!("STAT maxbytes {}", 17 << 20)), "{settings:?}");
    up.goes(port);
}

#[test]
fn s3_keeps_objects() {
    let up = Up::of("[services.s3]\n", "s3s-fs");
    let url = &up.env["AWS_ENDPOINT_URL_S3"];
    let port = url.strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap();
    let ask = |method: &str, path: &str, password: &str, body: &str| {
        let mut curl = crate::fixture::clean("curl");
        curl.args(["-sS", "--aws-sigv4", "aws:amz:us-east-1:s3", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]);
        curl.args(["--user", &format!("{}:{password}", up.env["AWS_ACCESS_KEY_ID"]), "-X", method, "--data", body]);
        let ended = crate::fixture::ended(curl.args(["-w", " %{http_code}", &format!("{url}/{path}")])).exits(0);
        ended.stdout
    };
    let password = &up.env["AWS_SECRET_ACCESS_KEY"];
    let wrong = ask("PUT", "bucket", "wrong", "");
    assert!(wrong.contains("<Code>SignatureDoesNotMatch</Code>") && wrong.ends_with(" 403"), "{wrong}");
    assert!(ask("PUT", "bucket", password, "").ends_with(" 200"));
    assert!(ask("PUT", "bucket/a", password, "hello").ends_with(" 200"));
    assert_eq!(ask("GET", "bucket/a", password, ""), "hello 200");
    up.goes(port);
}

#[test]
fn valkey_will_do_where_there_is_no_redis() {
    let up = Up::of("[services.redis]\n", "redis-server");
    let pid = pids(&up.shop, "redis-server")[0];
    // What it is depends on the name that it is called by.
    let server = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap().with_file_name("redis-server");
    // Nobody has packaged both for one system: this one is known by the other's name, and says so of itself.
    let root = server.ancestors().nth(3).unwrap().display();
    let script =
        format!("#!/bin/sh\nLD_LIBRARY_PATH=$(echo '{root}'/usr/lib/*-linux-*) exec '{}' \"$@\"\n", server.display());
    let (_, _, port) = up.url("REDIS_URL");
    up.shop.it.file("bin/valkey-server", &script);
    crate::fixture::ended(crate::fixture::clean("chmod").arg("+x").arg(up.shop.it.path("bin/valkey-server"))).exits(0);
    let path = format!("{}:{}", up.shop.it.path("bin").display(), std::env::var("PATH").unwrap());
    let doctor = run(up.shop.command(&["doctor"]).env("PATH", &path)).exits(0).stdout;
    assert!(doctor.contains(&format!("from        {}\n", up.shop.it.path("bin").display())), "{doctor}");
    let mut with = up.shop.with("echo $REDIS_URL");
    let ended = run(with.env("PATH", path)).exits(0);
    assert!(ended.stdout.starts_with("redis://:"), "{}", ended.stdout);
    up.goes(port);
}
