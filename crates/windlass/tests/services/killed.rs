//! Whatever is killed: no server is left, and the next run removes the rest.

use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{clean, ended};
use crate::live::{Live, run};
use crate::shop::Shop;

/// The command line of what a command under test waits for.
pub(crate) const SLEEP: &str = "sleep 600 ";

/// A run that is under way: `with` and a command that sleeps.
fn under_way(shop: &Shop) -> Live {
    let ready = shop.it.path("ready");
    let _ = std::fs::remove_file(&ready);
    let script =
        format!("psql -qAt \"$DATABASE_URL\" -c 'select 1' > /dev/null && touch '{}'; sleep 600", ready.display());
    let mut live = Live::start(&mut shop.with(&script));
    live.wait_for_file(&ready);
    live
}

/// The processes whose command line has this in it and that work in the private directories of a shop, or are its supervisor.
pub(crate) fn pids(shop: &Shop, wanted: &str) -> Vec<i32> {
    let (run, root) = (shop.it.path("run"), shop.it.root());
    let entries = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let fits = |path: &std::path::PathBuf| {
        let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let cwd = std::fs::read_link(path.join("cwd")).unwrap_or_default();
        let fits = if wanted == SLEEP { line == wanted } else { line.contains(wanted) };
        fits && (cwd.starts_with(&run) || cwd == root)
    };
    entries.filter(fits).filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
}

/// Kills processes, and waits until nobody sees them any more.
pub(crate) fn kill(pids: &[i32]) {
    assert!(!pids.is_empty());
    let numbers = pids.iter().map(i32::to_string);
    // Some may end with others that are killed before them.
    crate::fixture::clean("kill").arg("-KILL").args(numbers).output().unwrap();
    let runs = |pid: &i32| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
    while pids.iter().any(runs) {
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until no server of the shop runs, and no supervisor.
fn servers_end(shop: &Shop) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let left = || [pids(shop, "postgres"), pids(shop, "services supervise")].concat();
    while !left().is_empty() {
        assert!(Instant::now() < deadline, "{:?}", left());
        thread::sleep(Duration::from_millis(5));
    }
}

/// A run that is filling a database, with migrations that take ten minutes and that nobody else has. What it leaves half kept is in a
/// cache of its own: whoever else found it would say so.
fn filling(shop: &Shop) -> Live {
    shop.it.file("migrations/1_slow.sql", &format!("select pg_sleep(600); -- {}\n", shop.it.root().display()));
    let mut live = Live::start(shop.with("true").env("XDG_CACHE_HOME", shop.it.path("cache")));
    live.wait_until("nothing is filled", |_| !pids(shop, "windlass_template").is_empty());
    live
}

fn gc(shop: &Shop) -> String {
    run(shop.command(&["services", "gc"]).env("XDG_CACHE_HOME", shop.it.path("cache"))).exits(0).stdout
}

#[test]
fn who_wanted_the_servers_is_killed() {
    let shop = Shop::with_postgres();
    let live = under_way(&shop);
    live.signal("KILL");
    servers_end(&shop);
    kill(&pids(&shop, "sleep 600"));
    live.ended();
    assert!(!gc(&shop).contains(shop.it.root().to_str().unwrap()), "the supervisor has cleaned up");
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn the_supervisor_is_killed_and_its_servers_die_with_it() {
    let shop = Shop::with_postgres();
    let mut live = under_way(&shop);
    kill(&pids(&shop, "services supervise"));
    servers_end(&shop);
    // Said while the command goes on.
    let said = "error: the supervisor of the services was killed by signal 9, and they are gone with it\n";
    live.wait_for_error(said);
    kill(&pids(&shop, SLEEP));
    live.ended().exits(137);
    assert_eq!(shop.places().len(), 1);
    let next = shop.run("psql -At \"$DATABASE_URL\" -c 'select 2'").exits(0);
    assert_eq!(next.stdout, "2\n");
    let said = format!("note: removed `{}/", shop.it.path("run").display());
    assert!(next.stderr.starts_with(&said) && next.stderr.contains("left by a run that was killed"), "{}", next.stderr);
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn a_check_fails_on_what_a_killed_run_has_left_and_removes_it() {
    let shop = Shop::with_postgres();
    let check = || {
        let mut command = shop.command(&["services", "gc", "--check"]);
        // Containers that other tests leave at the moment are not what this is about.
        run(command.env("DOCKER_HOST", "unix:///nowhere/docker.sock").env("XDG_DATA_HOME", shop.it.path("share")))
    };
    let live = under_way(&shop);
    let place = shop.places().remove(0);
    // Who lives has left nothing.
    assert!(!check().stdout.contains(place.to_str().unwrap()));
    kill(&pids(&shop, "services supervise"));
    live.signal("KILL");
    servers_end(&shop);
    // And the shell around it, which nobody waits for any more.
    kill(&pids(&shop, "sleep 600"));
    live.ended();
    assert_eq!(shop.places(), [&*place]);

    let found = check().exits(1).stdout;
    let said = format!("removed `{}`, left by a run that was killed\n", place.display());
    assert!(found.contains(&said), "{found}");
    assert_eq!(shop.places().len(), 0);
    // Another test may have left something of its own at this very moment, which is gone the next time.
    let clean = (0..5).map(|_| check()).find(|ended| ended.code == Some(0)).unwrap();
    assert_eq!(clean.stdout, "nothing is left of runs that were killed\n");
}

/// Filling, giving, stopping: the next start removes what is left, and has what it needs.
#[test]
fn the_supervisor_is_killed_in_the_middle_of_its_work() {
    let shop = Shop::with_services("[services.postgres]\nmigrations = \"migrations\"\n");
    let is_swept = |live: Live| {
        servers_end(&shop);
        for sleeping in [pids(&shop, SLEEP), pids(&shop, "python3 ask.py")].iter().filter(|pids| !pids.is_empty()) {
            kill(sleeping);
        }
        live.ended();
        gc(&shop);
        assert_eq!(shop.places().len(), 0);
    };

    let live = filling(&shop);
    kill(&pids(&shop, "services supervise"));
    is_swept(live);

    shop.it.file("migrations/1_slow.sql", "create table item (id int);\n");
    let asked = shop.it.path("asked");
    let ask = format!(
        "import socket, os, time\n\
         def ask():\n    \
             s = socket.socket(socket.AF_UNIX); s.connect(os.environ['WINDLASS_SERVICES'])\n    \
             s.sendall(b'{{\"windlass\": 1, \"service\": \"postgres\"}}\\n'); return s\n\
         all = [ask() for _ in range(40)]\n\
         all[0].recv(1); open('{}', 'w'); time.sleep(600)\n",
        asked.display()
    );
    shop.it.file("ask.py", &ask);
    let mut live = Live::start(&mut shop.with("python3 ask.py"));
    live.wait_for_file(&asked);
    kill(&pids(&shop, "services supervise"));
    is_swept(live);

    for delay_ms in [0, 1, 3, 6, 10, 15, 22, 30] {
        let live = under_way(&shop);
        let supervisor = pids(&shop, "services supervise");
        crate::fixture::clean("kill").arg(supervisor[0].to_string()).output().unwrap();
        thread::sleep(Duration::from_millis(delay_ms));
        kill(&supervisor);
        is_swept(live);
    }
    let next = shop.run("psql -qAt \"$DATABASE_URL\" -c 'select count(*) from item'").exits(0);
    assert_eq!(next.stdout, "0\n");
}

/// What `initdb` feeds may abort when that is killed. It has its memory where its data is, and what the kernel keeps is known by that.
#[test]
fn who_is_killed_while_data_is_made_leaves_no_shared_memory() {
    for victim in ["services supervise", "windlass with"] {
        let shop = Shop::with_postgres();
        let cache = shop.it.path("cache");
        let mut live = Live::start(shop.with("true").env("XDG_CACHE_HOME", &cache));
        let found = std::cell::RefCell::default();
        live.wait_until("no server makes data", |_| {
            let maps = |pid| std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
            let maps: String = pids(&shop, "--boot").into_iter().chain(pids(&shop, "--single")).map(maps).collect();
            assert!(!maps.contains("/dev/shm/PostgreSQL."), "{maps}");
            // The number of a segment stands where that of a file would.
            let segment =
                maps.lines().find(|line| line.contains("/SYSV")).and_then(|line| line.split_whitespace().nth(4));
            *found.borrow_mut() = segment.map(str::to_owned);
            segment.is_some() && maps.contains("/pg_dynshmem/mmap.")
        });
        if victim == "windlass with" {
            // The supervisor ends by itself.
            live.signal("KILL");
        } else {
            // Who is stopped would not end by itself.
            let making = pids(&shop, "initdb").iter().map(i32::to_string).collect::<Vec<_>>();
            clean("kill").arg("-STOP").args(making).output().unwrap();
            kill(&pids(&shop, victim));
        }
        servers_end(&shop);
        run(shop.command(&["services", "gc"]).env("XDG_CACHE_HOME", &cache)).exits(0);
        assert_eq!(shop.places().len(), 0, "{victim}");
        let segment = found.into_inner().unwrap();
        assert!(!has_segment(&segment), "{victim}: {segment}");
        live.ended();
    }
}

/// Whether there is a shared memory segment of this number.
fn has_segment(wanted: &str) -> bool {
    let segments = String::from_utf8(clean("ipcs").arg("-m").output().unwrap().stdout).unwrap();
    segments.lines().any(|line| line.split_whitespace().nth(1) == Some(wanted))
}

#[test]
fn everything_but_the_backends_is_killed() {
    let shop = Shop::with_postgres();
    let ready = shop.it.path("ready");
    // A backend that is busy does not notice for as long as its query takes.
    let busy = "select count(*) from generate_series(1, 1e12)";
    let script = format!("psql -qAt \"$DATABASE_URL\" -c '{busy}' & sleep 0.3; touch '{}'; sleep 600", ready.display());
    let mut live = Live::start(&mut shop.with(&script));
    live.wait_for_file(&ready);
    let postmaster = pids(&shop, "cluster_name=");
    kill(&[&postmaster[..], &pids(&shop, "services supervise")].concat());
    live.signal("KILL");
    let place = shop.places().remove(0);
    let pid_file = std::fs::read_to_string(place.join("postgres/data/postmaster.pid")).unwrap();
    let segment = pid_file.lines().nth(6).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    assert!(has_segment(&segment));
    assert!(gc(&shop).contains(place.to_str().unwrap()));
    assert_eq!(pids(&shop, "postgres"), [0; 0]);
    assert!(!has_segment(&segment));
    assert_eq!(shop.places().len(), 0);
    kill(&pids(&shop, "sleep 600"));
    live.ended();
}

#[test]
fn a_server_that_dies_while_it_is_needed_is_no_success() {
    let shop = Shop::with_postgres();
    let mut live = Live::start(&mut shop.with(&format!(
        "touch '{}'; while psql -qAt \"$DATABASE_URL\" -c 'select 1' > /dev/null 2>&1; do sleep 0.02; done; sleep 0.3",
        shop.it.path("ready").display()
    )));
    live.wait_for_file(&shop.it.path("ready"));
    kill(&pids(&shop, "cluster_name="));
    let ended = live.ended().exits(3);
    assert!(
        ended.stderr.contains("error: service `postgres` ended while it was needed: killed by signal 9"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("the command passed, but the services were gone before it ended"),
        "{}",
        ended.stderr
    );
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn a_signal_ends_all_of_it() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let shop = Shop::with_postgres();
        let live = under_way(&shop);
        if signal == "INT" {
            // As a terminal does: to the command too.
            let sleeping = pids(&shop, "sleep 600").iter().map(i32::to_string).collect::<Vec<_>>();
            // Some of them may be gone before their turn comes.
            crate::fixture::clean("kill").arg("-INT").args(sleeping).status().unwrap();
        }
        live.signal(signal);
        live.ended().exits(code);
        assert_eq!(shop.places().len(), 0, "{signal}");
    }
}

/// Where the system tells nobody that a parent has died, another process watches: here real ones that sleep.
#[test]
fn a_watcher_ends_a_server_whose_parent_has_died_and_leaves_others_alone() {
    let sleep = || crate::fixture::clean("sleep").arg("600").spawn().unwrap();
    let windlass = |args: &[&str]| crate::fixture::clean(env!("CARGO_BIN_EXE_windlass")).args(args).spawn().unwrap();
    let (mut parent, mut server, mut other) = (sleep(), sleep(), sleep());
    let numbers = [parent.id().to_string(), "3".to_owned(), server.id().to_string()];
    let mut watcher = windlass(&["services", "watch", &numbers[0], &numbers[1], &numbers[2]]);
    thread::sleep(Duration::from_millis(300));
    assert!(server.try_wait().unwrap().is_none() && watcher.try_wait().unwrap().is_none());
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&server.wait().unwrap()), Some(3));
    assert!(watcher.wait().unwrap().success());
    assert!(other.try_wait().unwrap().is_none());

    // It goes with a server that ends by itself.
    let mut parent = sleep();
    let mut watcher = windlass(&["services", "watch", &parent.id().to_string(), "3", &other.id().to_string()]);
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(watcher.wait().unwrap().success());
    parent.kill().unwrap();
    parent.wait().unwrap();
}

#[test]
fn who_wanted_the_servers_is_killed_before_they_are_ready() {
    let shop = Shop::with_services("[services.postgres]\nmigrations = \"migrations\"\n");
    let live = filling(&shop);
    live.signal("KILL");
    servers_end(&shop);
    assert_eq!(shop.places().len(), 0);
    live.ended();
}

/// As a process finds it whose parent has died before it could look.
#[test]
fn a_supervisor_whose_owner_nobody_knows_does_not_start() {
    let shop = Shop::with_postgres();
    let program = env!("CARGO_BIN_EXE_windlass");
    let mut command = clean("setsid");
    command.args([program, "services", "supervise"]).current_dir(shop.it.root());
    let refused = ended(command.env("XDG_RUNTIME_DIR", shop.it.path("run"))).exits(3).stderr;
    assert!(refused.starts_with("error: whoever started this has died already, "), "{refused}");
    assert_eq!(shop.places().len(), 0);
}
