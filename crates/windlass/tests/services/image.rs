//! Images of this machine's own programs: what they take is what those of a registry take.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use windlass_services::ContainerSpec;

use crate::engine::{Running, engine};
use crate::live::run;
use crate::shop::Shop;

const READY: &str = "database system is ready to accept connections";

/// Builds the image of a service; what it is called.
fn built(service: &str) -> String {
    let shop = Shop::with_services("");
    engine();
    let ended = run(&mut shop.command(&["services", "image", service])).exits(0);
    let (reference, rest) = ended.stdout.split_once(": ").unwrap();
    assert!(reference.ends_with("-windlass") && rest.starts_with(service), "{ended:?}");
    let image = engine().images(reference).unwrap().remove(0);
    assert!(rest.starts_with(&format!("{service} {},", image.labels["windlass.image"])), "{rest} {image:?}");
    reference.to_owned()
}

fn spec(image: &str, port: u16, env: &[(&str, &str)]) -> ContainerSpec {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ContainerSpec { image: image.to_owned(), port, env, ..ContainerSpec::default() }
}

/// One test, for each container costs a second, and an image more.
#[test]
fn the_image_of_postgresql_takes_what_a_registrys_takes() {
    let image = built("postgres");
    as_it_is(&image);
    as_somebody_wants_it(&image);
    with_an_empty_directory(&image);
    without_a_password(&image);
    with_a_script_that_fails(&image);
    instead_of_the_server(&image);
}

fn as_it_is(image: &str) {
    let it = Running::start("as-it-is", &spec(image, 5432, &[("POSTGRES_PASSWORD", "postgres")]));
    let answer = it.psql("postgres", "postgres", "postgres", "select current_user, current_setting('server_encoding')");
    assert_eq!(answer, "postgres|UTF8\n");
    let wrong = it.try_psql("postgres", "wrong", "postgres", "select 1");
    assert!(wrong.stderr.contains("password authentication failed"), "{wrong:?}");
    // One server, which says that it is ready on standard error, and before it one line on standard output.
    assert_eq!(it.log().matches(READY).count(), 2);
    assert_eq!(it.log().matches("starting PostgreSQL").count(), 1);
}

fn as_somebody_wants_it(image: &str) {
    let scripts = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(scripts.path().join(name), text).unwrap();
    file(
        "1.sql",
        "create table seen (what text); insert into seen values (current_user || ' ' || current_database());",
    );
    let insert = "insert into seen values ('by a script')";
    file("2.sh", &format!("psql -q -U \"$POSTGRES_USER\" -d \"$POSTGRES_DB\" -c \"{insert}\"\n"));
    file("3.sql", "insert into seen values ('packed')");
    file("4.txt", "left out");
    let zip = Command::new("gzip").arg(scripts.path().join("3.sql")).status().unwrap();
    assert!(zip.success());
    let (user, password, database) = ("o'\"Brien", "it's \"a\" \\ pass;\nword", "shop \"one\"");
    let env = [("POSTGRES_USER", user), ("POSTGRES_PASSWORD", password), ("POSTGRES_DB", database)];
    let binds = vec![(scripts.path().display().to_string(), "/docker-entrypoint-initdb.d".to_owned())];
    let command = ["-c", "max_connections=17", "-c", "listen_addresses=0.0.0.0"].map(str::to_owned).to_vec();
    open_to_all(scripts.path());
    let it = Running::start("wanted", &ContainerSpec { binds, command, ..spec(image, 5432, &env) });
    let seen = "select string_agg(what, ', ' order by what) from seen";
    let expected = format!("by a script, {user} {database}, packed\n");
    assert_eq!(it.psql(user, password, database, seen), expected);
    let asked = "select current_setting('max_connections'), current_setting('listen_addresses'), rolsuper, \
        (select count(*) from pg_roles where rolname !~ '^pg_') from pg_roles where rolname = current_user";
    assert_eq!(it.psql(user, password, database, asked), "17|0.0.0.0|t|1\n");
    let wrong = it.try_psql(user, "postgres", database, "select 1");
    assert!(wrong.stderr.contains("password authentication failed"), "{wrong:?}");
    let log = it.log();
    assert!(log.contains("4.txt is left out"), "{log}");
    assert!(log.find("running /docker-entrypoint-initdb.d/4.txt") < log.find(READY), "{log}");
    // What has been done is not done again.
    it.kill("INT");
    it.start_again();
    assert_eq!(it.psql(user, password, database, seen), expected);
    assert_eq!(it.log().matches("windlass: running").count(), 4);
}

fn with_an_empty_directory(image: &str) {
    let tmpfs = BTreeMap::from([("/var/lib/postgresql/data".to_owned(), "uid=999,gid=999,mode=0700".to_owned())]);
    let env = [("POSTGRES_HOST_AUTH_METHOD", "trust"), ("POSTGRES_USER", "me")];
    let it = Running::start("empty", &ContainerSpec { tmpfs, ..spec(image, 5432, &env) });
    assert_eq!(it.psql("me", "", "me", "select current_user, current_database()"), "me|me\n");
}

fn without_a_password(image: &str) {
    let it = Running::start("no-password", &spec(image, 5432, &[]));
    assert_eq!(it.ends(), 1);
    assert!(it.log().starts_with("windlass: POSTGRES_PASSWORD is empty; set it, or "), "{}", it.log());
}

fn with_a_script_that_fails(image: &str) {
    let scripts = tempfile::tempdir().unwrap();
    std::fs::write(scripts.path().join("1.sql"), "select 1;\nselect nothing;\n").unwrap();
    open_to_all(scripts.path());
    let binds = vec![(scripts.path().display().to_string(), "/docker-entrypoint-initdb.d".to_owned())];
    let it = Running::start("fails", &ContainerSpec { binds, ..spec(image, 5432, &[("POSTGRES_PASSWORD", "x")]) });
    assert_eq!(it.ends(), 3);
    assert!(it.log().contains("1.sql:2: ERROR:  column \"nothing\" does not exist"), "{}", it.log());
    assert!(!it.log().contains(READY), "{}", it.log());
}

fn instead_of_the_server(image: &str) {
    for (command, first) in [("postgres --version", "postgres (PostgreSQL) 1"), ("id -un", "postgres\n")] {
        let command = command.split(' ').map(str::to_owned).collect();
        let it = Running::start("instead", &ContainerSpec { command, ..spec(image, 5432, &[]) });
        assert_eq!(it.ends(), 0);
        assert!(it.log().starts_with(first), "{}", it.log());
    }
}

#[test]
fn the_image_of_redis_takes_what_a_registrys_takes() {
    let image = built("redis");
    let ask = |it: &Running, question: &str| {
        it.until("answers", || {
            let mut stream = TcpStream::connect(("127.0.0.1", it.published())).ok()?;
            stream.write_all(format!("{question}QUIT\r\n").as_bytes()).ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok().filter(|n| *n > 0)?;
            Some(answer)
        })
    };
    let it = Running::start("redis", &spec(&image, 6379, &[]));
    assert_eq!(ask(&it, "PING\r\n"), "+PONG\r\n+OK\r\n");
    assert_eq!(ask(&it, "SAVE\r\n"), "+OK\r\n+OK\r\n");
    assert!(it.log().contains("Ready to accept connections"), "{}", it.log());
    for command in [vec!["--requirepass", "secret"], vec!["redis-server", "--requirepass", "secret", "--save", ""]] {
        let command = command.into_iter().map(str::to_owned).collect();
        let it = Running::start("redis-secret", &ContainerSpec { command, ..spec(&image, 6379, &[]) });
        assert_eq!(ask(&it, "PING\r\n"), "-NOAUTH Authentication required.\r\n+OK\r\n");
        assert_eq!(ask(&it, "AUTH secret\r\nPING\r\n"), "+OK\r\n+PONG\r\n+OK\r\n");
    }
}

/// Whoever wanted it may be killed between the engine's start and the moment that the container looks.
#[test]
fn a_container_whose_owner_has_died_before_it_began_ends() {
    let owner = tempfile::tempdir().unwrap();
    open_to_all(owner.path());
    let pipe = owner.path().join("alive");
    crate::fixture::ended(crate::fixture::clean("mkfifo").args(["-m", "666"]).arg(&pipe)).exits(0);
    let binds = vec![(owner.path().display().to_string(), "/run/windlass".to_owned())];
    for (service, port, env) in [("postgres", 5432, vec![("POSTGRES_PASSWORD", "x")]), ("redis", 6379, vec![])] {
        let spec = ContainerSpec { binds: binds.clone(), ..spec(&built(service), port, &env) };
        Running::start(&format!("orphan-{service}"), &spec).ends();
    }
}

/// The user of a container is somebody else.
fn open_to_all(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_has_no_image_is_refused() {
    let shop = Shop::with_services("");
    let ended = run(&mut shop.command(&["services", "image"])).exits(2);
    let expected = "error: `.config/windlass.toml` declares no service that has an image; name one: postgres, redis\n";
    assert_eq!(ended.stderr, expected);
    let ended = run(&mut shop.command(&["services", "image", "postgers"])).exits(2);
    assert_eq!(ended.stderr, "error: there is no service `postgers`; did you mean `postgres`?\n");
    let somewhere =
        run(shop.command(&["services", "image", "postgres"]).env("DOCKER_HOST", "tcp://10.0.0.1:2375")).exits(3);
    assert!(somewhere.stderr.starts_with("error: `DOCKER_HOST` is `tcp://10.0.0.1:2375`; "), "{}", somewhere.stderr);
    let nowhere =
        run(shop.command(&["services", "image", "postgres"]).env("DOCKER_HOST", "unix:///no/such.sock")).exits(3);
    let first = "error: no container engine answers: `/no/such.sock` is not there\nhelp: start Docker or Podman";
    assert!(nowhere.stderr.starts_with(first), "{}", nowhere.stderr);
}
