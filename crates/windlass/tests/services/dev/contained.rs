//! Servers of development in containers: their data stays in a volume.

use std::path::Path;

use serde_json::Value;
use windlass_services::ContainerSpec;

use super::{Dev, wait_until};
use crate::engine::{engine, have_images};
use crate::fixture::{clean, ended};
use crate::live::run;

const POSTGRES: &str = "[services.postgres]\nbackend = \"container\"\n";
const REDIS: &str = "[services.redis]\nbackend = \"container\"\n";

/// A workspace whose volumes are gone at the end of the test.
struct Contained {
    dev: Dev,
}

impl Contained {
    fn with_services(services: &str) -> Self {
        let dev = Dev::with_services(services);
        have_images(&dev.shop);
        Self { dev }
    }

    /// What is known of the servers that run.
    fn running(&self) -> Value {
        let text = std::fs::read_to_string(self.dev.home().join("running.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn container(&self, service: &str) -> String {
        self.running()["servers"][service]["container"].as_str().unwrap().to_owned()
    }

    /// The volumes of the worktree.
    fn volumes(&self) -> Vec<String> {
        volumes(&self.dev.shop.it.root())
    }

    fn kill_supervisor(&self) {
        let pid = self.running()["pid"].to_string();
        assert!(clean("kill").args(["-KILL", &pid]).status().unwrap().success());
    }
}

/// Those of a worktree, be it there or not.
fn volumes(root: &Path) -> Vec<String> {
    let all = engine().volumes("windlass.dev").unwrap().into_iter();
    all.filter(|it| it.labels["windlass.dev"] == root.to_string_lossy()).map(|it| it.name).collect()
}

impl Drop for Contained {
    fn drop(&mut self) {
        let _ = self.dev.command(&["reset", "--yes"]).output();
        let _ = self.dev.command(&["down"]).output();
        self.volumes().iter().for_each(|volume| drop(engine().remove_volume(volume)));
    }
}

#[test]
fn data_stays_in_a_volume_until_it_is_reset() {
    let it = Contained::with_services(POSTGRES);
    let dev = &it.dev;
    let up = dev.run(&["up"]).exits(0);
    assert!(up.stderr.starts_with("note: `postgres` runs in a container: docker run --detach --rm "), "{}", up.stderr);
    let port = dev.port();
    assert!(up.stdout.contains(&format!(": postgres://windlass:***@127.0.0.1:{port}/windlass\n")), "{}", up.stdout);
    let settings = "select current_setting('fsync') || current_setting('autovacuum') || current_user";
    assert_eq!(dev.ask(settings), "ononwindlass\n");
    dev.ask("create table item as select 7 as n");
    let [volume] = &it.volumes()[..] else { panic!("{:?}", it.volumes()) };
    let status = run(&mut dev.command(&["status"])).exits(0).stdout;
    assert!(status.starts_with(&format!("postgres  up    port {port}  version ")), "{status}");
    assert!(status.ends_with(&format!(" UTC  data in the volume `{volume}`\n")), "{status}");
    assert!(dev.run(&["up"]).exits(0).stdout.ends_with("\nthey were up already\n"));

    let (env, container) = (dev.run(&["env"]).exits(0).stdout, it.container("postgres"));
    assert_eq!(run(&mut dev.command(&["down"])).exits(0).stdout, "stopped; the data stays\n");
    assert_eq!((engine().state(&container).unwrap(), dev.shop.places()), (None, vec![]));
    let log = std::fs::read_to_string(dev.home().join("postgres/log")).unwrap();
    assert!(log.contains("received fast shutdown request") && log.ends_with("database system is shut down\n"), "{log}");

    // The runs of tests have containers of their own, and what they sweep is not this.
    let script = "psql -qAtc \"select to_regclass('item') is null\" \"$DATABASE_URL\"";
    assert_eq!(run(&mut dev.shop.with(script)).exits(0).stdout, "t\n");
    run(&mut dev.command(&["services", "gc", "--check"])).exits(0);
    dev.run(&["up"]).exits(0);
    assert_eq!((dev.ask("select n from item"), dev.run(&["env"]).stdout), ("7\n".to_owned(), env));
    run(&mut dev.command(&["services", "gc", "--check"])).exits(0);
    assert_eq!(dev.ask("select n from item"), "7\n");

    // With another password, where that has been lost.
    run(&mut dev.command(&["down"])).exits(0);
    std::fs::remove_file(dev.home().join("addresses.json")).unwrap();
    dev.run(&["up"]).exits(0);
    let url = dev.run(&["env"]).stdout;
    let url = url.trim().split_once('=').unwrap().1;
    assert_eq!(run(clean("psql").args([url, "-qAtc", "select n from item"])).exits(0).stdout, "7\n");

    let reset = dev.run(&["reset", "postgres", "--yes"]).exits(0);
    let said = format!("removed the data of `postgres` (in the volume `{volume}`)\n");
    assert!(reset.stdout.starts_with(&said), "{}", reset.stdout);
    assert_eq!(dev.ask("select to_regclass('item') is null"), "t\n");
    run(&mut dev.command(&["down"])).exits(0);
    run(&mut dev.command(&["reset", "--yes"])).exits(0);
    assert_eq!(it.volumes(), Vec::<String>::new());
}

#[test]
fn whatever_is_killed_the_next_up_goes_on_with_the_data() {
    let it = Contained::with_services(&format!("{POSTGRES}{REDIS}"));
    let dev = &it.dev;
    let cache = dev.shop.it.path("cache");
    // With no client on this machine, the one within.
    let redis = |args: &[&str]| {
        let mut command = dev.command(&[&["connect", "redis", "--"], args].concat());
        run(command.env("XDG_CACHE_HOME", &cache)).exits(0).stdout
    };
    let ask = || (dev.ask("select n from item"), redis(&["get", "item"]));
    let seven = ("7\n".to_owned(), "7\n".to_owned());
    dev.run(&["up"]).exits(0);
    dev.ask("create table item as select 7 as n");
    assert_eq!(redis(&["set", "item", "7"]), "OK\n");

    // The supervisor: the containers end with it, in good order.
    let containers = [it.container("postgres"), it.container("redis")];
    let is_gone = || containers.iter().all(|name| engine().state(name).unwrap().is_none());
    it.kill_supervisor();
    wait_until("the containers end", is_gone);
    run(&mut dev.command(&["status"])).exits(1);
    dev.run(&["up"]).exits(0);
    assert_eq!(ask(), seven);
    let log = std::fs::read_to_string(dev.home().join("postgres/log")).unwrap();
    assert!(!log.contains("not properly shut down"), "{log}");

    // At once, when they still run.
    it.kill_supervisor();
    dev.run(&["up"]).exits(0);
    assert_eq!(ask(), seven);

    // A container: it is said, and `up` starts it again.
    engine().kill(&it.container("postgres"), "KILL").unwrap();
    let says =
        || run(&mut dev.command(&["status"])).stdout.contains("down  it has ended: failed with exit code 137  data ");
    wait_until("it is said", says);
    dev.run(&["up"]).exits(0);
    assert_eq!(ask(), seven);

    // Somebody else's container on the data of a server that is down: neither is harmed.
    run(&mut dev.command(&["down"])).exits(0);
    let volume = it.volumes().into_iter().find(|name| name.ends_with("-redis")).unwrap();
    let name = format!("windlass-test-theirs-{}", std::process::id());
    let theirs = ContainerSpec {
        image: "redis:7-windlass".into(),
        port: 6379,
        binds: vec![(volume.clone(), "/theirs".into())],
        ..ContainerSpec::default()
    };
    engine().create(&name, &theirs).unwrap();
    let refused = dev.run(&["up"]);
    engine().remove(&name).unwrap();
    let said = format!("service `redis` has its data in the volume `{volume}`, which the container `{name}` uses\n");
    assert!(refused.exits(3).stderr.contains(&said));
    dev.run(&["up"]).exits(0);
    assert_eq!(ask(), seven);
}

#[test]
fn a_new_database_begins_as_tests_do_and_what_fails_leaves_nothing() {
    let it = Contained::with_services(&format!("{POSTGRES}migrations = \"migrations\"\nfixtures = [\"item.csv\"]\n"));
    let dev = &it.dev;
    dev.shop.it.file("migrations/20260101000000_item.sql", "create table item (id int;\n");
    dev.shop.it.file("item.csv", "id\n3\n9\n");
    let failed = dev.run(&["up"]).exits(3);
    assert!(failed.stderr.contains("could not be filled: `migrations`: "), "{}", failed.stderr);
    assert_eq!((it.volumes(), dev.shop.places()), (vec![], vec![]));

    dev.shop.it.file("migrations/20260101000000_item.sql", "create table item (id int);\n");
    let first = dev.run(&["up"]).exits(0);
    assert!(first.stderr.contains("note: `postgres` is new, and begins with what tests begin with: "), "{first:?}");
    assert_eq!(dev.ask("select sum(id) from item"), "12\n");
    let names = "select string_agg(datname, ' ' order by 1) from pg_database where not datistemplate";
    assert_eq!(dev.ask(names), "postgres windlass\n");
    dev.ask("delete from item");
    run(&mut dev.command(&["down"])).exits(0);
    let second = dev.run(&["up"]).exits(0);
    assert!(!second.stderr.contains("is new"), "{}", second.stderr);
    assert_eq!(dev.ask("select count(*) from item"), "0\n");

    // Killed before it was complete, as a database shows that has not been given its name: it is made anew.
    run(&mut dev.command(&[
        "connect",
        "--",
        "-qc",
        "\\c postgres",
        "-c",
        "alter database windlass rename to windlass_template",
    ]))
    .exits(0);
    run(&mut dev.command(&["down"])).exits(0);
    dev.run(&["up"]).exits(0);
    assert_eq!((dev.ask("select sum(id) from item"), dev.ask(names)), ("12\n".into(), "postgres windlass\n".into()));
}

#[test]
fn a_service_stays_where_its_data_is_unless_its_table_says_otherwise() {
    let it = Contained::with_services(POSTGRES);
    let dev = &it.dev;
    dev.run(&["up"]).exits(0);
    dev.ask("create table item as select 7 as n");
    // The programs are at hand, and nothing says that they are to be used.
    dev.shop.it.file(".config/windlass.toml", "[services.postgres]\n");
    assert!(dev.run(&["up"]).exits(0).stdout.ends_with("they were up already\n"));
    assert_eq!(dev.ask("select n from item"), "7\n");

    dev.shop.it.file(".config/windlass.toml", "[services.postgres]\nbackend = \"process\"\n");
    let up = dev.run(&["up"]).exits(0);
    let other = "note: `postgres` is a process now, and begins afresh; what it has as a container stays: `backend = \"container\"` \
         in `[services.postgres]` has it again\n";
    assert!(up.stderr.contains(other), "{}", up.stderr);
    assert_eq!(dev.ask("select to_regclass('item') is null"), "t\n");
    let status = run(&mut dev.command(&["status"])).exits(0).stdout;
    assert!(status.contains(" MB and in the volume `windlass-dev-"), "{status}");
    dev.shop.it.file(".config/windlass.toml", POSTGRES);
    let up = dev.run(&["up"]).exits(0);
    assert!(up.stderr.contains("is a container now, and goes on with the data that it had so; "), "{}", up.stderr);
    assert_eq!(dev.ask("select n from item"), "7\n");
    let status = run(&mut dev.command(&["status"])).exits(0).stdout;
    assert!(status.contains(" in a container  since "), "{status}");
    // What ran last, not what has data too.
    dev.shop.it.file(".config/windlass.toml", "[services.postgres]\n");
    assert!(dev.run(&["up"]).exits(0).stdout.ends_with("they were up already\n"));

    // Nothing is declared any more: it is told, it can be stopped and removed.
    dev.shop.it.file(".config/windlass.toml", "");
    let status = run(&mut dev.command(&["status"])).exits(0).stdout;
    assert!(status.starts_with("postgres  up    no longer declared  data "), "{status}");
    dev.shop.it.file("Cargo.toml", "no manifest");
    assert_eq!(run(&mut dev.command(&["down"])).exits(0).stdout, "stopped; the data stays\n");
    dev.shop.it.file("Cargo.toml", &crate::fixture::manifest("app", ""));
    run(&mut dev.command(&["reset", "postgres", "--yes"])).exits(0);
    assert_eq!(it.volumes(), Vec::<String>::new());
    let none = run(&mut dev.command(&["status"])).exits(2).stderr;
    assert!(none.contains("declares no service"), "{none}");
}

#[test]
fn an_image_stays_with_the_data_that_it_wrote_and_has_to_be_told_where_that_is() {
    let it = Contained::with_services(REDIS);
    let dev = &it.dev;
    dev.run(&["up"]).exits(0);
    run(&mut dev.command(&["down"])).exits(0);
    let file = dev.home().join("redis/volume");
    let stored = std::fs::read_to_string(&file).unwrap();
    assert!(stored.contains("\"image\":\"redis:7-windlass\",\"is_complete\":true"), "{stored}");
    // One that is not there: no other is run on its data.
    std::fs::write(&file, stored.replace("redis:7-windlass", "redis:9-windlass")).unwrap();
    let gone = dev.run(&["up", "--no-setup"]).exits(3).stderr;
    assert!(gone.contains("service `redis` has no image: `redis:9-windlass` is not there"), "{gone}");
    assert!(gone.contains("\nhelp: its data is in the volume `windlass-dev-"), "{gone}");
    // Where the user names one, that.
    dev.shop.it.file(".config/windlass.toml", &format!("{REDIS}container.image = \"redis:7-windlass\"\n"));
    dev.run(&["up"]).exits(0);
    run(&mut dev.command(&["down"])).exits(0);

    // Begun, and never completed; then removed by somebody.
    std::fs::write(&file, stored.replace("true", "false")).unwrap();
    dev.run(&["up"]).exits(0);
    run(&mut dev.command(&["down"])).exits(0);
    engine().remove_volume(&it.volumes()[0]).unwrap();
    let afresh = dev.run(&["up"]).exits(0).stderr;
    assert!(afresh.contains("note: the container engine has no volume `windlass-dev-"), "{afresh}");

    let nowhere =
        "container.command = [\"redis-server\"]\ncontainer.files = { \"{run}/redis.conf\" = \"port {port}\" }\n";
    dev.shop.it.file(".config/windlass.toml", &format!("{REDIS}{nowhere}"));
    let refused = dev.run(&["up"]).exits(3).stderr;
    assert!(refused.contains("service `redis` cannot keep its data in a container: nothing in "), "{refused}");
}

#[test]
fn the_volumes_of_a_worktree_that_is_gone_go_with_its_data() {
    let (one, gone) = (Contained::with_services(REDIS), Contained::with_services(REDIS));
    let up = |task| ended(gone.dev.command(&[task]).env("XDG_DATA_HOME", one.dev.shop.it.path("share"))).exits(0);
    up("up");
    let root = gone.dev.shop.it.root();
    let aside = root.with_extension("aside");
    std::fs::rename(&root, &aside).unwrap();
    let gc = run(&mut one.dev.command(&["services", "gc"])).exits(0).stdout;
    assert!(
        gc.contains(", the volume `windlass-dev-")
            && gc.contains(" of development in `")
            && gc.contains("it stays: `--yes` removes it\n"),
        "{gc}"
    );
    assert_eq!(volumes(&root).len(), 1);
    let gc = run(&mut one.dev.command(&["services", "gc", "--yes"])).exits(0).stdout;
    assert_eq!(volumes(&root).len(), 0, "{gc}");
    // Also where nothing but the volume is left.
    std::fs::rename(&aside, &root).unwrap();
    up("up");
    up("down");
    std::fs::remove_dir_all(one.dev.home()).unwrap();
    std::fs::rename(&root, &aside).unwrap();
    assert_eq!(volumes(&root).len(), 1);
    let gc = run(&mut one.dev.command(&["services", "gc", "--yes"])).exits(0).stdout;
    assert_eq!(volumes(&root).len(), 0, "{gc}");
    std::fs::rename(&aside, &root).unwrap();
}

#[test]
fn without_an_engine_nothing_is_started_or_lost() {
    let it = Contained::with_services(REDIS);
    let dev = &it.dev;
    dev.run(&["up"]).exits(0);
    run(&mut dev.command(&["down"])).exits(0);
    let nowhere = format!("unix://{}", dev.shop.it.path("nowhere.sock").display());
    let refused = |args: &[&str]| ended(dev.command(args).env("DOCKER_HOST", &nowhere)).exits(3).stderr;
    let up = refused(&["up"]);
    assert!(up.starts_with("error: service `redis` needs a container: "), "{up}");
    let reset = refused(&["reset", "--yes"]);
    let volume = &it.volumes()[0];
    let said = format!(
        "error: nothing was removed: the volume `{volume}` has data of `redis`, and no container engine answers: "
    );
    assert!(reset.starts_with(&said), "{reset}");
    dev.run(&["up"]).exits(0);
}
