//! The servers of development: they outlast the command that starts them, and their data outlasts them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Ended, clean, ended};
use crate::live::{Live, run};
use crate::pty::{CTRL_C, pty};
use crate::shop::{FAILING_TEST, Shop};

const POSTGRES: &str = "[services.postgres]\n";

/// A workspace whose servers of development have their data in `share/`, and are gone at the end of the test.
struct Dev {
    shop: Shop,
}

impl Dev {
    fn with_services(services: &str) -> Self {
        Self { shop: Shop::with_services(services) }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.shop.command(args);
        command.env("XDG_DATA_HOME", self.shop.it.path("share"));
        command
    }

    /// What starts servers is not asked what it leaves behind.
    fn run(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// The answer to a query, by `connect`.
    fn ask(&self, query: &str) -> String {
        run(&mut self.command(&["connect", "--", "-qAtc", query])).exits(0).stdout
    }

    /// The only directory of a worktree that there is.
    fn home(&self) -> PathBuf {
        let mut dirs: Vec<_> = std::fs::read_dir(self.shop.it.path("share/windlass/dev")).unwrap().collect();
        assert_eq!(dirs.len(), 1);
        dirs.remove(0).unwrap().path()
    }

    /// The numbers of the supervisor and its servers.
    fn pids(&self) -> Vec<u32> {
        let text = std::fs::read_to_string(self.home().join("running.json")).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        let servers = kept["servers"].as_object().unwrap().values();
        let all = std::iter::once(&kept["pid"]).chain(servers.map(|server| &server["pid"]));
        all.map(|pid| pid.as_u64().unwrap().try_into().unwrap()).collect()
    }

    /// The only one.
    fn port(&self) -> u16 {
        let url = self.run(&["env"]).exits(0).stdout;
        url.trim().rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.command(&["down"]).output();
    }
}

fn kill(signal: &str, pids: &[u32]) {
    let numbers = pids.iter().map(u32::to_string);
    assert!(clean("kill").arg(signal).args(numbers).status().unwrap().success());
}

fn is_there(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn up_is_idempotent_and_the_data_outlasts_down_and_the_target_directory() {
    let dev = Dev::with_services(POSTGRES);
    let down = run(&mut dev.command(&["status"])).exits(1);
    assert_eq!(down.stdout, "postgres  down  data 0 bytes\n");
    assert_eq!(run(&mut dev.command(&["down"])).exits(0).stdout, "nothing was up\n");

    let up = dev.run(&["up"]).exits(0);
    let port = dev.port();
    assert!(up.stdout.contains(&format!(": postgres://windlass:***@127.0.0.1:{port}/windlass\n")), "{}", up.stdout);
    assert_eq!(up.stderr, "");
    let settings = "select current_setting('fsync') || current_setting('autovacuum') || current_user";
    assert_eq!(dev.ask(settings), "ononwindlass\n");
    dev.ask("create table item as select 7 as n");
    let status = run(&mut dev.command(&["status"])).exits(0).stdout;
    assert!(status.starts_with(&format!("postgres  up    port {port}  version ")), "{status}");
    assert!(status.contains("  since 2") && status.contains(" UTC  data ") && status.ends_with(" MB\n"), "{status}");

    let (env, pids) = (dev.run(&["env"]).stdout, dev.pids());
    let again = dev.run(&["up"]).exits(0);
    assert!(again.stdout.ends_with("\nthey were up already\n"), "{}", again.stdout);
    assert_eq!(dev.pids(), pids);

    let down = run(&mut dev.command(&["down"])).exits(0);
    assert_eq!(down.stdout, "stopped; the data stays\n");
    assert!(!pids.iter().any(|pid| is_there(*pid)));
    assert_eq!(dev.shop.places().len(), 0);
    let log = std::fs::read_to_string(dev.home().join("postgres/log")).unwrap();
    assert!(log.contains("received fast shutdown request") && log.ends_with("database system is shut down\n"), "{log}");

    std::fs::remove_dir_all(dev.shop.it.path("target")).ok();
    dev.run(&["up"]).exits(0);
    assert_eq!(dev.ask("select n from item"), "7\n");
    assert_eq!(dev.run(&["env"]).stdout, env);
    // Another password, where it has been lost.
    run(&mut dev.command(&["down"])).exits(0);
    std::fs::remove_file(dev.home().join("addresses.json")).unwrap();
    dev.run(&["up"]).exits(0);
    assert_ne!(dev.run(&["env"]).stdout, env);
    assert_eq!(dev.ask("select n from item"), "7\n");
    for file in ["running.json", "addresses.json", "supervisor.log"] {
        let mode = dev.home().join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn whatever_is_killed_the_next_up_goes_on_with_the_data() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    dev.ask("create table item as select 7 as n");

    // The supervisor: the server ends with it, in good order.
    let pids = dev.pids();
    kill("-KILL", &pids[..1]);
    wait_until("the server ends", || !pids.iter().any(|pid| is_there(*pid)));
    run(&mut dev.command(&["status"])).exits(1);
    dev.run(&["up"]).exits(0);
    assert_eq!(dev.ask("select n from item"), "7\n");
    let log = std::fs::read_to_string(dev.home().join("postgres/log")).unwrap();
    assert!(!log.contains("not properly shut down"), "{log}");

    // All at once, but for a session that is busy and does not notice.
    let busy = dev.command(&["connect", "--", "-c", "select count(*) from generate_series(1, 1e12)"]).spawn();
    let mut busy = busy.unwrap();
    let is_busy = "select count(*) from pg_stat_activity where query like '%1e12%' and pid <> pg_backend_pid()";
    wait_until("a session is busy", || dev.ask(is_busy) == "1\n");
    let pids = dev.pids();
    kill("-KILL", &pids);
    wait_until("they are dead", || !pids.iter().any(|pid| is_there(*pid)));
    dev.run(&["up"]).exits(0);
    busy.wait().unwrap();
    assert_eq!(dev.ask("select n from item"), "7\n");

    // The server alone: it is said, and `up` starts it again.
    kill("-KILL", &dev.pids()[1..]);
    let ended = || run(&mut dev.command(&["status"])).stdout.contains("down  it has ended: killed by signal 9  data ");
    wait_until("it is said", ended);
    let env = run(&mut dev.command(&["env"])).exits(1);
    assert_eq!((&*env.stdout, &*env.stderr), ("", "error: `postgres` is not up: `windlass up` starts it\n"));
    let up = dev.run(&["up"]).exits(0);
    assert!(up.stderr.starts_with("note: `postgres` has ended: killed by signal 9: "), "{}", up.stderr);
    assert_eq!(dev.ask("select n from item"), "7\n");
    assert!(
        run(&mut dev.command(&["logs"])).exits(0).stdout.contains("windlass | error: service `postgres` has ended")
    );
}

#[test]
fn worktrees_and_runs_of_tests_do_not_meet() {
    let (one, other) = (Dev::with_services(POSTGRES), Dev::with_services(POSTGRES));
    other.shop.it.file("share/nothing", "");
    // The same user, with the same directories.
    let up = |dev: &Dev| {
        let mut command = dev.command(&["up"]);
        command.env("XDG_DATA_HOME", one.shop.it.path("share")).env("XDG_RUNTIME_DIR", one.shop.it.path("run"));
        command
    };
    let mut first = up(&one).spawn().unwrap();
    ended(&mut up(&other)).exits(0);
    assert!(first.wait().unwrap().success());
    let dirs = || std::fs::read_dir(one.shop.it.path("share/windlass/dev")).unwrap().count();
    assert_eq!(dirs(), 2);
    assert_eq!(one.shop.places().len(), 2);

    one.ask("create table item as select 7 as n");
    let env = one.run(&["env"]).stdout;
    let script = "echo $DATABASE_URL; psql \"$DATABASE_URL\" -Atc \"select to_regclass('item') is null\"; \
        psql \"$DATABASE_URL\" -qc 'create table item ()'";
    let with = run(one.command(&["with", "--", "sh", "-c", script]).env("XDG_RUNTIME_DIR", one.shop.it.path("run")));
    let with = with.exits(0).stdout;
    assert!(with.ends_with("\nt\n") && !env.contains(with.lines().next().unwrap()), "{with}");
    run(&mut one.command(&["test", "--skip", "doctest"])).exits(0);
    assert_eq!(one.ask("select n from item"), "7\n");
    assert_eq!(one.run(&["env"]).stdout, env);

    // A worktree that is gone: its data is removed if somebody says so, and what runs is stopped before.
    let gone = other.shop.it.root();
    let aside = gone.with_extension("aside");
    std::fs::rename(&gone, &aside).unwrap();
    let gc = run(&mut one.command(&["services", "gc"])).exits(0).stdout;
    assert!(gc.contains(&format!(" of development in `{}`, which is gone\n", gone.display())), "{gc}");
    assert!(gc.contains("it stays: `--yes` removes it\n"), "{gc}");
    assert_eq!(dirs(), 2);
    assert!(run(&mut one.command(&["services", "gc", "--yes"])).exits(0).stdout.contains("\nremoved\n"));
    assert_eq!((dirs(), one.shop.places().len()), (1, 1));
    std::fs::rename(&aside, &gone).unwrap();
    run(&mut one.command(&["status"])).exits(0);
}

#[test]
fn a_new_database_begins_as_tests_do_and_reset_has_it_begin_again() {
    let dev = Dev::with_services("[services.postgres]\nmigrations = \"migrations\"\nfixtures = [\"item.csv\"]\n");
    dev.shop.it.file("migrations/20260101000000_item.sql", "create table item (id int);\n");
    dev.shop.it.file("item.csv", "id\n3\n9\n");
    let up = |args: &[&str]| {
        let mut command = dev.command(args);
        command.env("XDG_CACHE_HOME", dev.shop.it.path("cache"));
        ended(&mut command)
    };
    let first = up(&["up"]).exits(0);
    assert!(first.stderr.starts_with("note: `postgres` is new, and begins with what tests begin with: "), "{first:?}");
    assert!(first.stderr.contains("note: `postgres` has 1 migrations of `migrations` (sqlx)"), "{first:?}");
    assert_eq!(dev.ask("select sum(id) from item"), "12\n");
    assert_eq!(
        dev.ask("select string_agg(datname, ' ' order by 1) from pg_database where not datistemplate"),
        "postgres windlass\n"
    );
    dev.ask("delete from item");
    // What comes later is the user's to run.
    dev.shop.it.file("migrations/20260102000000_more.sql", "create table more ();\n");
    assert!(up(&["up"]).exits(0).stdout.ends_with("they were up already\n"));
    assert_eq!(dev.ask("select count(*) from item"), "0\n");

    let refused = run(&mut dev.command(&["reset"])).exits(2);
    assert!(refused.stderr.contains("and nobody can be asked: `--yes` says so"), "{}", refused.stderr);
    let unknown = run(&mut dev.command(&["reset", "postgre", "--yes"])).exits(2);
    assert_eq!(unknown.stderr, "error: there is no service `postgre`; did you mean `postgres`?\n");
    let env = dev.run(&["env"]).stdout;
    let reset = up(&["reset", "postgres", "--yes"]).exits(0);
    assert!(reset.stdout.starts_with("removed the data of `postgres` ("), "{}", reset.stdout);
    assert_eq!(dev.ask("select sum(id), to_regclass('more') from item"), "12|more\n");
    assert_eq!(dev.run(&["env"]).stdout, env);

    run(&mut dev.command(&["down"])).exits(0);
    run(&mut dev.command(&["reset", "--yes"])).exits(0);
    assert_eq!(run(&mut dev.command(&["status"])).exits(1).stdout, "postgres  down  data 0 bytes\n");
    assert_eq!(run(&mut dev.command(&["reset", "--yes"])).exits(0).stdout, "there is no data\n");
}

#[test]
fn addresses_are_what_a_shell_evaluates_and_a_client_has_no_password_among_its_arguments() {
    let dev = Dev::with_services("[services.postgres]\nexport = { SAID = \"it's {user} $HOME\" }\n");
    let bin = dev.shop.it.path("bin");
    dev.run(&["up"]).exits(0);
    let windlass = env!("CARGO_BIN_EXE_windlass");
    let evaluated = |script: &str| {
        let mut shell = clean("sh");
        shell.args(["-ec", script]).current_dir(dev.shop.it.root());
        shell.env("XDG_DATA_HOME", dev.shop.it.path("share")).env("XDG_RUNTIME_DIR", dev.shop.it.path("run"));
        run(&mut shell).exits(0).stdout
    };
    let ask = "psql \"$DATABASE_URL\" -Atc 'select 1'; sh -c 'echo \"$SAID\"'";
    assert_eq!(evaluated(&format!("eval \"$('{windlass}' env --shell)\"; {ask}")), "1\nit's windlass $HOME\n");
    // What is in quotes there is in quotes for a shell as well.
    let file = "set -a; . ./.env; set +a";
    assert_eq!(evaluated(&format!("'{windlass}' env > .env; {file}; {ask}")), "1\nit's windlass $HOME\n");
    assert_eq!(dev.run(&["env"]).stdout, dev.run(&["env", "--dotenv"]).stdout);

    let answer = run(&mut dev.command(&["connect", "postgres", "--", "-Atc", "select 40 + 2"])).exits(0);
    assert_eq!(answer.stdout, "42\n");
    run(&mut dev.command(&["connect", "--", "-c", "no sql"])).exits(1);
    // A client of the same name that says what it is given.
    std::fs::create_dir(&bin).unwrap();
    let own = "package.client = [\"sh\", \"-c\", \"echo $0 $@ $PGPASSWORD\", \"{database}\"]\n";
    dev.shop.it.file(".config/windlass.toml", &format!("[services.postgres]\n{own}"));
    let said = run(&mut dev.command(&["connect", "--", "a", "b"])).exits(0).stdout;
    assert!(said.starts_with("windlass a b ") && said.trim().len() == "windlass a b ".len() + 32, "{said}");

    run(&mut dev.command(&["down"])).exits(0);
    let down = run(&mut dev.command(&["connect"])).exits(3);
    assert_eq!(down.stderr, "error: `postgres` is not up: `windlass up` starts it\n");
}

#[test]
fn a_changed_configuration_is_seen_and_data_of_another_version_is_left_alone() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    dev.ask("create table item as select 7 as n");
    let file = ".config/windlass.toml";
    dev.shop.it.file(file, "[services.postgres]\nexport = { OTHER = \"{port}\" }\n[services.postgres.settings]\nmax_connections = \"17\"\n");
    let up = dev.run(&["up"]).exits(0);
    let said =
        "note: `postgres` is configured otherwise by now: the servers are stopped in good order, and started again\n";
    assert_eq!(up.stderr, said);
    assert_eq!(dev.ask("select current_setting('max_connections'), n from item"), "17|7\n");
    assert!(dev.run(&["up"]).exits(0).stdout.ends_with("they were up already\n"));

    // A mistake is said, with what the server says of it.
    dev.shop.it.file(file, "[services.postgres.settings]\nno_such_setting = \"1\"\n");
    let up = dev.run(&["up"]).exits(3);
    assert!(up.stderr.contains("unrecognized configuration parameter \"no_such_setting\""), "{}", up.stderr);
    assert!(
        up.stderr
            .ends_with("error: the servers of development are not there: their supervisor failed with exit code 3\n"),
        "{}",
        up.stderr
    );
    assert_eq!(dev.shop.places().len(), 0);

    dev.shop.it.file(file, POSTGRES);
    let version = dev.home().join("postgres/data/PG_VERSION");
    let before = std::fs::read_to_string(&version).unwrap();
    std::fs::write(&version, "9\n").unwrap();
    let up = dev.run(&["up"]).exits(3);
    assert!(
        up.stderr.starts_with("error: the data of `postgres` was written by version 9, and there is "),
        "{}",
        up.stderr
    );
    assert!(up.stderr.contains("`reset postgres` removes the data and starts afresh"), "{}", up.stderr);
    std::fs::write(&version, before).unwrap();
    dev.run(&["up"]).exits(0);
    assert_eq!(dev.ask("select n from item"), "7\n");
}

#[test]
fn before_data_is_lost_only_a_clear_yes_is_one() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    dev.ask("create table item as select 7 as n");
    let answered = |keys: &[u8]| {
        let line = format!("'{}' reset; echo $? > code", env!("CARGO_BIN_EXE_windlass"));
        let mut command = pty(&line);
        command.current_dir(dev.shop.it.root()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("XDG_DATA_HOME", dev.shop.it.path("share")).env("XDG_RUNTIME_DIR", dev.shop.it.path("run"));
        let mut child = command.spawn().unwrap();
        let mut keyboard = child.stdin.take().unwrap();
        let mut said = String::new();
        let mut screen = BufReader::new(child.stdout.take().unwrap());
        while !said.contains("for good? [y/N] ") {
            let bytes = screen.fill_buf().unwrap();
            assert!(!bytes.is_empty(), "{said}");
            said.push_str(&String::from_utf8_lossy(bytes));
            let n = bytes.len();
            screen.consume(n);
        }
        keyboard.write_all(keys).unwrap();
        screen.read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        assert!(said.contains("remove the data of `postgres` ("), "{said}");
        dev.shop.it.read("code")
    };
    assert_eq!(answered(b"\n"), "1\n");
    assert_eq!(answered(CTRL_C), "130\n");
    assert_eq!(dev.ask("select n from item"), "7\n");
    assert_eq!(answered(b"y\n"), "0\n");
    assert_eq!(dev.ask("select to_regclass('item') is null"), "t\n");
}

#[test]
fn a_port_that_is_taken_changes_and_is_said() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    let port = dev.port();
    run(&mut dev.command(&["down"])).exits(0);
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let up = dev.run(&["up"]).exits(0);
    assert!(up.stderr.starts_with(&format!("note: port {port} of `postgres` is taken: it has ")), "{}", up.stderr);
    assert_ne!(dev.port(), port);
    assert_eq!(dev.ask("select 1"), "1\n");
    drop(taken);
}

#[test]
fn logs_are_printed_and_followed_until_somebody_has_seen_enough() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    let last = run(&mut dev.command(&["logs", "postgres", "--lines", "1"])).exits(0).stdout;
    assert_eq!(last.lines().count(), 1);
    let all = run(&mut dev.command(&["logs"])).exits(0).stdout;
    assert!(all.contains("postgres | ") && all.contains("database system is ready to accept connections\n"), "{all}");
    let mut live = Live::start(&mut dev.command(&["logs", "--follow"]));
    live.wait_for_text("ready to accept connections");
    dev.run(&["connect", "--", "-c", "select 1/0"]).exits(1);
    live.wait_for_text("ERROR:  division by zero\npostgres | ");
    live.signal("INT");
    live.ended().exits(130);
}

#[test]
fn who_interrupts_up_has_no_servers() {
    let dev = Dev::with_services(
        "[services.postgres]\nfixtures = [{ run = [\"sh\", \"-c\", \"touch begun; sleep 600\"], inputs = [] }]\n",
    );
    let mut live = Live::start(&mut dev.command(&["up"]));
    live.wait_for_file(&dev.shop.it.path("begun"));
    live.signal("TERM");
    live.ended().exits(143);
    assert_eq!(dev.shop.places().len(), 0);
    run(&mut dev.command(&["status"])).exits(1);
}

#[test]
fn every_service_is_kept_and_a_new_one_joins() {
    let dev = Dev::with_services("[services.redis]\n");
    let answer = |args: &[&str]| run(&mut dev.command(&[&["connect"], args].concat())).exits(0).stdout;
    dev.run(&["up"]).exits(0);
    assert_eq!(answer(&["--", "set", "item", "7"]), "OK\n");
    kill("-KILL", &dev.pids()[..1]);
    let pids = dev.pids();
    wait_until("the server ends", || !pids.iter().any(|pid| is_there(*pid)));

    dev.shop.it.file(".config/windlass.toml", "[services.postgres]\n[services.redis]\n");
    let up = dev.run(&["up"]).exits(0).stdout;
    assert!(up.contains("\nredis ") && up.contains(": redis://:***@127.0.0.1:"), "{up}");
    assert_eq!(answer(&["redis", "--", "get", "item"]), "7\n");
    assert_eq!(answer(&["postgres", "--", "-Atc", "select 1"]), "1\n");
    let which = run(&mut dev.command(&["connect"])).exits(2);
    assert_eq!(which.stderr, "error: which service? There are postgres, redis\n");
    let env = dev.run(&["env"]).exits(0).stdout;
    assert!(env.starts_with("DATABASE_URL=postgres://") && env.contains("\nREDIS_URL=redis://:"), "{env}");

    dev.shop.it.file(".config/windlass.toml", "[services.redis]\n");
    let up = dev.run(&["up"]).exits(0);
    assert!(up.stderr.starts_with("note: `postgres` is no longer declared: "), "{}", up.stderr);
    assert_eq!(dev.pids().len(), 2);
    assert_eq!(answer(&["--", "get", "item"]), "7\n");
}

/// Root without user namespaces only: elsewhere data is handed over to nobody.
#[test]
fn data_that_is_handed_over_has_to_be_reached() {
    if ended(clean("id").arg("-u")).stdout != "0\n" {
        return;
    }
    let dev = Dev::with_services(POSTGRES);
    let bin = dev.shop.it.path("bin");
    dev.shop.it.file("bin/unshare", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(bin.join("unshare"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let up = || ended(dev.command(&["up"]).env("PATH", &path));
    let refused = up().exits(3);
    let said = "runs as `nobody` here, who is not let through to `";
    assert!(refused.stderr.contains(said) && refused.stderr.contains("set `XDG_DATA_HOME`"), "{}", refused.stderr);
    for dir in [dev.shop.it.root(), dev.shop.it.path("share")] {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711)).unwrap();
    }
    up().exits(0);
    dev.ask("create table item as select 7 as n");
    run(&mut dev.command(&["down"])).exits(0);
    up().exits(0);
    assert_eq!(dev.ask("select n from item"), "7\n");
    run(&mut dev.command(&["down"])).exits(0);
    dev.run(&["up"]).exits(0);
    assert_eq!(dev.ask("select n from item"), "7\n");
}

#[test]
fn what_a_failed_test_has_left_is_looked_at_on_a_copy() {
    let dev = Dev::with_services(POSTGRES);
    let none = run(&mut dev.command(&["connect", "--kept"])).exits(0);
    assert_eq!(none.stdout, "no failed test has left a database of `postgres`\n");
    let said = run(&mut dev.command(&["with", "--", "python3", "-c", FAILING_TEST])).exits(0).stdout;
    let (name, _) = said.split_once(' ').unwrap();
    let list = run(&mut dev.command(&["connect", "postgres", "--kept"])).exits(0);
    assert_eq!(list.stdout, format!("{name}  app::fails\n"));
    for called in [name, "app::fails", "fails"] {
        let args = ["connect", "postgres", "--kept", called, "--", "-qAtc", "delete from item returning n"];
        assert_eq!(run(&mut dev.command(&args)).exits(0).stdout, "7\n");
        assert_eq!(dev.shop.places().len(), 0);
    }
    let unknown = run(&mut dev.command(&["connect", "--kept", "w0"])).exits(2);
    assert_eq!(
        unknown.stderr,
        format!("error: no failed test has left `w0` of `postgres`; there are: {name} (app::fails)\n")
    );
}

/// Of a server that makes files of its data itself, and of one that needs a program for that.
#[test]
fn the_other_services_keep_their_data_too() {
    let dev = Dev::with_services("[services.mariadb]\n[services.mosquitto]\n[services.nats]\n");
    for _ in 0..2 {
        dev.run(&["up"]).exits(0);
        run(&mut dev.command(&["status"])).exits(0);
        run(&mut dev.command(&["down"])).exits(0);
    }
    dev.run(&["up"]).exits(0);
    let ask = |sql: &str| run(&mut dev.command(&["connect", "mariadb", "--", "-Ne", sql])).exits(0).stdout;
    ask("create table item as select 7 as n");
    run(&mut dev.command(&["down"])).exits(0);
    dev.run(&["up"]).exits(0);
    assert_eq!(ask("select n from item"), "7\n");
}
