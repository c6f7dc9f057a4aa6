//! What is said on the socket in the life of a lease.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use super::Lease;
use crate::Request;

const ANSWER: &str = r#"{"windlass":1,"service":"postgres","mode":"clone","name":"w7","url":"postgres://u:secret@%2Fd:5/w7",
"tcp_url":"postgres://u:secret@127.0.0.1:5/w7","host":"127.0.0.1","port":5,"user":"u","password":"secret","database":"w7",
"env":{"DATABASE_URL":"postgres://u:secret@127.0.0.1:5/w7"}}"#;

/// A lease, and the supervisor's end of its socket.
fn leased(of_process: bool) -> (Lease, BufReader<UnixStream>) {
    let (client, supervisor) = UnixStream::pair().unwrap();
    let supervisor = thread::spawn(move || {
        let mut reader = BufReader::new(supervisor);
        let mut request = String::new();
        reader.read_line(&mut request).unwrap();
        assert!(request.contains(r#""service":"postgres""#), "{request}");
        writeln!(reader.get_mut(), "{}", ANSWER.replace('\n', "")).unwrap();
        reader
    });
    let lease = Request::new("postgres").ask(client, of_process).unwrap();
    (lease, supervisor.join().unwrap())
}

/// All that is said until the lease is given back.
fn said(mut supervisor: BufReader<UnixStream>) -> String {
    let mut said = String::new();
    supervisor.read_to_string(&mut said).unwrap();
    said
}

/// What is said, of a lease that is not given back.
fn said_so_far(supervisor: &mut BufReader<UnixStream>) -> String {
    supervisor.get_ref().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut said = Vec::new();
    supervisor.read_to_end(&mut said).expect_err("it was given back");
    String::from_utf8(said).unwrap()
}

const FAILED: &str = "{\"failed\":true}\n";

#[test]
fn what_is_dropped_is_given_back() {
    let (lease, supervisor) = leased(false);
    drop(lease);
    assert_eq!(said(supervisor), "");
}

#[test]
fn what_a_panicking_test_has_is_kept() {
    let (lease, supervisor) = leased(false);
    let test = thread::spawn(move || {
        let _lease = lease;
        panic!("on purpose");
    });
    test.join().unwrap_err();
    assert_eq!(said(supervisor), FAILED);
}

#[test]
fn of_what_is_in_a_static_the_test_that_asked_for_it_may_be_over() {
    let (other, mut others) = leased(false);
    let (lease, mut supervisor) = thread::spawn(|| leased(false)).join().unwrap();
    let lease: &'static Lease = Box::leak(Box::new(lease));
    thread::spawn(move || assert_eq!(lease.port(), 0, "on purpose")).join().unwrap_err();
    assert_eq!(said_so_far(&mut supervisor), FAILED);
    assert_eq!(said_so_far(&mut others), "", "another test's");
    drop(other);
}

#[test]
fn a_process_of_its_own_has_it_until_the_end() {
    let (lease, mut supervisor) = leased(true);
    drop(lease);
    thread::spawn(|| panic!("on purpose")).join().unwrap_err();
    assert_eq!(said_so_far(&mut supervisor), FAILED);
}

#[test]
fn what_is_released_is_given_back_also_then() {
    let (lease, supervisor) = leased(true);
    lease.release();
    assert_eq!(said(supervisor), "");
}

#[test]
fn a_supervisor_that_ends_is_a_problem() {
    let (client, supervisor) = UnixStream::pair().unwrap();
    let asked = thread::spawn(|| Request::new("postgres").ask(client, false).map(drop));
    BufReader::new(supervisor).read_line(&mut String::new()).unwrap();
    assert_eq!(asked.join().unwrap().unwrap_err().text, "the supervisor has ended, or gave no answer");
}

#[test]
fn debug_shows_no_password() {
    let (lease, _supervisor) = leased(false);
    let text = format!("{lease:?}");
    assert_eq!(
        text,
        "Lease { service: \"postgres\", mode: \"clone\", name: \"w7\", host: \"127.0.0.1\", port: 5, user: \"u\", \
         database: \"w7\", .. }"
    );
}

#[test]
fn a_variable_is_given_by_its_name() {
    let (lease, _supervisor) = leased(false);
    assert_eq!(lease.var("DATABASE_URL"), lease.tcp_url());
    let panic = thread::spawn(move || lease.var("DB").to_owned()).join().unwrap_err();
    let text = panic.downcast::<String>().unwrap();
    assert!(
        text.starts_with("windlass-testkit: `postgres` exports no `DB`; it exports: DATABASE_URL\nhelp: "),
        "{text}"
    );
}
