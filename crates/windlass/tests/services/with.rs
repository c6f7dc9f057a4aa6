//! One command with its services.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::killed::{SLEEP, kill, pids};
use crate::live::{Live, run};
use crate::shop::Shop;

const ASK: &str = "psql \"$DATABASE_URL\" -Atc \"select current_user, current_database(), current_setting('fsync')\"";

#[test]
fn a_command_has_a_database_of_its_own_and_nothing_is_left_of_it() {
    let shop = Shop::with_postgres();
    let ended = shop.run(ASK).exits(0);
    assert_eq!((&*ended.stdout, &*ended.stderr), ("windlass|windlass|off\n", ""));
    assert_eq!(shop.places(), Vec::<PathBuf>::new());
    assert!(!shop.it.path("target/windlass/runs").exists());
}

#[test]
fn the_exit_code_is_the_commands_and_it_runs_where_the_user_stands() {
    let shop = Shop::with_postgres();
    shop.run("exit 7").exits(7);
    shop.run("kill -TERM $$").exits(143);
    let below = run(shop.with("pwd; cat").current_dir(shop.it.path("src"))).exits(0);
    assert_eq!(below.stdout, format!("{}\n", shop.it.path("src").display()));
    let missing = run(&mut shop.command(&["with", "--", "no-such-program"])).exits(3);
    assert_eq!(missing.stderr, "error: cannot start `no-such-program`: no such program on `PATH`\n");
}

#[test]
fn address_and_password_stay_until_the_port_is_taken_and_nobody_else_may_read_them() {
    let shop = Shop::with_postgres();
    let url = || shop.run("echo $DATABASE_URL").exits(0);
    let first = url().stdout;
    assert_eq!(url().stdout, first);
    let file = shop.it.path("target/windlass/services/addresses.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let port: u16 = first.trim().rsplit_once(':').unwrap().1.split_once('/').unwrap().0.parse().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let other = url();
    assert_ne!(other.stdout, first);
    assert!(
        other.stderr.starts_with(&format!("note: port {port} of `postgres` is taken: it has ")),
        "{}",
        other.stderr
    );
    drop(taken);
    assert_eq!(url().stdout, other.stdout);
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let shop = Shop::with_postgres();
    let first = shop.it.path("first");
    let script = format!("echo $DATABASE_URL > '{0}.part'; mv '{0}.part' '{0}'; sleep 600", first.display());
    let mut live = Live::start(&mut shop.with(&script));
    live.wait_for_file(&first);
    let second = shop.run(&format!("{ASK}; echo $DATABASE_URL")).exits(0);
    assert!(second.stderr.starts_with("note: another run of this workspace goes on: `postgres` has port "));
    let (answer, url) = second.stdout.split_once('\n').unwrap();
    assert_eq!(answer, "windlass|windlass|off");
    assert_ne!(url, std::fs::read_to_string(&first).unwrap());
    assert_eq!(shop.places().len(), 1);
    live.signal("TERM");
    live.ended().exits(143);
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn settings_and_names_of_variables_are_the_users() {
    let shop = Shop::with_services(
        "[services.postgres]\nexport = { TEST_DATABASE_URL = \"{url}?sslmode=disable\" }\n\
         [services.postgres.settings]\nmax_connections = \"17\"\nfsync = \"on\"\n",
    );
    let show = "psql \"$TEST_DATABASE_URL\" -Atc 'show max_connections' -c 'show fsync' -c 'show synchronous_commit'";
    let ended = shop.run(&format!("{show}; psql \"$DATABASE_URL\" -Atc 'select 1'")).exits(0);
    assert_eq!(ended.stdout, "17\non\noff\n1\n");
}

#[test]
fn a_role_may_do_what_test_suites_do_and_its_password_is_needed() {
    let shop = Shop::with_postgres();
    let script = "set -e\n\
        ask() { url=$1; shift; psql -v ON_ERROR_STOP=1 -qAt \"$url\" \"$@\"; }\n\
        ask \"$DATABASE_URL\" -c 'create database other' -c 'create role somebody' -c 'create extension pgcrypto'\n\
        ask \"${DATABASE_URL%/*}/other\" -c 'select current_database()'\n\
        ask \"$DATABASE_URL\" -c 'set role somebody' -c 'select current_user'\n\
        ask \"$DATABASE_URL\" -c \"select encode(digest('x', 'md5'), 'hex')\"\n\
        ask \"$(echo $DATABASE_URL | sed 's/:[0-9a-f]*@/:wrong@/')\" -c 'select 1'";
    let ended = shop.run(script).exits(2);
    assert_eq!(ended.stdout, "other\nsomebody\n9dd4e461268c8034f5c8564e155c67a6\n", "{}", ended.stderr);
    assert!(ended.stderr.contains("password authentication failed"), "{}", ended.stderr);
}

#[test]
fn a_workspace_may_have_any_path() {
    let shop = Shop::with_postgres();
    let deep = format!("a b/{}/it's", "long".repeat(50));
    for name in ["Cargo.toml", "Cargo.lock", "src/lib.rs", ".config/windlass.toml", "rust-toolchain.toml"] {
        shop.it.file(&format!("{deep}/{name}"), &shop.it.read(name));
    }
    let ended = run(shop.with(ASK).current_dir(shop.it.path(&deep))).exits(0);
    assert_eq!(ended.stdout, "windlass|windlass|off\n");
}

/// As another user runs it, and as root runs it with and without user namespaces. Who is not root shows the first case only.
#[test]
fn servers_that_refuse_root_run_for_root_too() {
    let shop = Shop::with_postgres();
    let is_root = crate::fixture::ended(crate::fixture::clean("id").arg("-u")).stdout == "0\n";
    let whose = "stat -c '%U %a' $(dirname $(psql \"$DATABASE_URL\" -Atc 'show data_directory'))/data; pwd";
    let first = shop.run(whose).exits(0).stdout;
    assert!(first.starts_with(if is_root { "root 700\n" } else { "" }), "{first}");
    if !is_root {
        return;
    }
    let script = shop.it.path("bin/unshare");
    shop.it.file("bin/unshare", "#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = |more: &str| format!("{}:{more}", shop.it.path("bin").display());
    let path_now = std::env::var("PATH").unwrap();
    let handed_over = run(shop.with(&format!("{whose}; {ASK}")).env("PATH", path(&path_now))).exits(0).stdout;
    assert!(handed_over.starts_with("nobody 700\n") && handed_over.ends_with("|off\n"), "{handed_over}");
    shop.it.file("bin/setpriv", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(shop.it.path("bin/setpriv"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = run(shop.with("true").env("PATH", path(&path_now))).exits(3);
    assert!(refused.stderr.starts_with("error: this is root, which servers refuse, "), "{}", refused.stderr);
}

/// Root without user namespaces only: the server is `nobody`'s, and started by no program of windlass's.
#[test]
fn a_server_that_was_handed_over_dies_with_the_supervisor_too() {
    if crate::fixture::ended(crate::fixture::clean("id").arg("-u")).stdout != "0\n" {
        return;
    }
    let shop = Shop::with_postgres();
    shop.it.file("bin/unshare", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(shop.it.path("bin/unshare"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", shop.it.path("bin").display(), std::env::var("PATH").unwrap());
    let file = shop.it.path("server");
    let script = format!(
        "head -1 \"$(psql \"$DATABASE_URL\" -Atc 'show data_directory')/postmaster.pid\" > '{0}.part'; \
         mv '{0}.part' '{0}'; sleep 600",
        file.display()
    );
    let mut live = Live::start(shop.with(&script).env("PATH", path));
    live.wait_for_file(&file);
    let server = PathBuf::from("/proc").join(shop.it.read("server").trim_end());
    assert_eq!(server.metadata().unwrap().uid(), 65534);
    let data = server.join("cwd").read_link().unwrap();
    let place = data.ancestors().nth(2).unwrap();

    // It is where all users' are: what other tests start meanwhile is not to sweep it, for it would say so.
    let lock = File::options().write(true).open(place.join("lock")).unwrap();
    let holder = std::thread::spawn(move || lock.lock().map(|()| lock));
    kill(&pids(&shop, "services supervise"));
    let _held = holder.join().unwrap().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while std::fs::read(server.join("cmdline")).is_ok_and(|line| !line.is_empty()) {
        assert!(Instant::now() < deadline, "the server still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
    // By itself, so that no segment of it stays.
    assert!(!data.join("postmaster.pid").exists());
    std::fs::remove_dir_all(place).unwrap();
    kill(&pids(&shop, SLEEP));
    live.ended().exits(137);
}

/// Who is not root shows it with every test.
#[test]
fn who_is_not_root_has_servers_too() {
    if crate::fixture::ended(crate::fixture::clean("id").arg("-u")).stdout != "0\n" {
        return;
    }
    let shop = Shop::with_services("[services.postgres]\nmigrations = \"migrations\"\n");
    shop.it.file("migrations/1_item.sql", "create table item (id int);\n");
    let home = shop.it.path("home");
    shop.it.file("home/empty", "");
    // The programs of the user that runs the tests are nobody else's to run.
    let program = shop.it.path("windlass");
    std::fs::copy(env!("CARGO_BIN_EXE_windlass"), &program).unwrap();
    crate::fixture::ended(crate::fixture::clean("chown").args(["-R", "nobody"]).arg(shop.it.root())).exits(0);
    let cargo = "#!/bin/sh\nexec cat metadata.json\n";
    let metadata = shop.it.cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]).exits(0).stdout;
    shop.it.file("metadata.json", &metadata).file("bin/cargo", cargo);
    std::fs::set_permissions(shop.it.path("bin/cargo"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", shop.it.path("bin").display());
    let script = "id -un; stat -c %U \"$(dirname \"$(psql \"$DATABASE_URL\" -Atc 'show data_directory')\")\"; \
                  psql -qAtc 'select count(*) from item' \"$DATABASE_URL\"";
    let mut command = crate::fixture::clean("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
        .arg(&program)
        .args(["with", "--", "sh", "-c", script])
        .current_dir(shop.it.root())
        .env("HOME", &home)
        .env("PATH", path)
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("XDG_CACHE_HOME");
    let ended = run(&mut command).exits(0);
    assert_eq!(ended.stdout, "nobody\nnobody\n0\n", "{}", ended.stderr);
}

/// Debian and Ubuntu only: elsewhere the user installs it, and this test says that it is missing.
#[test]
fn a_server_that_the_system_lacks_is_unpacked_and_installed_nowhere() {
    let shop = Shop::with_services("[services.redis]\n[services.redis.settings]\nmaxmemory = \"50mb\"\n");
    let cache = shop.it.path("cache");
    let command = |args: &[&str]| {
        let mut command = shop.command(args);
        command.env("XDG_CACHE_HOME", &cache);
        command
    };
    let units = |root: &Path| {
        let dirs = ["lib/systemd/system", "usr/lib/systemd/system", "etc/systemd/system", "etc/init.d"];
        let files = dirs.into_iter().flat_map(|dir| std::fs::read_dir(root.join(dir))).flatten();
        files.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    // A server of the machine's own, which may listen where the package's would, is not what this is about.
    let of_system = || (units(Path::new("/")), TcpStream::connect(("127.0.0.1", 6379)).is_ok());
    let before = of_system();
    let script = "port=${REDIS_URL##*:}; exec 3<>/dev/tcp/127.0.0.1/${port%/*}\n\
        password=${REDIS_URL#redis://:}; password=${password%@*}\n\
        printf 'AUTH %s\\r\\nCONFIG GET maxmemory\\r\\nCONFIG GET save\\r\\nQUIT\\r\\n' \"$password\" >&3; cat <&3";
    let args = ["with", "--", "bash", "-c", script];
    let first = run(&mut command(&args)).exits(0);
    assert!(
        first.stdout.starts_with("+OK\r\n*2\r\n$9\r\nmaxmemory\r\n$8\r\n52428800\r\n*2\r\n$4\r\nsave\r\n$0\r\n"),
        "{first:?}"
    );
    if crate::fixture::find("redis-server").is_none() {
        let said = "`redis` is not at hand; about to fetch ";
        assert!(first.stderr.starts_with(said) && first.stderr.contains("apt-get download"), "{}", first.stderr);
        // The package has what would start it with the system, and nothing of that is there.
        let own = units(&cache.join("windlass/servers/redis"));
        assert!(!own.is_empty() && own.is_disjoint(&units(Path::new("/"))), "{own:?}");
        assert_eq!(crate::fixture::find("redis-server"), None);
        // It is the program that runs, as the only one of the package, for as long as the command does.
        let running = "readlink /proc/[0-9]*/exe | grep \"^$XDG_CACHE_HOME/\"";
        let ended = run(&mut command(&["with", "--no-setup", "--", "sh", "-c", running])).exits(0);
        assert_eq!((ended.stdout.lines().count(), &*ended.stderr), (1, ""), "{}", ended.stdout);
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let exes = entries.filter_map(|entry| std::fs::read_link(entry.path().join("exe")).ok());
        assert_eq!(exes.filter(|exe| exe.starts_with(&cache)).collect::<Vec<_>>(), [""; 0].map(PathBuf::from));

        let empty = shop.it.path("empty");
        let mut refused = shop.command(&["with", "--no-setup", "--", "true"]);
        refused.env("XDG_CACHE_HOME", &empty).env("DOCKER_HOST", "unix:///nowhere/docker.sock");
        let refused = run(&mut refused).exits(3).stderr;
        assert!(refused.starts_with("error: service `redis`: there is no `redis-server` on `PATH`"), "{refused}");
        assert!(!empty.exists());
    }
    assert_eq!(of_system(), before);
}
