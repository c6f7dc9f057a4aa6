//! What cannot be: said early, with what would be right, and nothing is left.

use crate::live::run;
use crate::shop::Shop;

#[test]
fn a_workspace_without_services_is_told_how_to_have_one() {
    let shop = Shop::with_services("");
    let ended = shop.run("true").exits(2);
    let message = "`.config/windlass.toml` declares no service; `[services.postgres]` in it declares PostgreSQL";
    assert_eq!(ended.stderr, format!("error: {message}\n"));
}

#[test]
fn a_server_that_is_not_at_hand_is_named_with_the_way_to_get_it() {
    let shop = Shop::with_services("[services.postgres]\npackage.find = []\n");
    let cargo = crate::fixture::find("cargo").unwrap();
    // Neither servers nor apt.
    let path = cargo.parent().unwrap();
    let nowhere = "unix:///nowhere/docker.sock";
    let ended = run(shop.with("true").env("PATH", path).env("DOCKER_HOST", nowhere)).exits(3);
    let why = "error: service `postgres` has to be installed by you: `nix profile install nixpkgs#postgresql`, or by this \
         system's package manager what Debian calls postgresql\n";
    assert_eq!(ended.stderr, why);
    // The testkit is told so that it can fall back to a container of the crate testcontainers.
    let owner = std::process::id().to_string();
    let mut supervise = shop.command(&["services", "supervise", "--no-setup", "--owner", &owner]);
    let told = run(supervise.env("PATH", path).env("DOCKER_HOST", nowhere)).exits(3);
    assert_eq!(told.stdout, "services not at hand: postgres\n");
    let mut refused = shop.command(&["with", "--no-setup", "--", "true"]);
    let refused = run(refused.env("PATH", path).env("DOCKER_HOST", nowhere)).exits(3);
    let first = "error: service `postgres`: there is no `postgres` on `PATH`, nor where systems have it\nhelp: `setup` unpacks it";
    assert!(refused.stderr.starts_with(first), "{}", refused.stderr);
    assert!(
        refused.stderr.ends_with("nothing may be fetched (`--no-setup`, or `ci.setup = false`)\n"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_version_that_is_not_at_hand_is_never_another_one() {
    let shop = Shop::with_services("[services.postgres]\nversion = \"9.4\"\n");
    let ended = shop.run("true").exits(3);
    assert!(
        ended.stderr.starts_with("error: service `postgres`: version 9.4 is wanted, and there is 1"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains(" in `/"), "{}", ended.stderr);
    // What else could be done is said where it could.
    let in_container = "or say `backend = \"container\"`; `services.postgres.version` says which will do\n";
    assert!(ended.stderr.ends_with(in_container), "{}", ended.stderr);
    let ended = run(shop.with("true").env("DOCKER_HOST", "unix:///nowhere/docker.sock")).exits(3);
    assert!(!ended.stderr.contains("container"), "{}", ended.stderr);
}

#[test]
fn doctor_reports_each_service() {
    let shop = Shop::with_services("[services.postgres]\n");
    let ended = run(&mut shop.command(&["doctor"])).exits(0);
    assert!(
        ended.stdout.contains("ok      postgres\n          wanted      >=13\n          found       1"),
        "{}",
        ended.stdout
    );
    let shop = Shop::with_services("[services.postgres]\nversion = \"9.4\"\n");
    let ended = run(&mut shop.command(&["doctor"])).exits(1);
    assert!(
        ended
            .stdout
            .contains("MISSING postgres\n          wanted      9.4\n          found       service `postgres`: "),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let shop = Shop::with_services("[services.postgres.settings]\nno_such_setting = \"1\"\n");
    // Whether the data is made now or was kept by an earlier run.
    for _ in 0..2 {
        let said = shop.run("true").exits(3).stderr;
        let expected = "error: service `postgres` ended before it was ready: failed with exit code 1\n  | ";
        assert!(said.starts_with(expected), "{said}");
        assert_eq!(said.matches("unrecognized configuration parameter \"no_such_setting\"").count(), 1, "{said}");
    }
    let shop = Shop::with_services("[services.postgres]\nprocess.init = [\"initdb\", \"--no-such-flag\"]\n");
    let ended = shop.run("true").exits(3);
    assert!(ended.stderr.starts_with("error: service `postgres` could not make its data\n  | "), "{}", ended.stderr);
    assert!(ended.stderr.contains("no-such-flag"), "{}", ended.stderr);
    assert_eq!(shop.places().len(), 0);
}

/// What is in a server's way is said before what it says of it.
#[test]
fn the_cause_is_said_where_a_server_tells_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let locked = tempfile::NamedTempFile::new().unwrap();
    std::fs::set_permissions(locked.path(), std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let cases = [
        (
            format!("settings.port = \"{port}\""),
            "ended before it was ready: failed with exit code 1: its port is taken",
        ),
        (
            format!("settings.hba_file = \"{}\"", locked.path().display()),
            "ended before it was ready: failed with exit code 1: it is not permitted to use a file or a port",
        ),
        (
            "process.init = [\"initdb\", \"-D\", \"{data}\", \"--locale=xx_YY.UTF-8\"]".to_owned(),
            "could not make its data: this system has no such locale",
        ),
    ];
    for (keys, expected) in cases {
        let shop = Shop::with_services(&format!("[services.postgres]\n{keys}\n"));
        let refused = shop.run("true").exits(3).stderr;
        // Another port was tried before, as where a system does not hold one.
        let n_notes = refused.lines().take_while(|line| line.starts_with("note: port ")).count();
        assert_eq!(n_notes, if keys.contains("port") { 2 } else { 0 }, "{keys}: {refused}");
        assert!(refused.contains(&format!("error: service `postgres` {expected}\n  | ")), "{keys}: {refused}");
        assert_eq!(shop.places().len(), 0, "{keys}");
    }
}

/// Whatever the user sets, nobody but this machine reaches it.
#[test]
fn a_server_that_others_reach_is_refused() {
    for (service, setting) in [("postgres", "listen_addresses = \"*\""), ("redis", "bind = \"0.0.0.0\"")] {
        let shop = Shop::with_services(&format!("[services.{service}.settings]\n{setting}\n"));
        let refused = shop.run("true").exits(3).stderr;
        // A Redis may have been unpacked before.
        assert!(refused.contains(&format!("error: service `{service}` listens on 0.0.0.0:")), "{refused}");
        assert!(refused.contains(", which others reach; it may listen on 127.0.0.1 only\n"), "{refused}");
        assert_eq!(shop.places().len(), 0);
    }
}

#[test]
fn a_configuration_that_is_no_service_is_refused_with_its_line() {
    let cases = [
        (
            "[services.postgers]\n",
            "1: `services.postgers` is no service that comes with windlass, and has no `kind`; did you mean `postgres`?",
        ),
        (
            "[services.Postgres]\n",
            "1: `services.Postgres` is no name of a service; use lower-case letters, digits and `-`",
        ),
        ("[services]\npostgres = 15\n", "2: `services.postgres` is an integer; it must be a table"),
        (
            "[services.postgres]\n\nversoin = \"15\"\n",
            "3: unknown key `services.postgres.versoin`; did you mean `services.postgres.version`?",
        ),
        (
            "[services.postgres]\nversion = \"15-alpine\"\n",
            "2: `services.postgres.version` is \"15-alpine\"; it must be like \"16\", \"15.18\" or \">=13\"",
        ),
        (
            "[services.postgres.export]\nDATABASE_URL = \"{uri}\"\n",
            "2: `services.postgres.export.DATABASE_URL`: `{uri}` stands for nothing; did you mean `url`?",
        ),
        (
            "[services.postgres]\nexport = { \"A-B\" = \"{url}\" }\n",
            "2: `services.postgres.export` sets `A-B`, which no shell could set; use letters, digits and `_`",
        ),
        (
            "[services.postgres.process]\nstop = \"HUP\"\n",
            "2: `services.postgres.process.stop` is \"HUP\"; it must be \"INT\" or \"QUIT\" or \"TERM\" or \"KILL\"",
        ),
        (
            "[services.mosquitto.settings]\nmax_packet_size = \"9\"\n",
            "1: `services.mosquitto.settings` is told to no server: there is no `{settings}` in `services.mosquitto.process.command`",
        ),
        (
            "[services.postgres.settings]\nmax_connections = 17\n",
            "2: `services.postgres.settings.max_connections` is an integer; it must be a string",
        ),
        ("[services.postgres.package]\nprobe = []\n", "1: `services.postgres.package.probe` names no program"),
        (
            "[services.postgres.process]\ncommand = [\"{settings}\"]\n",
            "1: `services.postgres.process.command` has to begin with the server's program",
        ),
        (
            "[services.redis]\nready.probe = \"postgres\"\n",
            "2: `services.redis.ready.probe` is not what the `kind` speaks; it must be the same word",
        ),
        (
            "[services.postgres]\n[services.redis]\nexport = { DATABASE_URL = \"{url}\" }\n",
            "2: `services.redis.export` and `services.postgres.export` both set `DATABASE_URL`; give one another name",
        ),
        ("[services.mine]\nkind = \"redis\"\n", "1: `services.mine.version` is missing: which versions will do"),
    ];
    for (text, message) in cases {
        let shop = Shop::with_services(text);
        let ended = shop.run("true").exits(2);
        let first = ended.stderr.lines().next().unwrap();
        assert_eq!(first, format!("error: .config/windlass.toml:{message}"), "{text}");
    }
}

/// A machine in which every place for servers is a file system of this size; what is not there is the disk.
#[test]
fn a_full_disk_is_the_cause_that_is_said() {
    let shop = Shop::with_postgres();
    let is_root = crate::fixture::ended(crate::fixture::clean("id").arg("-u")).stdout == "0\n";
    // The checkout may itself be where nothing is seen any more.
    std::fs::copy(env!("CARGO_BIN_EXE_windlass"), shop.it.path("windlass")).unwrap();
    let script = format!(
        "set -e\nmkdir -p /mnt/shop && mount --bind '{}' /mnt/shop\n\
         mount -t tmpfs -o size=16m tmpfs /tmp && mount -t tmpfs -o size=16m tmpfs /dev/shm\n\
         cd /mnt/shop && exec ./windlass with -- true",
        shop.it.root().display()
    );
    let mut command = crate::fixture::clean("unshare");
    command.args(if is_root { &["--mount"][..] } else { &["--map-root-user", "--mount"] }).args(["sh", "-c", &script]);
    command.env_remove("XDG_RUNTIME_DIR").env_remove("TMPDIR").env("XDG_CACHE_HOME", "/mnt/shop/cache");
    let refused = run(&mut command).exits(3).stderr;
    assert!(refused.starts_with("error: service `postgres` could not make its data: the disk is full\n"), "{refused}");
    assert!(refused.contains("No space left on device"), "{refused}");
}

/// What cannot be kept for the next run is said, and the run goes on.
#[test]
fn a_cache_that_is_full_keeps_nothing_and_harms_nobody() {
    let shop = Shop::with_postgres();
    shop.it.file("cache/windlass/templates", "a file where a directory is wanted");
    let ended =
        run(shop.with("psql -qAtc 'select 1' \"$DATABASE_URL\"").env("XDG_CACHE_HOME", shop.it.path("cache"))).exits(0);
    assert_eq!(ended.stdout, "1\n");
    assert!(
        ended.stderr.starts_with("note: what `postgres` begins with is not kept: cannot make `"),
        "{}",
        ended.stderr
    );
}
