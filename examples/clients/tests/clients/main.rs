//! The common clients of PostgreSQL, each with a database of the test's own: over the unix socket and over TCP.

mod diesel;
mod sqlx;
mod tokio_postgres;

use windlass_testkit::Lease;

/// The question that each client asks: where it is, how it got there, and whether the migrations were there before it.
const QUESTION: &str = "SELECT current_database() \
     || CASE WHEN inet_server_addr() IS NULL THEN ' by socket, orders: ' ELSE ' by TCP, orders: ' END \
     || (SELECT count(*) FROM orders)";

/// The addresses of a database, and what is answered there.
fn addresses(db: &Lease) -> [(&str, String); 2] {
    let answer = |way: &str| format!("{} by {way}, orders: 0", db.database());
    [(db.url(), answer("socket")), (db.tcp_url(), answer("TCP"))]
}
