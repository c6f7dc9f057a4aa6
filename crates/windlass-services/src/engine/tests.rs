//! What Docker 20.10 answered, as it was recorded.

use std::collections::BTreeMap;

use super::*;
use crate::scripted::Scripted;

/// An answer as that engine gives it, with the fields of its head that say nothing of the body left in.
fn answer(status: &str, body: &str) -> String {
    let n = body.len();
    format!(
        "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nDocker-Experimental: false\r\n\
         Ostype: linux\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\nDate: Thu, 26 Nov 2026 03:25:58 GMT\r\n\
         Content-Length: {n}\r\n\r\n{body}"
    )
}

/// The same in chunks of one line each.
fn chunked(lines: &[&str]) -> String {
    let chunks: String = lines.iter().map(|line| format!("{:x}\r\n{line}\r\n\r\n", line.len() + 2)).collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
}

fn session(answers: &[String]) -> EngineSession<Scripted> {
    EngineSession::new(Scripted::new(answers.concat().as_bytes()))
}

impl EngineSession<Scripted> {
    /// The first lines of what the engine was asked.
    fn asked(&self) -> Vec<String> {
        let told = String::from_utf8_lossy(&self.connection.stream().told).into_owned();
        let heads = told.lines().filter_map(|line| line.strip_suffix(" HTTP/1.1"));
        heads.map(str::to_owned).collect()
    }
}

const VERSION: &str = r#"{"Platform":{"Name":""},"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1","Details":{"ApiVersion":"1.41","Arch":"amd64"}},{"Name":"containerd","Version":"1.6.20~ds1"}],"Version":"20.10.24+dfsg1","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}
"#;
/// From Podman's documentation of its compatible API: there is none on the machine that the others were recorded on.
const VERSION_OF_PODMAN: &str =
    r#"{"Components":[{"Name":"Podman Engine","Version":"4.3.1"}],"Version":"4.3.1","ApiVersion":"1.41"}"#;
const IMAGES: &str = r#"[{"Containers":-1,"Created":1795667549,"Id":"sha256:e902","Labels":{"windlass.image":"15.18"},"ParentId":"","RepoDigests":null,"RepoTags":["postgres:15-windlass"],"SharedSize":-1,"Size":144455961}]
"#;
const NAMELESS: &str = r#"[{"Containers":-1,"Created":1795667464,"Id":"sha256:a55a","Labels":null,"ParentId":"","RepoDigests":["<none>@<none>"],"RepoTags":["<none>:<none>"],"SharedSize":-1,"Size":19329737}]
"#;
const RUNNING: &str = r#"{"Id":"26cb","State":{"Status":"running","Running":true,"OOMKilled":false,"Pid":18107,"ExitCode":0,"Error":""},"NetworkSettings":{"Ports":{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"32770"}],"8080/tcp":null,"53/udp":[{"HostIp":"127.0.0.1","HostPort":"1"}]}}}
"#;
const EXITED: &str = r#"{"Id":"a958","State":{"Status":"exited","Running":false,"OOMKilled":false,"Pid":0,"ExitCode":3,"Error":""},"NetworkSettings":{"Ports":{}}}
"#;
const NO_SUCH_CONTAINER: &str = "{\"message\":\"No such container: ct-x\"}\n";

#[test]
fn an_engine_says_who_it_is() {
    let mut both = session(&[answer("200 OK", VERSION), answer("200 OK", VERSION_OF_PODMAN), answer("200 OK", "{}")]);
    let engine = |program: &str, version: &str| Engine { program: program.into(), version: version.into() };
    assert_eq!(both.engine().unwrap(), engine("docker", "20.10.24+dfsg1"));
    assert_eq!(both.engine().unwrap(), engine("podman", "4.3.1"));
    assert_eq!(both.engine().unwrap_err().to_string(), "the container engine was expected to speak HTTP and sent `{}`");
}

#[test]
fn images_are_listed_by_what_they_are_called_or_are_not() {
    let untagged = "[{\"Untagged\":\"ct:t\"},{\"Deleted\":\"sha256:3b4c\"}]\n";
    let mut engine = session(&[
        answer("200 OK", IMAGES),
        answer("200 OK", NAMELESS),
        answer("200 OK", "[]\n"),
        answer("200 OK", untagged),
        answer("404 Not Found", "{\"message\":\"No such image: reg:5000/no such:x\"}\n"),
    ]);
    let image = |id: &str, tags: &[&str], labels: &[(&str, &str)], created_unix_s| LocalImage {
        id: id.to_owned(),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        labels: labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        created_unix_s,
    };
    let own = image("sha256:e902", &["postgres:15-windlass"], &[("windlass.image", "15.18")], 1_795_667_549);
    assert_eq!(engine.images("postgres:*-windlass").unwrap(), [own]);
    assert_eq!(engine.nameless_images("windlass.image").unwrap(), [image("sha256:a55a", &[], &[], 1_795_667_464)]);
    assert_eq!(engine.images("ct:t").unwrap(), []);
    assert!(engine.remove_image("ct:t").unwrap());
    assert!(!engine.remove_image("reg:5000/no such:x").unwrap());
    let expected = [
        "GET /images/json?filters=%7B%22reference%22:%5B%22postgres:%2A-windlass%22%5D%7D",
        "GET /images/json?filters=%7B%22dangling%22:%5B%22true%22%5D%2C%22label%22:%5B%22windlass.image%22%5D%7D",
        "GET /images/json?filters=%7B%22reference%22:%5B%22ct:t%22%5D%7D",
        "DELETE /images/ct:t",
        "DELETE /images/reg:5000/no%20such:x",
    ];
    assert_eq!(engine.asked(), expected);
}

#[test]
fn what_fails_half_way_is_an_error_too() {
    // The last two are what Docker says of a tag that its registry does not have, by its documentation.
    let pulled = chunked(&[
        r#"{"status":"Pulling from library/postgres","id":"17"}"#,
        r#"{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"8a1e"}"#,
        r#"{"status":"Status: Downloaded newer image for postgres:17"}"#,
    ]);
    let error = r#"{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"#;
    let offline = "{\"message\":\"Get \\\"https://example.org/v2/\\\": dial tcp: lookup example.org: no such host\"}\n";
    let mut engine = session(&[pulled, chunked(&[error]), answer("500 Internal Server Error", offline)]);
    let mut said = Vec::new();
    engine.pull("docker.io/library/postgres:17", &mut |line| said.push(line.to_owned())).unwrap();
    let expected = ["17: Pulling from library/postgres", "8a1e: Downloading"];
    assert_eq!(said[..2], expected);
    let mut failed = |reference| engine.pull(reference, &mut |_| {}).unwrap_err().to_string();
    assert_eq!(failed("postgres"), "the container engine says: manifest unknown");
    let expected =
        "the container engine says: Get \"https://example.org/v2/\": dial tcp: lookup example.org: no such host";
    assert_eq!(failed("localhost:5000/a@sha256:1f"), expected);
    let asked = engine.asked();
    let create = "POST /images/create?fromImage=";
    let expected = ["docker.io/library/postgres&tag=17", "postgres&tag=latest", "localhost:5000/a&tag=sha256:1f"];
    assert_eq!(asked, expected.map(|it| format!("{create}{it}")));
}

#[test]
fn an_archive_becomes_an_image() {
    let made = chunked(&[r#"{"status":"sha256:3b4c8d14936d9ea8e48b81079e64d6599e7904f34093c114e6e42d0c20f0169d"}"#]);
    let cut = "{\"message\":\"Error processing tar file(exit status 1): unexpected EOF\"}\n";
    let mut engine = session(&[made, answer("500 Internal Server Error", cut)]);
    let changes = ["ENV A=\"b c\"".to_owned(), "USER 999".to_owned()];
    engine.import("ct:t", &changes, &mut &b"archive and more"[..], 7).unwrap();
    let told = String::from_utf8_lossy(&engine.connection.stream().told).into_owned();
    let expected = "POST /images/create?fromSrc=-&repo=ct&tag=t&changes=ENV%20A%3D%22b%20c%22&changes=USER%20999 HTTP/1.1\r\n\
        Host: engine\r\nContent-Type: application/x-tar\r\nContent-Length: 7\r\n\r\narchive";
    assert_eq!(told, expected);
    let error = engine.import("ct:t", &[], &mut &b"arc"[..], 3).unwrap_err().to_string();
    assert_eq!(error, "the container engine says: Error processing tar file(exit status 1): unexpected EOF");
}

#[test]
fn a_container_lives_and_is_gone() {
    let created = "{\"Id\":\"a9589580dab2\",\"Warnings\":[]}\n";
    let log = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n44\r\n\u{1}\0\0\0\0\0\0\u{4}out\n\u{2}\0\0\0\0\0\0\u{4}err\n\
        \u{2}\0\0\0\0\0\0$sh: 1: cannot open /y: No such file\n\r\n0\r\n\r\n";
    let not_running = "{\"message\":\"Cannot kill container: ct-x: Container a9589580dab2 is not running\"}\n";
    let gone = || "HTTP/1.1 204 No Content\r\nApi-Version: 1.41\r\n\r\n".to_owned();
    let mut engine = session(&[
        answer("201 Created", created),
        gone(),
        "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(),
        answer("200 OK", RUNNING),
        answer("200 OK", EXITED),
        log.to_owned(),
        answer("409 Conflict", not_running),
        gone(),
        answer("404 Not Found", NO_SUCH_CONTAINER),
        answer("404 Not Found", NO_SUCH_CONTAINER),
    ]);
    let spec = ContainerSpec { image: "ct:t".into(), port: 5432, ..ContainerSpec::default() };
    engine.create("ct-x", &spec).unwrap();
    engine.start("ct-x").unwrap();
    engine.start("ct-x").unwrap();
    let state = engine.state("ct-x").unwrap().unwrap();
    assert_eq!((state.is_running, state.ports), (true, BTreeMap::from([(5432, 32770)])));
    let state = engine.state("ct-x").unwrap().unwrap();
    assert_eq!((state.is_running, state.exit_code, state.ports), (false, 3, BTreeMap::new()));
    assert_eq!(engine.log("ct-x", 20).unwrap(), "out\nerr\nsh: 1: cannot open /y: No such file\n");
    let error = engine.kill("ct-x", "INT").unwrap_err().to_string();
    assert_eq!(error, "the container engine says: Cannot kill container: ct-x: Container a9589580dab2 is not running");
    assert!(engine.remove("ct-x").unwrap());
    assert!(!engine.remove("ct-x").unwrap());
    assert_eq!(engine.state("ct-x").unwrap(), None);
    assert_eq!(
        engine.asked()[5..8],
        [
            "GET /containers/ct-x/logs?stdout=1&stderr=1&tail=20",
            "POST /containers/ct-x/kill?signal=INT",
            "DELETE /containers/ct-x?force=1&v=1",
        ]
    );
}

#[test]
fn an_image_says_what_its_containers_run() {
    let says = r#"{"Id":"sha256:ef26","RepoTags":["postgres:15-windlass"],"Config":{"User":"postgres","Cmd":["postgres"],"Entrypoint":["/usr/local/bin/windlass-entrypoint"],"Labels":{"windlass.image":"15.18"}}}"#;
    let none = r#"{"Id":"sha256:71dc","Config":{"Cmd":["redis-server"],"Entrypoint":null}}"#;
    let mut engine = session(&[
        answer("200 OK", says),
        answer("200 OK", none),
        answer("404 Not Found", "{\"message\":\"No such image: x\"}\n"),
    ]);
    let image = |id: &str, entrypoint: &[&str], labels: &[(&str, &str)]| ImageSays {
        id: id.to_owned(),
        labels: labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        entrypoint: entrypoint.iter().map(|&word| word.to_owned()).collect(),
    };
    let own = image("sha256:ef26", &["/usr/local/bin/windlass-entrypoint"], &[("windlass.image", "15.18")]);
    assert_eq!(engine.image("postgres:15-windlass").unwrap(), Some(own));
    assert_eq!(engine.image("redis:7-windlass").unwrap(), Some(image("sha256:71dc", &[], &[])));
    assert_eq!(engine.image("x").unwrap(), None);
    assert_eq!(engine.asked()[0], "GET /images/postgres:15-windlass/json");
}

#[test]
fn a_program_within_writes_to_two_places_and_ends() {
    let begins = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\nApi-Version: 1.41\r\n\r\n";
    let written = "\u{2}\0\0\0\0\0\0\u{4}err\n\u{1}\0\0\0\0\0\0\u{4}out\n";
    let engine = session(&[answer("201 Created", "{\"Id\":\"faad\"}\n"), format!("{begins}{written}")]);
    let mut out = Vec::new();
    let ended = engine.exec("ct-e", &["sh", "-c", "echo out; echo err >&2; exit 3"], &mut out).unwrap();
    assert_eq!((ended, &*out), (("faad".to_owned(), "err\n".to_owned()), &b"out\n"[..]));

    let runs = r#"{"ID":"faad","Running":true,"ExitCode":null}"#;
    let ended = r#"{"ID":"faad","Running":false,"ExitCode":3,"ProcessConfig":{"tty":false,"entrypoint":"sh"}}"#;
    let mut engine = session(&[answer("200 OK", runs), answer("200 OK", ended)]);
    assert_eq!([engine.exit_code("faad").unwrap(), engine.exit_code("faad").unwrap()], [None, Some(3)]);

    let not_running = "{\"message\":\"Container a958 is not running\"}\n";
    let refused = session(&[answer("409 Conflict", not_running)]).exec("ct-e", &["true"], &mut Vec::new());
    assert_eq!(refused.unwrap_err().to_string(), "the container engine says: Container a958 is not running");
}

#[test]
fn what_has_a_label_is_listed() {
    let containers = "[{\"Id\":\"a958\",\"Names\":[\"/ct-x\"],\"Image\":\"ct:t\",\"Labels\":{\"windlass.run\":\"x\"},\"State\":\"exited\"}]\n";
    let volumes = "{\"Volumes\":[{\"Driver\":\"local\",\"Labels\":{\"windlass.run\":\"x\"},\"Name\":\"ctv\",\"Scope\":\"local\"}],\"Warnings\":null}\n";
    let no_volumes = "{\"Volumes\":null,\"Warnings\":null}\n";
    let mut engine = session(&[
        answer("200 OK", containers),
        answer("200 OK", volumes),
        answer("200 OK", no_volumes),
        answer("404 Not Found", "{\"message\":\"get ctv: no such volume\"}\n"),
    ]);
    let labels = BTreeMap::from([("windlass.run".to_owned(), "x".to_owned())]);
    let labelled = |name: &str| Labelled { name: name.into(), labels: labels.clone() };
    assert_eq!(engine.containers("windlass.run").unwrap(), [labelled("ct-x")]);
    assert_eq!(engine.volumes("windlass.run").unwrap(), [labelled("ctv")]);
    assert_eq!(engine.volumes("windlass.run").unwrap(), []);
    assert!(!engine.remove_volume("ctv").unwrap());
    assert_eq!(engine.asked()[0], "GET /containers/json?all=1&filters=%7B%22label%22:%5B%22windlass.run%22%5D%7D");
}

#[test]
fn a_volume_is_made_once_and_is_mounted_somewhere() {
    let made = "{\"CreatedAt\":\"2026-11-26T12:59:48Z\",\"Driver\":\"local\",\"Labels\":{\"windlass.dev\":\"/a\"},\"Mountpoint\":\"/v/_data\",\"Name\":\"ctv\",\"Options\":null,\"Scope\":\"local\"}\n";
    let mounted = "[{\"Id\":\"a958\",\"Names\":[\"/ct-x\"],\"Image\":\"ct:t\",\"Labels\":{},\"State\":\"created\"}]\n";
    let mut engine = session(&[
        answer("404 Not Found", "{\"message\":\"get ctv: no such volume\"}\n"),
        answer("201 Created", made),
        answer("200 OK", made),
        answer("200 OK", mounted),
        answer("200 OK", ""),
    ]);
    assert!(!engine.has_volume("ctv").unwrap());
    engine.make_volume("ctv", &BTreeMap::from([("windlass.dev".to_owned(), "/a".to_owned())])).unwrap();
    assert!(engine.has_volume("ctv").unwrap());
    assert_eq!(engine.containers_with("ctv").unwrap(), [Labelled { name: "ct-x".into(), labels: BTreeMap::new() }]);
    engine.make_common_dir("ct-x", "/var/lib/data").unwrap();
    let expected = [
        "GET /volumes/ctv",
        "POST /volumes/create",
        // The body of what goes before.
        "{\"Labels\":{\"windlass.dev\":\"/a\"},\"Name\":\"ctv\"}GET /volumes/ctv",
        "GET /containers/json?all=1&filters=%7B%22volume%22:%5B%22ctv%22%5D%7D",
        "PUT /containers/ct-x/archive?path=/",
    ];
    assert_eq!(engine.asked(), expected);
    let told = &engine.connection.stream().told;
    let tar = &told[told.len() - 1536..];
    // What Python's tarfile writes for the same directory.
    let fields: Vec<_> =
        tar.split(|byte| *byte == 0).filter(|field| !field.is_empty()).map(String::from_utf8_lossy).collect();
    let expected =
        ["var/lib/data/", "0001777", "0000000", "0000000", "00000000000", "00000000000", "010221", " 5", "ustar", "00"];
    assert_eq!(fields, expected);
}

#[test]
fn who_waits_is_told_the_end_and_who_listens_all_that_is_written() {
    let begins = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";
    let engine = session(&[begins.to_owned(), "\u{1}\0\0\0\0\0\0\u{3}hi\n\u{2}\0\0\0\0\0\0\u{3}er\n".to_owned()]);
    let mut text = String::new();
    engine.attach("ct-y").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hi\ner\n");

    let mut engine =
        session(&[chunked(&[r#"{"Error":null,"StatusCode":3}"#]), answer("404 Not Found", NO_SUCH_CONTAINER)]);
    let mut n_begun = 0;
    assert_eq!(engine.wait("ct-y", || n_begun += 1).unwrap(), 3);
    let error = engine.wait("ct-x", || n_begun += 1).unwrap_err().to_string();
    assert_eq!((n_begun, &*error), (1, "the container engine says: No such container: ct-x"));
    let wait = |name: &str| format!("POST /containers/{name}/wait?condition=next-exit");
    assert_eq!(engine.asked(), [wait("ct-y"), wait("ct-x")]);
}
