//! What databases begin with: migrations and fixtures, applied once and found again.

use crate::live::run;
use crate::shop::{Shop, templates};

/// A workspace of its own cache, with these keys of `[services.postgres]`.
fn shop(keys: &str) -> Shop {
    let shop = Shop::with_services(&format!("[services.postgres]\n{keys}"));
    shop.it.file(
        "migrations/20260101000000_item.sql",
        "create table item (\n  id bigserial primary key,\n  name text not null\n);\n",
    );
    shop
}

fn with(shop: &Shop, script: &str) -> crate::fixture::Ended {
    run(shop.with(script).env("XDG_CACHE_HOME", shop.it.path("cache")))
}

fn sql(query: &str) -> String {
    format!("psql -qAt \"$DATABASE_URL\" -c \"{query}\"")
}

/// What is said of a link, without ` in 0.12 s, 7453 kB now`, which it has to end with.
fn without_time_and_size(line: &str) -> &str {
    let parts = line.rsplit_once(" in ").and_then(|(what, rest)| Some((what, rest.split_once(" s, ")?)));
    let Some((what, (time, size))) = parts else { panic!("no time and size in `{line}`") };
    let (seconds, hundredths) = time.split_once('.').unwrap();
    seconds.parse::<u64>().unwrap();
    assert!(hundredths.len() == 2 && hundredths.parse::<u8>().is_ok(), "{line}");
    let kilobytes = size.strip_suffix(" kB now").unwrap_or_else(|| panic!("no size in `{line}`"));
    assert!(kilobytes.parse::<u64>().unwrap() > 1000, "{line}");
    what
}

fn n_templates(shop: &Shop) -> usize {
    templates(&shop.it.path("cache")).len()
}

#[test]
fn every_link_is_built_once_and_a_new_one_builds_on_those_before() {
    let shop = shop("migrations = \"migrations\"\nfixtures = [\"fixtures/item.csv\", \"fixtures/more.sql\"]\n");
    shop.it.file("fixtures/item.csv", "id,name\n3,\"a, b\"\n9,nine\n");
    shop.it.file("fixtures/more.sql", "insert into item (name) values ('r' || (random() * 1e6)::int);\n");
    let first = with(&shop, &sql("select id, name from item order by id")).exits(0);
    let said: Vec<&str> = first.stderr.lines().map(without_time_and_size).collect();
    assert_eq!(
        said,
        [
            "note: `postgres` has 1 migrations of `migrations` (sqlx)",
            "note: `postgres` has fixture `fixtures/item.csv`, 2 rows,",
            "note: `postgres` has fixture `fixtures/more.sql`"
        ]
    );
    // The sequence goes on behind what the file has.
    assert!(first.stdout.starts_with("3|a, b\n9|nine\n10|r"), "{}", first.stdout);
    assert_eq!(n_templates(&shop), 4);

    let again = with(&shop, &sql("select id, name from item order by id")).exits(0);
    assert_eq!((again.stdout, &*again.stderr), (first.stdout.clone(), ""));

    shop.it.file("fixtures/more.sql", "insert into item (name) values ('r' || (random() * 1e6)::int), ('new');\n");
    let changed = with(&shop, &sql("select id, name from item order by id")).exits(0);
    assert!(changed.stderr.starts_with("note: `postgres` has fixture `fixtures/more.sql`"), "{}", changed.stderr);
    // What is random is the same every time.
    assert_eq!(changed.stdout, format!("{}11|new\n", first.stdout));
    assert_eq!(n_templates(&shop), 5);
}

/// As the server itself has been told: what is copied file by file would be forced to the disk file by file.
#[test]
fn databases_are_copied_file_by_file_only_where_nothing_is_forced_to_the_disk() {
    let script = "set -e\n\
        log=$(dirname \"$(psql -qAtc 'show data_directory' \"$DATABASE_URL\")\")/log\n\
        psql -qAtc \"select current_setting('fsync'), current_setting('server_version_num')::int >= 150000\" \"$DATABASE_URL\"\n\
        grep 'TEMPLATE \"windlass_template\"' \"$log\"";
    for fsync in ["off", "on"] {
        let keys = format!("settings = {{ fsync = \"{fsync}\", log_statement = \"all\" }}\n");
        let answer = with(&shop(&keys), script).exits(0).stdout;
        let (settings, copies) = answer.split_once('\n').unwrap();
        let (set, knows_strategies) = settings.split_once('|').unwrap();
        assert_eq!(set, fsync);
        let is_by_file = fsync == "off" && knows_strategies == "t";
        assert!(copies.contains("CREATE DATABASE \"windlass\" TEMPLATE "), "{copies}");
        assert!(copies.lines().all(|line| line.ends_with(" STRATEGY FILE_COPY") == is_by_file), "{fsync}: {copies}");
    }
}

/// As a machine leaves it that lost its power while it was written.
#[test]
fn what_was_kept_and_is_broken_is_made_anew() {
    let shop = shop("migrations = \"migrations\"\n");
    let count = sql("select count(*) from item");
    with(&shop, &count).exits(0);
    for dir in templates(&shop.it.path("cache")) {
        std::fs::write(dir.join("global/pg_control"), "").unwrap();
    }
    let mended = with(&shop, &count).exits(0);
    assert_eq!(mended.stdout, "0\n");
    let said = "note: what an earlier run had kept of `postgres` was broken, and was made anew\n";
    assert!(mended.stderr.starts_with(said), "{}", mended.stderr);
    let again = with(&shop, &count).exits(0);
    assert_eq!((&*again.stdout, &*again.stderr), ("0\n", ""));
}

/// As a run leaves it that is killed while it keeps one.
#[test]
fn what_is_half_kept_is_removed_unless_somebody_is_at_it() {
    let shop = shop("migrations = \"migrations\"\n");
    let part = |name: &str| shop.it.path(&format!("cache/windlass/templates/part-{name}"));
    for name in ["of-the-dead", "of-the-living"] {
        shop.it.file(&format!("cache/windlass/templates/part-{name}/content/PG_VERSION"), "15\n");
    }
    let lock = part("of-the-living").join("lock");
    let mut living = crate::fixture::clean("flock")
        .args(["--no-fork".as_ref(), lock.as_os_str()])
        .args(["sleep", "600"])
        .spawn()
        .unwrap();
    // It has the lock when it has become the other program.
    while std::fs::read_to_string(format!("/proc/{}/comm", living.id())).unwrap() != "sleep\n" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let gc = || run(shop.command(&["services", "gc", "--check"]).env("XDG_CACHE_HOME", shop.it.path("cache")));
    let found = gc().exits(1).stdout;
    assert_eq!(found, format!("removed `{}`, left by a run that was killed\n", part("of-the-dead").display()));
    assert!(!part("of-the-dead").exists() && part("of-the-living").exists());
    gc().exits(0);

    living.kill().unwrap();
    living.wait().unwrap();
    let said = with(&shop, "true").exits(0).stderr;
    let expected = format!("note: removed `{}`, left by a run that was killed\n", part("of-the-living").display());
    assert!(said.contains(&expected), "{said}");
    assert_eq!(n_templates(&shop), 2);
}

#[test]
fn a_dump_and_a_command_of_the_workspaces_own_fill_a_database() {
    let source = shop("migrations = \"migrations\"\n");
    let script = format!(
        "{}; pg_dump \"$DATABASE_URL\" > plain.sql; pg_dump -Fc -T _sqlx_migrations \"$DATABASE_URL\" > custom.dump",
        sql("insert into item (name) values ('dumped')")
    );
    with(&source, &script).exits(0);
    for (file, migrations) in [("plain.sql", 1), ("custom.dump", 0)] {
        let keys = format!(
            "extensions = [\"pgcrypto\"]\nfixtures = [\"{file}\", {{ run = [\"sh\", \"-c\", \"psql -q {{url}} -f $0\", \"by.sql\"], inputs = [\"by.sql\"] }}]\n"
        );
        let shop = shop(&keys);
        std::fs::copy(source.it.path(file), shop.it.path(file)).unwrap();
        shop.it.file("by.sql", "insert into item (name) values (encode(digest('x', 'md5'), 'hex'))");
        let query = "select string_agg(name, ' ' order by id), \
                     (select count(*) from pg_tables where tablename = '_sqlx_migrations') from item";
        let filled = with(&shop, &sql(query)).exits(0);
        assert_eq!(filled.stdout, format!("dumped 9dd4e461268c8034f5c8564e155c67a6|{migrations}\n"), "{file}");
    }
}

#[test]
fn a_schema_by_a_command_is_made_anew_when_its_inputs_change() {
    let shop = shop(
        "migrate = { run = [\"sh\", \"-c\", \"psql -q \\\"$DATABASE_URL\\\" -f schema/a.sql\"], inputs = [\"schema\"] }\n",
    );
    shop.it.file("schema/a.sql", "create table a (n int)");
    let tables = sql("select string_agg(tablename, ' ') from pg_tables where schemaname = 'public'");
    assert_eq!(with(&shop, &tables).exits(0).stdout, "a\n");
    shop.it.file("schema/a.sql", "create table b (n int)");
    assert_eq!(with(&shop, &tables).exits(0).stdout, "b\n");
}

/// The tool's own command, where it is at hand: here a real program of its name that says how it was called.
#[test]
fn a_tool_that_is_at_hand_runs_its_migrations_itself() {
    let shop = shop("migrations = \"migrations\"\n");
    let tool = "#!/bin/sh\necho \"$@\" > called\npsql -q \"$6\" -f migrations/*.sql\n";
    shop.it.file("bin/sqlx", tool);
    std::fs::set_permissions(shop.it.path("bin/sqlx"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", shop.it.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = shop.with(&sql("select count(*) from item"));
    let ended = run(command.env("PATH", path).env("XDG_CACHE_HOME", shop.it.path("cache"))).exits(0);
    assert_eq!(ended.stdout, "0\n");
    assert!(
        ended.stderr.starts_with("note: `postgres` has 1 migrations of `migrations` (sqlx), by `sqlx`, in "),
        "{}",
        ended.stderr
    );
    assert!(shop.it.read("called").starts_with("migrate run --source"), "{}", shop.it.read("called"));
}

#[test]
fn what_fails_is_named_with_its_file_and_line_and_nothing_of_it_is_kept() {
    let shop = shop("migrations = \"migrations\"\nfixtures = [\"fixtures/item.csv\"]\n");
    shop.it.file("fixtures/item.csv", "id,name\n1,one\nx,two\n");
    shop.it.file("migrations/20260102000000_bad.sql", "-- a comment\nselect 1;\n\nselect *\nfrom itme;\n");
    let refused = with(&shop, "true").exits(3);
    let expected = "error: service `postgres` could not be filled: `migrations`: 20260102000000_bad.sql:5: PostgreSQL: relation \
                    \"itme\" does not exist (42P01)";
    assert!(refused.stderr.starts_with(expected), "{}", refused.stderr);
    assert_eq!((n_templates(&shop), shop.places().len()), (1, 0));

    shop.it.file("migrations/20260102000000_bad.sql", "select 1;\n");
    let refused = with(&shop, "true").exits(3);
    let expected = "error: service `postgres` could not be filled: fixture `fixtures/item.csv`: PostgreSQL: invalid input syntax \
                    for type bigint: \"x\" (22P02): COPY item, line 3, column id";
    let said = refused.stderr.lines().nth(1).unwrap_or_default();
    assert!(said.starts_with(expected), "{}", refused.stderr);
    assert_eq!((n_templates(&shop), shop.places().len()), (2, 0));
}

#[test]
fn what_is_not_there_is_said_before_a_server_starts() {
    let cases = [
        (
            "migrations = \"schema\"\n",
            "service `postgres` cannot be migrated: `migrations = \"schema\"`: there is no such directory below ",
        ),
        (
            "migrations = \"src\"\n",
            "service `postgres` cannot be migrated: `migrations = \"src\"`: there is no migration in it: ",
        ),
        ("fixtures = [\"a.csv\"]\n", "service `postgres` has no fixture: cannot read `"),
        (
            "migrate = { run = [\"true\"], inputs = [\"x\"] }\n",
            "service `postgres` cannot be migrated: `migrate.inputs`: cannot read `",
        ),
    ];
    for (keys, expected) in cases {
        let refused = with(&shop(keys), "true").exits(3).stderr;
        assert!(refused.starts_with(&format!("error: {expected}")), "{refused}");
    }
}
