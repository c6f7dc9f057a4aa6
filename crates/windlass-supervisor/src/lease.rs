//! What tests ask for and are given, each over a connection of its own: a line of JSON asks, a line answers, and the end of the
//! connection is the end of what was given (docs/protocol.md).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

use serde_json::{Value, json};
use windlass_host::{Host, Signal};
use windlass_services::{Kind, Values};

use crate::offer::{Given, Offer};

/// The version of the protocol.
const PROTOCOL: u64 = 1;
/// How often it is looked whether the run is over.
const TICK: std::time::Duration = std::time::Duration::from_millis(20);
/// No line is longer, in bytes.
const MAX_LINE: u64 = 1 << 16;
/// How long a client may take to ask, once it is connected.
const ASK: std::time::Duration = std::time::Duration::from_secs(10);

/// Where tests ask.
pub(crate) struct Leases<'o, 'a> {
    host: &'a Host,
    offers: &'o [Offer<'a>],
    is_over: AtomicBool,
    /// Each connection that is open, by a number of its own.
    open: Mutex<BTreeMap<u64, UnixStream>>,
}

impl<'o, 'a> Leases<'o, 'a> {
    pub(crate) fn new(host: &'a Host, offers: &'o [Offer<'a>]) -> Self {
        Self { host, offers, is_over: AtomicBool::new(false), open: Mutex::default() }
    }

    /// Lets clients in until [`Leases::end`], each on a thread of its own.
    pub(crate) fn serve<'scope>(&'scope self, listener: &UnixListener, scope: &'scope Scope<'scope, '_>) {
        for number in 0.. {
            let stream = loop {
                if self.is_over.load(Ordering::SeqCst) {
                    return;
                }
                if let Some(stream) = self.host.next_client(listener, TICK) {
                    break stream;
                }
            };
            let Ok(second) = stream.try_clone() else { continue };
            self.open().insert(number, second);
            // Who came in while all were shown out is shown out too.
            if self.is_over.load(Ordering::SeqCst) {
                let _ = stream.shutdown(Shutdown::Both);
            }
            scope.spawn(move || {
                // A client that has gone is answered no more.
                let _ = self.attend(stream);
                self.open().remove(&number);
            });
        }
    }

    /// Ends all that is open, and lets nobody in any more.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        for offer in self.offers {
            offer.end();
        }
        for stream in self.open().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, UnixStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a client, and waits until it has ended.
    fn attend(&self, mut stream: UnixStream) -> std::io::Result<()> {
        let peer = self.host.peer(&stream);
        stream.set_read_timeout(Some(ASK))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        Read::by_ref(&mut reader).take(MAX_LINE).read_line(&mut line)?;
        stream.set_read_timeout(None)?;
        let given = asked(&line).and_then(|asked| {
            let offer = self.offer(&asked.service)?;
            Ok((offer, offer.give(asked.mode.as_deref())?, (asked.test, asked.of_process)))
        });
        let (offer, given, (test, of_process)) = match given {
            Ok(given) => given,
            Err(why) => return say(&mut stream, &json!({ "windlass": PROTOCOL, "error": why })),
        };
        let answered = say(&mut stream, &answer(offer, &given));
        // All that is said until the end; a client whose process has been killed says nothing any more.
        let mut said = String::new();
        let _ = reader.take(MAX_LINE).read_to_string(&mut said);
        let has_failed = said.lines().any(|line| {
            let said: Value = serde_json::from_str(line).unwrap_or_default();
            said["failed"] == true
        });
        // A process of several tests says nothing of one of them.
        let ended_badly = || of_process && peer.and_then(|pid| self.host.end_of(pid)).is_some_and(is_failure);
        let is_kept = answered.is_ok() && !self.is_over.load(Ordering::SeqCst) && (has_failed || ended_badly());
        offer.take_back(given, is_kept.then_some(test));
        answered
    }

    fn offer(&self, service: &str) -> Result<&'o Offer<'a>, String> {
        let named = self.offers.iter().find(|offer| offer.name() == service);
        named.ok_or_else(|| {
            let names: Vec<String> = self.offers.iter().map(|offer| format!("`{}`", offer.name())).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!(
                "no service `{service}` is declared in .config/windlass.toml: `[services.{service}]` there declares it; \
                 there are {}",
                names
            )
        })
    }
}

/// Whether an end, as `wait` says it, is that of a test that has failed: one that somebody has interrupted has not.
fn is_failure(status: i32) -> bool {
    status != 0 && status & 0x7f != Signal::INT.as_raw()
}

/// Writes a line, in one piece: each write costs the client a look.
fn say(stream: &mut UnixStream, line: &Value) -> std::io::Result<()> {
    stream.write_all(format!("{line}\n").as_bytes())
}

struct Asked {
    service: String,
    mode: Option<String>,
    test: String,
    /// Whether the whole process is that of one test.
    of_process: bool,
}

fn asked(line: &str) -> Result<Asked, String> {
    let asked: Value = serde_json::from_str(line).map_err(|error| format!("this is no line of JSON: {error}"))?;
    match asked["windlass"].as_u64() {
        Some(PROTOCOL) => {}
        other => {
            let theirs = other.map_or("none".to_owned(), |number| number.to_string());
            return Err(format!(
                "the client speaks version {theirs} of the protocol, this windlass version {PROTOCOL}: use windlass and \
                 windlass-testkit of one release"
            ));
        }
    }
    let text = |name: &str| asked[name].as_str().map(str::to_owned);
    let service = text("service").ok_or("`service` is missing, the name of one")?;
    let of_process = asked["process"] == true;
    Ok(Asked { service, mode: text("mode"), test: text("test").unwrap_or_default(), of_process })
}

fn answer(offer: &Offer<'_>, given: &Given<'_>) -> Value {
    let (definition, values) = (offer.definition(), &given.values);
    let tcp_url = definition.url(values);
    let url = match definition.kind {
        Kind::Postgres => of_socket(values),
        _ => tcp_url.clone(),
    };
    let Values { host, port, user, password, database, .. } = values;
    json!({
        "windlass": PROTOCOL,
        "service": definition.name,
        "mode": given.mode,
        "name": given.name,
        "url": url,
        "tcp_url": tcp_url,
        "host": host,
        "port": port,
        "user": user,
        "password": password,
        "database": database,
        "env": definition.env(values),
        "kept_by": offer.kept_by(given),
    })
}

/// The URL of a database over the server's private socket, in the one form that libpq, sqlx and tokio-postgres all read: the
/// directory as the host.
fn of_socket(values: &Values) -> String {
    let Values { run, port, user, password, database, .. } = values;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = run.bytes().map(|byte| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    format!("postgres://{user}:{password}@{}:{port}/{database}", encoded.collect::<String>())
}
