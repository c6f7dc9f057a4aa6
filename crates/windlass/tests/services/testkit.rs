//! Tests that fail and tests that hang, with databases of their own, under the real nextest.

use windlass_record::TestOutcome;

use crate::fixture::Ended;
use crate::killed::pids;
use crate::live::run;
use crate::shop::Shop;

const TESTS: &str = r#"
fn with_a_row() -> windlass_testkit::Lease {
    let db = windlass_testkit::postgres();
    let sql = "insert into item (name) values ('mine')";
    assert!(std::process::Command::new("psql").args([db.url(), "-qc", sql]).status().unwrap().success());
    db
}

#[test]
fn passes() {
    let _db = with_a_row();
}

#[test]
fn panics() {
    let _db = with_a_row();
    panic!("as it should");
}

#[test]
fn returns_an_error() -> Result<(), String> {
    let _db = with_a_row();
    Err("as it should".to_owned())
}

#[test]
fn hangs() {
    let _db = with_a_row();
    std::thread::sleep(std::time::Duration::from_secs(600));
}
"#;

/// A workspace whose tests ask the testkit.
fn shop() -> Shop {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let shop = Shop::with_services("[services.postgres]\nmigrations = \"migrations\"\n");
    let testkit = format!("[dev-dependencies]\nwindlass-testkit = {{ path = \"{root}/crates/windlass-testkit\" }}\n");
    shop.it.file("Cargo.toml", &crate::fixture::manifest("app", &testkit));
    shop.it.file("migrations/1_item.sql", "create table item (id bigserial primary key, name text);\n");
    shop.it.file("tests/it.rs", TESTS);
    // The others take as long as the machine needs.
    let hangs = "[[profile.default.overrides]]\nfilter = 'test(hangs)'\nslow-timeout = { period = \"6s\", terminate-after = 1 }\n";
    shop.it.file(".config/nextest.toml", hangs);
    // The versions that this workspace has been tested with.
    std::fs::copy(format!("{root}/Cargo.lock"), shop.it.path("Cargo.lock")).unwrap();
    shop.it.cargo(&["update", "--workspace", "--offline"]).exits(0);
    shop
}

/// Checks that what a panicking test had has been kept, and nothing that a passing one had. How the others end is known only if
/// the system tells it before nextest has asked.
fn only_failed_ones_are_kept(shop: &Shop) {
    let kept: serde_json::Value =
        serde_json::from_str(&shop.it.read("target/windlass/services/kept/postgres.json")).unwrap();
    let databases: Vec<(String, String)> = serde_json::from_value(kept["databases"].clone()).unwrap();
    let tests: Vec<&str> = databases.iter().map(|(_, test)| &**test).collect();
    assert!(tests.contains(&"app::it::panics") && !tests.contains(&"app::it::passes"), "{tests:?}");
}

/// Waits until neither a supervisor nor anything of one is left, whose run nobody waits for but itself.
fn what_it_started_goes_with_it(shop: &Shop) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let left = || (shop.places(), pids(shop, "services supervise"));
    while left() != (vec![], vec![]) {
        assert!(std::time::Instant::now() < deadline, "{:?}", left());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn with_windlass(ended: Ended, shop: &Shop) -> Ended {
    assert_eq!(shop.places().len(), 0, "{}\n{}", ended.stdout, ended.stderr);
    ended
}

#[test]
fn what_failed_is_kept_however_it_failed_and_the_report_says_how_to_look() {
    let shop = shop();
    let ended = with_windlass(run(&mut shop.command(&["test"])), &shop).exits(1);
    let record = shop.it.record();
    let failed: Vec<&str> =
        record.tests.iter().filter(|it| it.outcome == TestOutcome::Failed).map(|it| &*it.name).collect();
    assert_eq!(failed.len(), 3, "{failed:?}");
    only_failed_ones_are_kept(&shop);
    assert!(ended.stdout.contains("connect postgres --kept test_"), "{}", ended.stdout);
    let is_said = |note: &String| {
        note.starts_with("what failed tests had of `postgres` is kept, of ")
            && note.ends_with("`windlass connect postgres --kept` lists it")
    };
    assert!(record.run.notes.iter().any(is_said), "{:?}", record.run.notes);

    // Without windlass around it, the first test starts what all need, and it goes with the run.
    let mut alone = crate::fixture::clean("cargo");
    let path = format!(
        "{}:{}",
        std::path::Path::new(env!("CARGO_BIN_EXE_windlass")).parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    alone.args(["nextest", "run", "--offline", "--no-fail-fast"]).current_dir(shop.it.root());
    alone.env("XDG_RUNTIME_DIR", shop.it.path("run")).env("PATH", path);
    std::fs::remove_dir_all(shop.it.path("target/windlass/services/kept")).unwrap();
    let ended = crate::fixture::ended(&mut alone).exits(100);
    assert!(ended.stderr.contains("5 tests run: 2 passed, 2 failed, 1 timed out"), "{}", ended.stderr);
    what_it_started_goes_with_it(&shop);
    only_failed_ones_are_kept(&shop);

    // Threads of one process: what returns an error looks like what passes.
    let mut threads = crate::fixture::clean("cargo");
    threads.args(["test", "--offline", "--test", "it", "--", "--skip", "hangs"]).current_dir(shop.it.root());
    threads.env("XDG_RUNTIME_DIR", shop.it.path("run"));
    let ended = crate::fixture::ended(&mut threads).exits(101);
    assert!(ended.stdout.contains("1 passed; 2 failed"), "{}", ended.stdout);
    what_it_started_goes_with_it(&shop);
}
