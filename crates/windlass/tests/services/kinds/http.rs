//! Those that have no protocol of their own, and let in whoever is on this machine: HAProxy and Prometheus.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Up;

/// The status and the body of an answer.
fn get(port: u16, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

/// What Prometheus answers to a query, as soon as it has seen anything of it.
pub(crate) fn query(port: u16, query: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (status, body) = get(port, &format!("/api/v1/query?query={query}"));
        assert_eq!(status, "200", "{body}");
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        if answer["data"]["result"] != json!([]) {
            return answer["data"]["result"].take();
        }
        assert!(Instant::now() < deadline, "{query}: {answer}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The port in the URL of a server without password.
fn port(url: &str) -> u16 {
    url.strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap()
}

#[test]
fn haproxy_answers_itself_until_it_is_told_whom_to_ask() {
    let up = Up::of("[services.haproxy]\n", "haproxy");
    let main = port(&up.env["HAPROXY_URL"]);
    let healthy = get(main, "/healthz");
    assert_eq!(healthy.0, "200", "{healthy:?}");
    assert_eq!(get(main, "/").0, "503");
    // A test has one of its own.
    let (_held, given) = up.lease("haproxy");
    let own = port(given["env"]["HAPROXY_URL"].as_str().unwrap());
    assert_ne!(own, main);
    assert_eq!(get(own, "/healthz"), healthy);
    up.goes(main);

    // By the user's own file, which says nothing of `/healthz`.
    let behind = TcpListener::bind("127.0.0.1:0").unwrap();
    let cfg = format!(
        "[services.haproxy.process.files]\n\"{{run}}/haproxy.cfg\" = '''\ndefaults\n    mode http\n    timeout connect 5s\n    \
         timeout client 5s\n    timeout server 5s\nfrontend main\n    bind {{host}}:{{port}}\n    \
         http-request deny unless {{ path /hello }}\n    default_backend behind\nbackend behind\n    server one {}\n'''\n",
        behind.local_addr().unwrap()
    );
    let up = Up::of(&cfg, "haproxy");
    let main = port(&up.env["HAPROXY_URL"]);
    let asked = thread::spawn(move || get(main, "/hello"));
    let (mut stream, _) = behind.accept().unwrap();
    let mut question = [0; 5];
    stream.read_exact(&mut question).unwrap();
    assert_eq!(&question, b"GET /");
    stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nhi\n").unwrap();
    assert_eq!(asked.join().unwrap(), ("201".into(), "hi\n".into()));
    assert_eq!(get(main, "/healthz").0, "403");
    up.goes(main);
}

#[test]
fn prometheus_watches_itself() {
    let set = "[services.prometheus.settings]\n\"storage.tsdb.retention.time\" = \"3h\"\n";
    let up = Up::of(&format!("[services.prometheus]\n{set}"), "prometheus");
    let main = port(&up.env["PROMETHEUS_URL"]);
    let seen = query(main, "up");
    let metric = json!({ "__name__": "up", "instance": format!("127.0.0.1:{main}"), "job": "prometheus" });
    assert_eq!((&seen[0]["metric"], &seen[0]["value"][1], &seen[1]), (&metric, &json!("1"), &Value::Null));
    let (_, flags) = get(main, "/api/v1/status/flags");
    assert!(flags.contains("\"storage.tsdb.retention.time\":\"3h\""), "{flags}");
    // A test has one of its own.
    let (_held, given) = up.lease("prometheus");
    let own = port(given["env"]["PROMETHEUS_URL"].as_str().unwrap());
    assert_ne!(own, main);
    assert_eq!(get(own, "/-/ready").0, "200");
    up.goes(main);
}
