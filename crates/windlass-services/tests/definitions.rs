//! What a service's file and a user's table make of each other.

use windlass_services::{Backend, Definition, Mode, Probe, Template, Use, Values, read, shipped, shipped_names};
use windlass_toml::Problems;

fn values() -> Values {
    Values {
        data: "/d".into(),
        run: "/r".into(),
        prefix: "/usr".into(),
        host: "127.0.0.1".into(),
        port: 4321,
        user: "windlass".into(),
        password: "{port}".into(),
        database: "app".into(),
        version: "15.18".into(),
        id: "w-1".into(),
    }
}

/// The service of `text`, the contents of `[services.NAME]`.
fn of_user(name: &str, text: &str) -> Result<Option<Definition>, Problems> {
    windlass_toml::read("w.toml", text, |section, source| read(name, section, source))
}

#[test]
fn a_test_server_is_fast_and_a_dev_server_durable() {
    let postgres = shipped("postgres").unwrap();
    let fixed = "postgres -D /d -k /r -p 4321 -c listen_addresses=127.0.0.1 -c cluster_name=w-1";
    assert_eq!(
        postgres.command(&values(), Use::Test).join(" "),
        format!(
            "{fixed} -c autovacuum=off -c dynamic_shared_memory_type=mmap -c fsync=off -c full_page_writes=off \
             -c max_connections=500 -c synchronous_commit=off"
        )
    );
    let dev = postgres.command(&values(), Use::Dev).join(" ");
    assert_eq!(dev, format!("{fixed} -c dynamic_shared_memory_type=mmap"));
}

#[test]
fn a_client_is_never_given_the_password_where_everybody_can_read_it() {
    let secret = Values { password: "5ec2e7".into(), ..values() };
    for service in shipped_names().map(|name| shipped(name).unwrap()) {
        let (words, _) = service.client(&secret);
        assert!(!words.iter().any(|word| word.contains("5ec2e7")), "{words:?}");
    }
    let (words, env) = shipped("postgres").unwrap().client(&secret);
    assert_eq!(words, ["psql", "-h", "127.0.0.1", "-p", "4321", "-U", "windlass", "-d", "app"]);
    assert_eq!(env.into_iter().collect::<Vec<_>>(), [("PGPASSWORD".to_owned(), "5ec2e7".to_owned())]);
}

#[test]
fn what_the_user_says_goes_before_what_is_shipped_key_by_key() {
    let redis = of_user(
        "redis",
        "version = \"7\"\nneeded-by = [\"build\"]\n[export]\nCACHE = \"{host}:{port}\"\n\
         [settings]\nsave = \"60 1\"\nmaxmemory = \"1mb\"\n[settings.test]\nhz = \"50\"\n",
    );
    let redis = redis.unwrap().unwrap();
    let shipped = shipped("redis").unwrap();
    assert_eq!(redis.version.to_string(), "7");
    assert_eq!(
        (redis.needed_by, shipped.needed_by.clone()),
        (vec!["build".to_owned()], vec!["test".into(), "doctest".into()])
    );
    assert_eq!(redis.process, shipped.process);
    let command = Definition { settings: redis.settings, ..shipped.clone() }.command(&values(), Use::Test);
    let expected = "redis-server /r/redis.conf --appendonly no --databases 256 --hz 50 --maxmemory 1mb --save 60 1";
    assert_eq!(command.join(" "), expected);
    assert_eq!(shipped.url(&Values { database: "7".into(), ..values() }), "redis://:{port}@127.0.0.1:4321/7");
    let exports = Definition { export: redis.export, ..shipped }.exports();
    let expected = [("CACHE", "{redis.host}:{redis.port}"), ("REDIS_URL", "{redis.url}")];
    assert!(exports.iter().map(|(name, text)| (name.as_str(), text.as_str())).eq(expected), "{exports:?}");
}

#[test]
fn a_file_of_the_users_takes_the_place_of_the_shipped_one_by_the_same_key() {
    let shipped = shipped("haproxy").unwrap().files(&values());
    assert!(
        matches!(&shipped[..], [(path, text)] if path == "/r/haproxy.cfg" && text.contains("bind 127.0.0.1:4321\n"))
    );
    let own = "[process.files]\n\"{run}/haproxy.cfg\" = \"bind {host}:{port} if { path / }\"\n\"{run}/more\" = \"x\"\n";
    let files = of_user("haproxy", own).unwrap().unwrap().files(&values());
    let expected = [("/r/haproxy.cfg", "bind 127.0.0.1:4321 if { path / }"), ("/r/more", "x")];
    assert!(files.iter().map(|(path, text)| (path.as_str(), text.as_str())).eq(expected), "{files:?}");
}

#[test]
fn values_are_not_looked_at_again() {
    let postgres = shipped("postgres").unwrap();
    let gives = postgres.gives(&values());
    assert_eq!(gives["postgres.url"], "postgres://windlass:{port}@127.0.0.1:4321/app");
    assert_eq!((&*gives["postgres.major"], &*gives["postgres.version"]), ("15", "15.18"));
    assert_eq!(postgres.files(&values()), [("/r/password".to_owned(), "{port}\n".to_owned())]);
    assert_eq!(postgres.init(&values())[..5], ["initdb", "-D", "/d", "-U", "windlass"]);
}

#[test]
fn a_service_of_the_users_own_says_all_of_it() {
    let text = "kind = \"redis\"\nversion = \">=8\"\nport = 6379\nurl = \"redis://{host}:{port}\"\n\
        package = { nix = \"valkey\", probe = [\"valkey-server\", \"--version\"] }\n\
        process = { command = [\"valkey-server\", \"--port\", \"{port}\"] }\nready.probe = \"redis\"\n";
    let valkey = of_user("cache", text).unwrap().unwrap();
    assert_eq!(valkey.command(&values(), Use::Test), ["valkey-server", "--port", "4321"]);
    assert_eq!((valkey.name.as_str(), valkey.deadline_s), ("cache", 30));
    let problems = of_user("cache", "kind = \"redis\"\n[process]\ncommand = [\"valkey\", \"{prot}\"]\n").unwrap_err();
    let expected = "w.toml:1: `version` is missing: which versions will do\n\
        w.toml:1: `port` is missing: the port that such servers have by custom\n\
        w.toml:1: `url` is missing: where a user of it connects\n\
        w.toml:1: `package` is missing: where its programs come from\n\
        w.toml:1: `ready` is missing: when it is ready\n\
        w.toml:3: `process.command`: `{prot}` stands for nothing; did you mean `port`?";
    assert_eq!(problems.to_string(), expected);
}

#[test]
fn a_server_that_windlass_has_never_heard_of_needs_few_words() {
    let text = "kind = \"generic\"\nport = 7700\nexport.MEILI_URL = \"http://{host}:{port}\"\nready.probe = \"http /health\"\n\
        process.command = [\"meilisearch\", \"--db-path\", \"{data}\", \"--http-addr\", \"{host}:{port}\"]\n\
        process.env.MEILI_MASTER_KEY = \"{password}\"\n";
    let search = of_user("search", text).unwrap().unwrap();
    assert!(search.version.accepts(""));
    assert_eq!(search.package.probe, ["meilisearch"]);
    assert_eq!(search.modes, [Mode::Shared, Mode::Server]);
    assert_eq!(search.gives(&values())["search.url"], "tcp://127.0.0.1:4321");
    assert_eq!(search.process_env(&values())["MEILI_MASTER_KEY"], "{port}");
    let probes = [
        ("\"tcp\"", Probe::Tcp),
        ("\"http /a?b={port}\"", Probe::Http(Template::parse("/a?b={port}", &[]).unwrap())),
        ("\"line up and running\"", Probe::Line("up and running".into())),
        ("[\"ask\", \"{port}\"]", Probe::Command(["ask", "{port}"].map(|it| Template::parse(it, &[]).unwrap()).into())),
    ];
    for (word, probe) in probes {
        let text = text.replace("\"http /health\"", word);
        assert_eq!(of_user("search", &text).unwrap().unwrap().probe, probe, "{word}");
    }
}

#[test]
fn how_it_is_asked_and_what_a_test_gets_of_it_are_a_few_words() {
    let generic = "kind = \"generic\"\nport = 1\nprocess.command = [\"x\"]\n";
    let probes = "it must be \"tcp\", \"http /PATH\", \"line TEXT\" or a list of a program and its arguments";
    let cases = [
        ("search", format!("{generic}ready.probe = \"htpp /\"\n"), format!("4: `ready.probe` is \"htpp /\"; {probes}")),
        (
            "search",
            format!("{generic}ready.probe = \"http health\"\n"),
            format!("4: `ready.probe` is \"http health\"; {probes}"),
        ),
        ("search", format!("{generic}ready.probe = \"line \"\n"), format!("4: `ready.probe` is \"line \"; {probes}")),
        ("search", format!("{generic}ready.probe = \"redis\"\n"), format!("4: `ready.probe` is \"redis\"; {probes}")),
        ("search", format!("{generic}ready.probe = 1\n"), format!("4: `ready.probe` is an integer; {probes}")),
        ("search", format!("{generic}ready.probe = []\n"), "4: `ready.probe` names no program".into()),
        (
            "search",
            format!("{generic}ready.probe = [\"ask\", \"{{prot}}\"]\n"),
            "4: `ready.probe`: `{prot}` stands for nothing; did you mean `port`?".into(),
        ),
        (
            "search",
            format!("{generic}ready.probe = \"tcp\"\nisolation.modes = [\"clone\"]\n"),
            "5: `isolation.modes` says \"clone\", which such a service cannot give; there are \"shared\", \"server\""
                .into(),
        ),
        (
            "mariadb",
            "isolation.modes = [\n\"server\",\n\"server\"]\n".into(),
            "3: `isolation.modes` says \"server\" twice".into(),
        ),
        (
            "postgres",
            "isolation.modes = []\n".into(),
            "1: `isolation.modes` gives a test nothing; there are \"clone\", \"server\", \"shared\"".into(),
        ),
        (
            "nats",
            "isolation.mode = \"server\"\n".into(),
            "1: unknown key `isolation.mode`; did you mean `isolation.modes`?".into(),
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(of_user(name, &text).unwrap_err().to_string(), format!("w.toml:{expected}"), "{text}");
    }
}

#[test]
fn the_first_mode_of_a_shipped_service_is_the_best_that_it_can_give() {
    let first = |name: &str| shipped(name).unwrap().modes[0];
    assert_eq!(first("postgres"), Mode::Clone);
    assert_eq!(first("mariadb"), Mode::Database);
    for name in ["redis", "nats", "mosquitto", "memcached", "haproxy", "prometheus", "s3"] {
        assert_eq!(first(name), Mode::Server, "{name}");
    }
}

#[test]
fn a_container_takes_what_its_image_takes() {
    let inside = Values { data: "/data".into(), run: "/run/windlass".into(), host: "0.0.0.0".into(), ..values() };
    let redis = of_user("redis", "[settings]\nmaxmemory = \"1mb\"\n").unwrap().unwrap();
    let container = redis.container.as_ref().unwrap();
    let spec = redis.container_spec(container, "redis:7-windlass", &inside, Use::Test);
    let expected = "redis-server /run/windlass/redis.conf --appendonly no --databases 256 --maxmemory 1mb --save ";
    assert_eq!((spec.command.join(" ").as_str(), spec.port), (expected, 4321));
    let [(path, text)] = &redis.container_files(container, &inside)[..] else { panic!() };
    assert_eq!(path, "/run/windlass/redis.conf");
    assert!(text.contains("bind 0.0.0.0\nport 4321\n") && text.ends_with("requirepass {port}\n"), "{text}");

    let postgres = shipped("postgres").unwrap();
    let container = postgres.container.as_ref().unwrap();
    let spec = postgres.container_spec(container, "postgres:15-windlass", &inside, Use::Dev);
    let expected = "-c cluster_name=w-1 -c unix_socket_directories=/var/run/postgresql,/run/windlass \
        -c dynamic_shared_memory_type=mmap";
    assert_eq!(spec.command.join(" "), expected);
    assert_eq!(spec.env["POSTGRES_PASSWORD"], "{port}");
    assert_eq!(postgres.container_secrets(container), ["POSTGRES_PASSWORD"]);
}

#[test]
fn the_image_of_a_registry_has_a_version_that_will_do() {
    let cases = [
        ("", "docker.io/library/postgres:17"),
        ("version = \"16\"", "docker.io/library/postgres:16"),
        ("version = \">=18\"", "docker.io/library/postgres:18"),
        ("version = \"15.18\"\ncontainer.image = \"here:5000/pg:{major}-alpine\"", "here:5000/pg:15-alpine"),
        ("container.image = \"postgis/postgis:16-3.4\"", "postgis/postgis:16-3.4"),
    ];
    for (text, expected) in cases {
        let postgres = of_user("postgres", text).unwrap().unwrap();
        assert_eq!(postgres.registry_image(postgres.container.as_ref().unwrap()), expected, "{text}");
    }
}

#[test]
fn a_backend_is_chosen_by_its_name() {
    let backend = |text| of_user("postgres", text).unwrap().unwrap().backend;
    assert_eq!(backend(""), None);
    assert_eq!(backend("backend = \"process\""), Some(Backend::Process));
    assert_eq!(backend("backend = \"container\""), Some(Backend::Container));
    let cases = [
        ("backend = \"docker\"", "1: `backend` is \"docker\"; it must be \"process\" or \"container\""),
        ("container.imgae = \"x\"", "1: unknown key `container.imgae`; did you mean `container.image`?"),
        ("container.image = \"x:{tag}\"", "1: `container.image`: `{tag}` stands for nothing; "),
        ("container.version = \"latest\"", "1: `container.version` is \"latest\"; it must be like \"16\" or \"15.18\""),
        ("container.data = \"data\"", "1: `container.data` is \"data\"; it must be an absolute path"),
        ("[container.env]\nA-B = \"\"", "2: `container.env` sets `A-B`, which no shell could set; "),
        ("[image]\ntrees = [\n\"/a\",\n\"b\"]", "4: `image.trees` has \"b\"; it must be an absolute path"),
        ("image.tree = []", "1: unknown key `image.tree`; did you mean `image.trees`?"),
    ];
    for (text, expected) in cases {
        let problems = of_user("postgres", text).unwrap_err().to_string();
        assert!(problems.starts_with(&format!("w.toml:{expected}")), "{problems}");
    }
    let own = "kind = \"redis\"\nversion = \"8\"\nport = 1\nurl = \"x\"\nready.probe = \"redis\"\n\
        package = { nix = \"valkey\", probe = [\"v\"] }\nprocess = { command = [\"v\"] }\nbackend = \"container\"\n";
    let problems = of_user("cache", own).unwrap_err().to_string();
    assert_eq!(problems, "w.toml:8: `backend` needs a `container` that says which image is run");
}
