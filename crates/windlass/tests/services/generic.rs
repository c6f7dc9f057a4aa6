//! Servers of the user's own, in few words.

use crate::live::run;
use crate::shop::Shop;

/// A server that answers to HTTP on `/health` when a variable is what it should be. `near` listens itself, `far` has a process
/// that is no longer below it listen, `wide` listens on all addresses, `deaf` on none.
const SERVER: &str = r#"
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, exit};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (how, port) = (args[1].as_str(), &args[2]);
    let again = |how: &str| Command::new(&args[0]).args([how, port]).spawn().unwrap();
    let host = match how {
        "far" => {
            again("between").wait().unwrap();
            "none"
        }
        "between" => {
            again("near");
            exit(0);
        }
        "deaf" => "none",
        "wide" => "0.0.0.0",
        _ => "127.0.0.1",
    };
    println!("this one is {how} and ready");
    if host == "none" {
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
    let listener = TcpListener::bind(format!("{host}:{port}")).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut question = Vec::new();
        let mut byte = [0];
        // All of it: what is not read when the connection ends has it reset.
        while !question.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
            question.push(byte[0]);
        }
        let is_health = question.starts_with(b"GET /health ");
        let status = if is_health && std::env::var("KEY").is_ok() { "204 No Content" } else { "404 Not Found" };
        let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nX-Key: {:?}\r\n\r\n", std::env::var("KEY")).as_bytes());
    }
}
"#;

/// A workspace with such a server.
fn shop(how: &str, more: &str) -> Shop {
    let shop = Shop::with_services("");
    shop.it.file("own/server.rs", SERVER);
    let rustc = ["--edition", "2021", "-o", "own/own-server", "own/server.rs"];
    crate::fixture::ended(crate::fixture::clean("rustc").args(rustc).current_dir(shop.it.root())).exits(0);
    let table = format!(
        "[services.search]\nkind = \"generic\"\nport = 7700\nprocess.command = [\"own-server\", \"{how}\", \"{{port}}\"]\n\
         process.env.KEY = \"{{password}}\"\nexport.SEARCH_URL = \"http://{{host}}:{{port}}\"\nexport.SEARCH_KEY = \"{{password}}\"\n{more}\n"
    );
    shop.it.file(".config/windlass.toml", &table);
    shop
}

/// Runs a script with the server on the path.
fn ended(shop: &Shop, script: &str) -> crate::fixture::Ended {
    let path = format!("{}:{}", shop.it.path("own").display(), std::env::var("PATH").unwrap());
    run(shop.with(script).env("PATH", path))
}

#[test]
fn a_server_that_is_on_the_path_needs_a_command_and_a_way_to_be_asked() {
    let ask = "exec 3<>/dev/tcp/127.0.0.1/${SEARCH_URL##*:}; printf 'GET /health HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3; echo $SEARCH_KEY";
    let ask = format!("exec bash -c '{}'", ask.replace('\'', "'\\''"));
    for probe in
        ["\"tcp\"", "\"http /health\"", "\"line near and ready\"", "[\"true\"]", "[\"own-server-asks\", \"{port}\"]"]
    {
        let shop = shop("near", &format!("ready.probe = {probe}"));
        shop.it.file("own/own-server-asks", "#!/bin/sh\n[ -n \"$KEY\" ] && [ \"$1\" -gt 0 ]\n");
        let asks = shop.it.path("own/own-server-asks");
        crate::fixture::ended(crate::fixture::clean("chmod").arg("+x").arg(asks)).exits(0);
        let said = ended(&shop, &ask).exits(0);
        let (answer, key) = said.stdout.split_once("\r\n\r\n").unwrap();
        assert_eq!(answer, format!("HTTP/1.1 204 No Content\r\nX-Key: Ok({:?})", key.trim_end()), "{probe}");
        assert_eq!((&*said.stderr, shop.places().len()), ("", 0), "{probe}");
    }
}

#[test]
fn what_is_not_ready_is_named() {
    let refused = [
        ("near", "\"http /\"", "was not ready within 3 s: the server: HTTP/1.1 404 Not Found"),
        ("near", "\"line far and\"", "was not ready within 3 s: it has not written `far and`"),
        ("near", "[\"sh\", \"-c\", \"echo no >&2; exit 1\"]", "was not ready within 3 s: `sh` does not pass: no"),
        ("deaf", "\"line ready\"", "was not ready within 3 s: it does not listen on 127.0.0.1:"),
        ("deaf", "\"tcp\"", "was not ready within 3 s: Connection refused (os error 111)"),
        ("far", "\"tcp\"", "was not ready within 3 s: another server answers"),
        ("wide", "\"tcp\"", "listens on 0.0.0.0:"),
    ];
    let check = |(how, probe, expected): (&str, &str, &str)| {
        let shop = shop(how, &format!("ready = {{ probe = {probe}, deadline-s = 3 }}"));
        let ended = ended(&shop, "true").exits(3);
        let first = ended.stderr.lines().next().unwrap();
        assert!(first.starts_with(&format!("error: service `search` {expected}")), "{how} {probe}: {first}");
        assert!(ended.stderr.contains(&format!("\n  | this one is {how} and ready\n")), "{}", ended.stderr);
        assert_eq!(shop.places().len(), 0, "{how} {probe}");
    };
    // At once, for each waits.
    std::thread::scope(|scope| {
        for it in refused {
            scope.spawn(move || check(it));
        }
    });
}

#[test]
fn a_server_that_is_nowhere_is_the_users_to_install() {
    let shop = shop("near", "ready.probe = \"tcp\"");
    let missing = run(&mut shop.with("true")).exits(3);
    let first = "error: service `search` has to be installed by you: there is no `own-server` on `PATH`\n";
    assert_eq!(missing.stderr, first);
    let doctor = run(&mut shop.command(&["doctor"])).exits(1).stdout;
    assert!(doctor.contains("there is no `own-server` on `PATH`, nor where systems have it"), "{doctor}");
    let path = format!("{}:{}", shop.it.path("own").display(), std::env::var("PATH").unwrap());
    let doctor = run(shop.command(&["doctor"]).env("PATH", path)).exits(0).stdout;
    let found =
        "ok      search\n          wanted      any version\n          found       a version that it is not asked for\n";
    assert!(doctor.contains(found), "{doctor}");
}

#[test]
fn the_tables_of_the_documentation_are_understood() {
    let pages = [include_str!("../../../../docs/services.md"), include_str!("../../../../docs/services/rabbitmq.md")];
    let tables: Vec<_> = pages.iter().flat_map(|page| page.split("```toml\n").skip(1)).collect();
    assert_eq!(tables.len(), 5);
    for table in tables {
        let shop = Shop::with_services(table.split("```").next().unwrap());
        let ended = run(&mut shop.command(&["doctor"]));
        assert!(ended.code != Some(2) && ended.stderr.is_empty(), "{table}\n{ended:?}");
    }
}
