//! Services in containers: the same for those who use them, and nothing is left of them either.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::engine::{engine, have_images};
use crate::fixture::{clean, ended};
use crate::lease::Servers;
use crate::live::{Live, run};
use crate::shop::{FAILING_TEST, Shop, templates};

const SERVICES: &str = "[services.postgres]\nbackend = \"container\"\nmigrations = \"migrations\"\nfixtures = [\"item.csv\"]\n\
     [services.redis]\nbackend = \"container\"\n";

/// A workspace whose services run in containers of this machine's own programs.
fn shop(services: &str) -> Shop {
    let shop = Shop::with_services(services);
    shop.it.file("migrations/1_item.sql", "create table item (id bigserial primary key, name text);\n");
    shop.it.file("item.csv", "name\none\n");
    have_images(&shop);
    shop
}

/// The containers of a shop's runs.
fn containers(shop: &Shop) -> Vec<String> {
    let run = shop.it.path("run");
    let all = engine().containers("windlass.place").unwrap().into_iter();
    let of_shop =
        all.filter(|it| it.labels.get("windlass.place").is_some_and(|place| place.starts_with(run.to_str().unwrap())));
    of_shop.map(|it| it.name).collect()
}

#[test]
fn who_uses_them_sees_no_difference_and_nothing_is_left() {
    let shop = shop(SERVICES);
    let script = "psql -qAt \"$DATABASE_URL\" -c 'select name from item' -c \"select current_setting('fsync')\"\n\
        port=${REDIS_URL##*:}; exec 3<>/dev/tcp/127.0.0.1/${port%/*}\n\
        password=${REDIS_URL#redis://:}; password=${password%@*}\n\
        printf 'PING\\r\\nAUTH %s\\r\\nPING\\r\\nQUIT\\r\\n' \"$password\" >&3; cat <&3; echo \"$DATABASE_URL\" > url\n\
        python3 - <<'END'\n\
        import json, os, socket, subprocess\n\
        def ask(**question):\n    \
            s = socket.socket(socket.AF_UNIX); s.connect(os.environ['WINDLASS_SERVICES'])\n    \
            s.sendall((json.dumps(dict(windlass=1, **question)) + '\\n').encode())\n    \
            return s, json.loads(s.makefile().readline())\n\
        lease, answer = ask(service='postgres')\n\
        for key in ['url', 'tcp_url']:\n    \
            print(subprocess.run(['psql', '-qAtc', 'insert into item (name) values (1) returning id', answer[key]], capture_output=True, text=True).stdout.strip())\n\
        END\n";
    let first = run(&mut shop.command(&["with", "--", "bash", "-c", script])).exits(0);
    let expected = "one\noff\n-NOAUTH Authentication required.\r\n+OK\r\n+PONG\r\n+OK\r\n2\n3\n";
    assert_eq!(first.stdout, expected, "{}", first.stderr);
    assert!(first.stderr.starts_with("note: `postgres` runs in a container: docker run "), "{}", first.stderr);
    let url = shop.it.read("url");
    assert!(!first.stderr.contains(url.split([':', '@']).nth(2).unwrap()), "the password is shown: {}", first.stderr);
    assert_eq!((containers(&shop), shop.places()), (vec![], vec![]));

    // Address and password stay.
    assert_eq!(shop.run("echo \"$DATABASE_URL\"").exits(0).stdout, url);
}

/// How many databases the one Redis of a test has, of which all share the first.
const N_DATABASES: &str = "[services.redis.settings]\ndatabases = \"3\"\n";

#[test]
fn tests_have_a_database_each_of_the_one_redis() {
    let shop = shop(&format!("{SERVICES}{N_DATABASES}"));
    let servers = Servers::of(&shop);
    let ask = || servers.ask(&json!({ "windlass": 1, "service": "redis" }));
    let (one, other) = (ask(), ask());
    assert_eq!([one.text("mode"), one.text("database"), other.text("database")], ["database", "1", "2"]);
    assert!(one.text("url").ends_with("/1") && one.text("url") == one.text("tcp_url"), "{}", one.answer);
    assert_eq!(one.redis(&["SET item mine", "DBSIZE"]), ["+OK", ":1"]);
    assert_eq!(other.redis(&["DBSIZE", "SET item theirs", "DBSIZE"]), [":0", "+OK", ":1"]);
    let shared = servers.ask(&json!({ "windlass": 1, "service": "redis", "mode": "shared" }));
    assert!(shared.text("url").ends_with("/0"), "{}", shared.answer);
    assert_eq!(shared.redis(&["DBSIZE"]), [":0"]);

    let none = "`redis` has no database to give: Redis: ERR DB index is out of range (number 3)\n\
        help: `services.redis.settings.databases` says how many there are, of which 0 is what all tests share";
    assert_eq!(ask().text("error"), none);
    // The smallest number that is free, once it is: empty, and the other's is as it was.
    drop(one);
    let deadline = Instant::now() + Duration::from_secs(20);
    let again = loop {
        let lease = ask();
        if lease.answer["error"].is_null() {
            break lease;
        }
        assert!(Instant::now() < deadline, "{}", lease.answer);
    };
    assert_eq!(again.text("database"), "1");
    assert_eq!(again.redis(&["DBSIZE"]), [":0"]);
    assert_eq!(other.redis(&["STRLEN item"]), [":6"]);

    let server = servers.ask(&json!({ "windlass": 1, "service": "redis", "mode": "server" }));
    let expected = "`redis` runs in a container here, one for all tests, and gives none a server of its own; it gives database, \
        shared: ask for that, or have its programs at hand";
    assert_eq!(server.text("error"), expected);
    servers.end();
    assert_eq!((containers(&shop), shop.places()), (vec![], vec![]));
}

#[test]
fn what_databases_begin_with_is_kept_from_run_to_run() {
    let shop = shop(SERVICES);
    let cache = shop.it.path("cache");
    // What windlass said of it, and what is in the database.
    let made = || {
        let names = "psql -qAt \"$DATABASE_URL\" -c \"select string_agg(name, ' ') from item\"";
        let ended = run(shop.with(names).env("XDG_CACHE_HOME", &cache)).exits(0);
        let said = ["migrations", "fixture"].map(|word| ended.stderr.contains(&format!(" {word} ")));
        (said, ended.stdout)
    };
    assert_eq!(made(), ([true, true], "one\n".to_owned()));
    assert_eq!(made(), ([false, false], "one\n".to_owned()));
    // Only what is new is made.
    shop.it.file("item.csv", "name\none\ntwo\n");
    assert_eq!(made(), ([false, true], "one two\n".to_owned()));
    // What has been broken meanwhile is made again.
    for kept in templates(&cache) {
        std::fs::write(kept.join("base.tar"), "nothing").unwrap();
    }
    assert_eq!(made().1, "one two\n");
    assert_eq!(made(), ([false, false], "one two\n".to_owned()));
}

#[test]
fn what_a_failed_test_had_is_looked_at_in_another_container() {
    let shop = shop("[services.postgres]\nbackend = \"container\"\n");
    let said = run(&mut shop.command(&["with", "--", "python3", "-c", FAILING_TEST])).exits(0).stdout;
    let (name, kept_by) = said.split_once(' ').unwrap();
    assert_eq!(kept_by, format!("windlass connect postgres --kept {name}"));
    for called in [name, "fails"] {
        let args = ["connect", "postgres", "--kept", called, "--", "-qAtc", "delete from item returning n"];
        assert_eq!(run(&mut shop.command(&args)).exits(0).stdout, "7\n");
        assert_eq!((containers(&shop), shop.places()), (vec![], vec![]));
    }
}

#[test]
fn they_go_with_their_supervisor_however_that_ends() {
    let shop = shop(SERVICES);
    let ready = shop.it.path("ready");
    let mut live = Live::start(&mut shop.with(&format!("touch '{}'; sleep 600", ready.display())));
    live.wait_for_file(&ready);
    assert_eq!(containers(&shop).len(), 2);
    let place = shop.places().remove(0);
    let pids = ended(
        clean("pgrep").args(["-f", &format!("services supervise --manifest-path {}/", shop.it.root().display())]),
    );
    assert!(clean("kill").arg("-KILL").args(pids.stdout.split_whitespace()).status().unwrap().success());
    // Their own watch ends them; nobody needs to start anything.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !containers(&shop).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", containers(&shop));
        std::thread::sleep(Duration::from_millis(20));
    }
    live.signal("TERM");
    live.ended();
    let gc = run(&mut shop.command(&["services", "gc"])).exits(0).stdout;
    assert!(gc.contains(place.to_str().unwrap()), "{gc}");
    assert_eq!(shop.places().len(), 0);
}

/// As who sees another `/dev/shm` finds it: a sandbox, or a container with the same engine.
#[test]
fn who_does_not_see_where_a_run_lives_leaves_its_containers() {
    let shop = shop("[services.redis]\nbackend = \"container\"\n");
    let script = "unshare --mount sh -c 'mount -t tmpfs none \"$0\" && \"$1\" services gc' \
        \"$XDG_RUNTIME_DIR\" \"$WINDLASS\" && port=${REDIS_URL##*:} && exec 3<>/dev/tcp/127.0.0.1/${port%/*}";
    if ended(clean("unshare").args(["--mount", "true"])).code != Some(0) {
        return;
    }
    let mut command = shop.command(&["with", "--", "bash", "-c", script]);
    let seen = run(command.env("WINDLASS", env!("CARGO_BIN_EXE_windlass"))).exits(0);
    assert!(!seen.stdout.contains("removed the container"), "{}", seen.stdout);
}

#[test]
fn without_an_engine_or_without_programs_too_it_is_said_what_would_help() {
    let shop = Shop::with_services("[services.postgres]\nbackend = \"container\"\n");
    let nowhere = format!("unix://{}", shop.it.path("nowhere.sock").display());
    let refused = run(shop.with("true").env("DOCKER_HOST", &nowhere)).exits(3).stderr;
    assert!(refused.starts_with("error: service `postgres` needs a container: "), "{refused}");
    assert!(refused.contains("nowhere.sock"), "{refused}");

    let shop = Shop::with_services("[services.redis]\n");
    let mut command = shop.command(&["with", "--no-setup", "--", "true"]);
    command.env("DOCKER_HOST", &nowhere).env("XDG_CACHE_HOME", shop.it.path("cache"));
    if crate::fixture::find("redis-server").is_none() {
        let refused = run(&mut command).exits(3).stderr;
        assert!(refused.starts_with("error: service `redis`: there is no `redis-server` on `PATH`"), "{refused}");
        // An engine is as good as a program.
        command.env_remove("DOCKER_HOST");
        have_images(&shop);
        let contained = run(&mut command).exits(0).stderr;
        assert!(contained.starts_with("note: `redis` runs in a container: "), "{contained}");
    }
}
