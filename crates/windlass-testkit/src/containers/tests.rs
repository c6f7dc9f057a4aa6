//! Real containers, of the images that `windlass services image` has built: part of the deep stage.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::{Lease, Request};

/// What a request gets whose service is not at hand.
fn instead(request: &Request) -> Lease {
    let problem = crate::Problem { text: "there is no server on `PATH`".into(), not_at_hand: true };
    request.or_container(Err(problem)).unwrap_or_else(|problem| panic!("{problem}"))
}

fn connect(lease: &Lease) -> TcpStream {
    TcpStream::connect((lease.host(), lease.port())).unwrap()
}

#[test]
fn a_container_stands_in_for_postgres() {
    let db = instead(&Request::new("postgres").container_tag("15-windlass"));
    assert_eq!(db.url(), format!("postgres://postgres:postgres@{}:{}/postgres", db.host(), db.port()));
    assert_eq!([db.user(), db.database(), db.var("DATABASE_URL")], ["postgres", "postgres", db.url()]);
    let mut stream = connect(&db);
    // A startup message of version 3: it asks for the password, or is content.
    let words = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    stream.write_all(&u32::try_from(words.len() + 4).unwrap().to_be_bytes()).unwrap();
    stream.write_all(words).unwrap();
    let mut kind = [0];
    stream.read_exact(&mut kind).unwrap();
    assert_eq!(kind, *b"R");
    let address = (db.host().to_owned(), db.port());
    drop(db);
    TcpStream::connect(address).expect_err("it is gone");
}

#[test]
fn a_container_stands_in_for_redis() {
    let redis = instead(&Request::new("redis").container_tag("7-windlass"));
    assert_eq!(redis.url(), format!("redis://{}:{}/0", redis.host(), redis.port()));
    assert_eq!([redis.user(), redis.database(), redis.var("REDIS_URL")], ["", "0", redis.url()]);
    let mut stream = connect(&redis);
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"+PONG\r\n");
}

#[test]
fn what_has_no_image_stays_not_at_hand() {
    let request = Request::new("nats");
    let problem = request.or_container(Err(crate::Problem { text: "x".into(), not_at_hand: true }));
    assert_eq!(problem.unwrap_err().text, "x");
}
