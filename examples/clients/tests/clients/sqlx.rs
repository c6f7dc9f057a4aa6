//! sqlx, with tokio and without.

use sqlx::{Connection as _, PgConnection};

use crate::{QUESTION, addresses};

async fn asked(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let answer = sqlx::query_scalar(QUESTION).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

#[tokio::test]
async fn over_the_socket_and_over_tcp() {
    let db = windlass_testkit::postgres();
    for (url, expected) in addresses(&db) {
        assert_eq!(asked(url).await, expected);
    }
}

#[test]
fn without_tokio() {
    let db = windlass_testkit::postgres();
    for (url, expected) in addresses(&db) {
        assert_eq!(smol::block_on(asked(url)), expected);
    }
}
