//! Services under the tests of the main job.

use windlass_record::Outcome;

use crate::live::{Live, run};
use crate::shop::{Shop, templates};

/// A test that wants a database, and has no crate to ask it with.
const TEST: &str = r#"#[test]
fn asks() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let output = std::process::Command::new("psql")
        .args([&url, "-Atc", "select 40 + 2"])
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"42\n");
}
"#;

fn shop(services: &str) -> Shop {
    let shop = Shop::with_services(services);
    shop.it.file("tests/asks.rs", TEST);
    shop
}

#[test]
fn the_tests_have_their_services_and_nothing_is_left() {
    let shop = shop("[services.postgres]\n");
    let ended = run(&mut shop.command(&["ci"])).exits(0);
    assert!(ended.stdout.contains("services: ready in "), "{}", ended.stdout);
    let record = shop.it.record();
    let step = |name: &str| record.step(name).unwrap().clone();
    // What counts is how long they were waited for, not how long they were needed.
    let (services, test) = (step("services"), step("test"));
    assert!(services.done_ms() <= test.started_ms && services.wall_ms > services.took_ms(), "{services:?}");
    assert_eq!(record.run.critical_path.last().map(String::as_str), Some("doc"));
    assert!(step("services").command.contains("services supervise --manifest-path "), "{:?}", step("services"));
    assert!(step("test").command.starts_with("windlass with -- cargo nextest run "), "{:?}", step("test"));
    assert_eq!(step("test").needs, ["build", "services"]);
    assert!(!step("clippy").command.contains("with --"));
    // Nobody else may read what is written of a run, but it is shown to others.
    let addresses = shop.it.read("target/windlass/services/addresses.json");
    let addresses: serde_json::Value = serde_json::from_str(&addresses).unwrap();
    let password = addresses["postgres"]["password"].as_str().unwrap();
    let leaks =
        run(crate::fixture::clean("grep").args(["-rlF", password, "target/windlass/runs"]).current_dir(shop.it.root()));
    assert_eq!((leaks.code, &*leaks.stdout), (Some(1), ""), "{}", leaks.stderr);
    assert!(!ended.stdout.contains(password));
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn the_plan_shows_the_references_and_what_is_pasted_works() {
    let shop = shop("[services.postgres]\n");
    let text = run(&mut shop.command(&["test", "--dry-run"])).exits(0).stdout;
    assert!(text.contains("\n  test      windlass with -- cargo nextest run "), "{text}");
    assert_eq!(shop.places().len(), 0);
    let script = run(&mut shop.command(&["test", "--explain"])).exits(0).stdout;
    assert!(script.contains("; DATABASE_URL={postgres.url}; WINDLASS_SERVICES={windlass.socket}\n"), "{script}");
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_windlass")).parent().unwrap();
    let script = format!("PATH='{}':$PATH\n{script}", bin.display());
    let mut shell = crate::fixture::clean("sh");
    shell.args(["-ec", &script]).env("XDG_RUNTIME_DIR", shop.it.path("run"));
    run(&mut shell).exits(0);
}

#[test]
fn a_port_that_has_changed_is_said_in_the_record() {
    let shop = shop("[services.postgres]\n");
    let url = shop.run("echo $DATABASE_URL").exits(0).stdout;
    let port: u16 = url.rsplit_once(':').unwrap().1.split_once('/').unwrap().0.parse().unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let ended = run(&mut shop.command(&["test", "--skip", "doctest"])).exits(0);
    let note = format!("port {port} of `postgres` is taken: it has ");
    assert!(shop.it.record().run.notes.iter().any(|it| it.starts_with(&note)), "{}", ended.stdout);
    assert!(ended.stdout.contains(&note), "{}", ended.stdout);
}

/// Here a test that passes and starts servers of its own, whose supervisor it kills.
#[test]
fn what_a_run_has_left_is_removed_and_said_and_fails_a_ci() {
    let shop = shop("[services.postgres]\n");
    let script = "server=$(head -1 \"$(psql \"$DATABASE_URL\" -Atc 'show data_directory')/postmaster.pid\")\n\
                  kill -KILL $(awk '{ print $4 }' /proc/$server/stat)";
    let leaves = format!(
        "#[test]\nfn leaves() {{\n    let args = [\"with\", \"--\", \"sh\", \"-c\", {script:?}];\n    \
         let status = std::process::Command::new({:?}).args(args).status().unwrap();\n    \
         assert_eq!(status.code(), Some(3));\n}}\n",
        env!("CARGO_BIN_EXE_windlass")
    );
    shop.it.file("tests/asks.rs", &leaves);
    let said = format!("services have left something: removed `{}/", shop.it.path("run").display());
    let in_ci = run(&mut shop.command(&["test", "--skip", "doctest", "--ci", "plain"])).exits(3);
    assert!(shop.it.passed("test") && shop.it.passed("services"), "{}", in_ci.stdout);
    assert!(in_ci.stderr.contains(&format!("error: {said}")), "{}", in_ci.stderr);
    assert_eq!(shop.places().len(), 0);

    run(&mut shop.command(&["test", "--skip", "doctest"])).exits(0);
    let notes = shop.it.record().run.notes;
    assert!(notes.iter().any(|it| it.starts_with(&said)), "{notes:?}");
    assert_eq!(shop.places().len(), 0);
}

/// Neither finds the template that both need, for what makes it waits until both are at it.
#[test]
fn runs_of_two_worktrees_that_make_the_same_template_at_once_have_their_databases() {
    let (one, other) = (shop(""), shop(""));
    one.it.file("meeting/empty", "");
    let script = "touch \\\"$0/$$\\\"; until [ $(ls \\\"$0\\\" | wc -l) = 3 ]; do sleep 0.02; done; \
                  psql -q \\\"$DATABASE_URL\\\" -c 'create table item as select 42 as n'";
    let meeting = one.it.path("meeting");
    let services = format!(
        "[services.postgres]\nmigrate = {{ run = [\"sh\", \"-c\", \"{script}\", \"{}\"], inputs = [] }}\n",
        meeting.display()
    );
    let cache = one.it.path("cache");
    for shop in [&one, &other] {
        shop.it.file(".config/windlass.toml", &services);
        shop.it.file("tests/asks.rs", &TEST.replace("select 40 + 2", "select n from item"));
    }
    // The same user, with the same directories.
    let test = |shop: &Shop| {
        let mut command = shop.command(&["test", "--skip", "doctest"]);
        Live::start(command.env("XDG_CACHE_HOME", &cache).env("XDG_RUNTIME_DIR", one.it.path("run")))
    };
    let has_filled = |shop: &Shop| {
        let notes = shop.it.record().run.notes;
        assert!(!notes.iter().any(|it| it.contains("is not kept")), "{notes:?}");
        notes.iter().any(|it| it.starts_with("`postgres` has `migrate`: "))
    };
    for live in [test(&one), test(&other)] {
        live.ended().exits(0);
    }
    assert!(has_filled(&one) && has_filled(&other));
    // The empty cluster and the schema, each whole.
    let kept = templates(&cache);
    let is_whole = |it: &std::path::PathBuf| it.file_name().unwrap().to_str().unwrap().starts_with("postgres-");
    assert!(kept.len() == 2 && kept.iter().all(is_whole), "{kept:?}");
    assert_eq!(one.places().len(), 0);

    test(&other).ended().exits(0);
    assert!(!has_filled(&other));
    assert_eq!((templates(&cache), one.places().len()), (kept, 0));
}

#[test]
fn a_red_test_is_red_and_its_rerun_has_the_services() {
    let shop = shop("[services.postgres]\n");
    shop.it.file("tests/asks.rs", &TEST.replace("40 + 2", "40 + 3"));
    run(&mut shop.command(&["test"])).exits(1);
    let rerun = shop.it.record().tests.iter().find_map(|test| test.rerun.clone()).unwrap();
    assert!(rerun.starts_with("windlass with -- cargo nextest run "), "{rerun}");
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn services_that_do_not_come_up_are_no_red_tests() {
    let shop = shop("[services.postgres.settings]\nno_such_setting = \"1\"\n");
    let ended = run(&mut shop.command(&["test"])).exits(3);
    assert!(ended.stdout.contains("unrecognized configuration parameter \"no_such_setting\""), "{}", ended.stdout);
    let outcome = shop.it.outcome("test");
    assert!(
        matches!(&outcome, Outcome::Skipped { reason: it } if it.starts_with("needs `services`, which ")),
        "{outcome:?}"
    );
    assert_eq!(shop.places().len(), 0);
}

#[test]
fn who_needs_services_is_the_users_to_say_and_nobody_else_starts_them() {
    let shop = shop(
        "[[ci.step]]\nname = \"ask\"\nrun = \"psql $DATABASE_URL -Atc 'select 7'\"\n\
         [services.postgres]\nneeded-by = [\"ask\", \"build\"]\n",
    );
    // A test target whose harness is asked for its tests in the middle of the plan.
    shop.it.file("Cargo.toml", &(shop.it.read("Cargo.toml") + "[[test]]\nname = \"own\"\nharness = false\n"));
    shop.it.file("tests/own.rs", "fn main() {\n    println!(\"no list of tests\");\n}\n");
    std::fs::remove_file(shop.it.path("tests/asks.rs")).unwrap();
    run(&mut shop.command(&["ci"])).exits(0);
    assert!(shop.it.log("ask").contains('7'));
    assert!(shop.it.passed("test app::own"));
    let record = shop.it.record();
    assert!(record.step("build").unwrap().command.starts_with("windlass with -- "));
    assert!(!record.step("test").unwrap().command.contains("with --"));
    run(&mut shop.command(&["ci", "--stage", "fmt"])).exits(0);
    assert!(shop.it.record().step("services").is_none());
    shop.it.file(".config/windlass.toml", "[services.postgres]\nneeded-by = [\"tests\"]\n");
    let refused = run(&mut shop.command(&["ci"])).exits(2);
    assert!(
        refused.stderr.contains(
            "2: `services.postgres.needed-by` names `tests`, which is no stage or step; did you mean `test`?"
        ),
        "{}",
        refused.stderr
    );
}

#[test]
fn services_that_failed_for_an_earlier_step_are_not_passed_for_a_later_one() {
    let it = shop("");
    // It comes up the second time: there must be none.
    let once = it.it.path("once");
    let init = format!("mkdir '{}' 2> /dev/null && exit 1; exec initdb \\\"$@\\\"", once.display());
    let args = "\"-D\", \"{data}\", \"-U\", \"{user}\", \"--pwfile={run}/password\", \"--auth-local=trust\"";
    it.it.file(
        ".config/windlass.toml",
        &format!(
            "[services.postgres]\nneeded-by = [\"build\", \"test\"]\n\
             process.init = [\"sh\", \"-c\", \"{init}\", \"sh\", {args}]\n"
        ),
    );
    it.it.file("Cargo.toml", &(it.it.read("Cargo.toml") + "[[test]]\nname = \"own\"\nharness = false\n"));
    it.it.file("tests/own.rs", "fn main() {}\n");
    run(&mut it.command(&["test", "--keep-going"])).exits(3);
    assert!(once.exists());
    assert!(matches!(it.it.outcome("services"), Outcome::Error { .. }), "{:?}", it.it.outcome("services"));
    assert!(matches!(it.it.outcome("test"), Outcome::Skipped { .. }), "{:?}", it.it.outcome("test"));
}

/// A crate of sqlx's name, whose macro needs a database when it is expanded, as sqlx's does.
#[test]
fn what_asks_a_database_while_it_is_compiled_has_one_then() {
    let shop = Shop::with_postgres();
    let macros = "//! Asks.\n\n/// Asks.\n#[macro_export]\nmacro_rules! query {\n    ($sql:literal) => {\n        env!(\"DATABASE_URL\")\n    };\n}\n";
    shop.it.file("sqlx/src/lib.rs", macros);
    shop.it.file("sqlx/Cargo.toml", &crate::fixture::manifest("sqlx", ""));
    let more = "[workspace]\nmembers = [\"sqlx\"]\n[dependencies]\nsqlx = { path = \"sqlx\" }\n";
    shop.it.file("Cargo.toml", &crate::fixture::manifest("app", more));
    shop.it.file(
        "src/lib.rs",
        "//! A library.\n\n/// Where the database is.\npub const URL: &str = sqlx::query!(\"select 1\");\n",
    );
    shop.it.cargo(&["generate-lockfile", "--offline"]).exits(0);
    let ended = run(&mut shop.command(&["ci"])).exits(0);
    let record = shop.it.record();
    for step in ["clippy", "build", "test", "doc"] {
        assert!(record.step(step).unwrap().needs.contains(&"services".to_owned()), "{step}: {}", ended.stdout);
    }
    let note = "`app` has macros of sqlx that ask a database while they are compiled, and no `.sqlx`: ";
    assert!(record.run.notes.iter().any(|it| it.starts_with(note)), "{:?}", record.run.notes);

    // What it would be told is there already: nobody needs to be asked.
    shop.it.file(".sqlx/query-1.json", "{}");
    let plan = run(&mut shop.command(&["ci", "--dry-run"])).exits(0).stdout;
    assert!(plan.lines().any(|line| line.starts_with("  clippy    cargo clippy")), "{plan}");
}
