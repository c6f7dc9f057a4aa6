//! What their data begins with, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::{Dev, POSTGRES};
use crate::fixture::{clean, ended};
use crate::kinds::http::query;
use crate::live::run;
use crate::pty::{CTRL_C, pty};
use crate::shop::FAILING_TEST;

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
    let services = "[services.mariadb]\n[services.mosquitto]\n[services.nats]\n[services.prometheus]\n";
    let dev = Dev::with_services(services);
    for _ in 0..2 {
        dev.run(&["up"]).exits(0);
        run(&mut dev.command(&["status"])).exits(0);
        run(&mut dev.command(&["down"])).exits(0);
    }
    dev.run(&["up"]).exits(0);
    let ask = |sql: &str| run(&mut dev.command(&["connect", "mariadb", "--", "-Ne", sql])).exits(0).stdout;
    ask("create table item as select 7 as n");
    let env = dev.run(&["env"]).exits(0).stdout;
    let url = env.lines().find_map(|line| line.strip_prefix("PROMETHEUS_URL=http://127.0.0.1:"));
    let prometheus = url.unwrap().parse().unwrap();
    let started = query(prometheus, "process_start_time_seconds")[0]["value"][1].clone();
    run(&mut dev.command(&["down"])).exits(0);
    dev.run(&["up"]).exits(0);
    assert_eq!(ask("select n from item"), "7\n");
    assert_eq!(query(prometheus, "min_over_time(process_start_time_seconds[10m])")[0]["value"][1], started);
}
