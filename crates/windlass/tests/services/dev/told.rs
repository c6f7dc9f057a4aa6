//! What is told of them: addresses, ports, logs.

use std::net::TcpListener;

use super::{Dev, POSTGRES};
use crate::fixture::clean;
use crate::live::{Live, run};

#[test]
fn addresses_are_what_a_shell_evaluates_and_a_client_has_no_password_among_its_arguments() {
    let dev = Dev::with_services("[services.postgres]\nexport = { SAID = \"it's {user} $HOME\" }\n");
    let bin = dev.shop.it.path("bin");
    dev.run(&["up"]).exits(0);
    let windlass = env!("CARGO_BIN_EXE_windlass");
    let evaluated = |script: &str| {
        let mut shell = clean("sh");
        shell.args(["-ec", script]).current_dir(dev.shop.it.root());
        shell.env("XDG_DATA_HOME", dev.shop.it.path("share")).env("XDG_RUNTIME_DIR", dev.shop.it.path("run"));
        run(&mut shell).exits(0).stdout
    };
    let ask = "psql \"$DATABASE_URL\" -Atc 'select 1'; sh -c 'echo \"$SAID\"'";
    assert_eq!(evaluated(&format!("eval \"$('{windlass}' env --shell)\"; {ask}")), "1\nit's windlass $HOME\n");
    // What is in quotes there is in quotes for a shell as well.
    let file = "set -a; . ./.env; set +a";
    assert_eq!(evaluated(&format!("'{windlass}' env > .env; {file}; {ask}")), "1\nit's windlass $HOME\n");
    assert_eq!(dev.run(&["env"]).stdout, dev.run(&["env", "--dotenv"]).stdout);

    let answer = run(&mut dev.command(&["connect", "postgres", "--", "-Atc", "select 40 + 2"])).exits(0);
    assert_eq!(answer.stdout, "42\n");
    run(&mut dev.command(&["connect", "--", "-c", "no sql"])).exits(1);
    // A client of the same name that says what it is given.
    std::fs::create_dir(&bin).unwrap();
    let own = "package.client = [\"sh\", \"-c\", \"echo $0 $@ $PGPASSWORD\", \"{database}\"]\n";
    dev.shop.it.file(".config/windlass.toml", &format!("[services.postgres]\n{own}"));
    let said = run(&mut dev.command(&["connect", "--", "a", "b"])).exits(0).stdout;
    assert!(said.starts_with("windlass a b ") && said.trim().len() == "windlass a b ".len() + 32, "{said}");

    run(&mut dev.command(&["down"])).exits(0);
    let down = run(&mut dev.command(&["connect"])).exits(3);
    assert_eq!(down.stderr, "error: `postgres` is not up: `windlass up` starts it\n");
}

#[test]
fn a_port_that_is_taken_changes_and_is_said() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    let port = dev.port();
    run(&mut dev.command(&["down"])).exits(0);
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let up = dev.run(&["up"]).exits(0);
    assert!(up.stderr.starts_with(&format!("note: port {port} of `postgres` is taken: it has ")), "{}", up.stderr);
    assert_ne!(dev.port(), port);
    assert_eq!(dev.ask("select 1"), "1\n");
    drop(taken);
}

#[test]
fn logs_are_printed_and_followed_until_somebody_has_seen_enough() {
    let dev = Dev::with_services(POSTGRES);
    dev.run(&["up"]).exits(0);
    let last = run(&mut dev.command(&["logs", "postgres", "--lines", "1"])).exits(0).stdout;
    assert_eq!(last.lines().count(), 1);
    let all = run(&mut dev.command(&["logs"])).exits(0).stdout;
    assert!(all.contains("postgres | ") && all.contains("database system is ready to accept connections\n"), "{all}");
    let mut live = Live::start(&mut dev.command(&["logs", "--follow"]));
    live.wait_for_text("ready to accept connections");
    dev.run(&["connect", "--", "-c", "select 1/0"]).exits(1);
    live.wait_for_text("ERROR:  division by zero\npostgres | ");
    live.signal("INT");
    live.ended().exits(130);
}
