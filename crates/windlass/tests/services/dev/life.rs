//! They come and go, and what they have stays, whatever is killed.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::fixture::{clean, ended};
use crate::live::{Live, run};

use super::{Dev, POSTGRES, is_there, kill, wait_until};

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
    let status = run(&mut dev.command(&["status"])).exits(1).stdout;
    assert!(status.starts_with("postgres  down  who kept it has been killed  data "), "{status}");
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

/// As it is found after the machine has been started anew: all that was written down of processes and segments is somebody else's
/// by now, and what was on a tmpfs is gone.
#[test]
fn the_data_is_there_after_a_reboot_and_nothing_of_others_is_touched() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    dev.ask("create table item as select 7 as n");
    let (running, pid_file) = (dev.home().join("running.json"), dev.home().join("postgres/data/postmaster.pid"));
    let written = std::fs::read_to_string(&pid_file).unwrap();
    let pids = dev.pids();
    kill("-KILL", &[pids[1], pids[0]]);
    wait_until("they are dead", || !pids.iter().any(|pid| is_there(*pid)));
    std::fs::remove_dir_all(dev.shop.places()[0].parent().unwrap()).unwrap();

    let mut stranger = clean("sleep").arg("600").spawn().unwrap();
    let made = ended(clean("ipcmk").args(["-M", "64"])).exits(0).stdout;
    let segment = made.trim_end().rsplit(' ').next().unwrap();
    let mut lines: Vec<String> = written.lines().map(str::to_owned).collect();
    assert_eq!(lines[0], pids[1].to_string());
    lines[0] = stranger.id().to_string();
    lines[6] = format!("{} {segment}", lines[6].split_whitespace().next().unwrap());
    std::fs::write(&pid_file, lines.join("\n") + "\n").unwrap();
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(&running).unwrap()).unwrap();
    assert_eq!(kept["boot"], std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim());
    kept["boot"] = "00000000-0000-4000-8000-000000000000".into();
    kept["pid"] = stranger.id().into();
    kept["servers"]["postgres"]["pid"] = stranger.id().into();
    std::fs::write(&running, kept.to_string()).unwrap();

    let status = run(&mut dev.command(&["status"])).exits(1).stdout;
    let up = dev.run(&["up"]);
    let told = ended(clean("ipcs").args(["-m", "-i", segment])).exits(0).stdout;
    let _ = clean("ipcrm").args(["-m", segment]).output();
    let lives = stranger.try_wait().unwrap().is_none();
    let _ = stranger.kill();
    stranger.wait().unwrap();
    up.exits(0);
    assert!(status.starts_with("postgres  down  "), "{status}");
    assert!(lives, "a process of somebody else was killed");
    assert!(told.contains("bytes=64"), "a segment of somebody else was removed: {told}");
    assert_eq!(dev.ask("select n from item"), "7\n");
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
    let status = run(&mut dev.command(&["status"])).exits(1).stdout;
    assert!(status.starts_with("postgres  down  data "), "{status}");
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
