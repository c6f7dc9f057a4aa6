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

/// Tests as sqlx has them, unmodified: under windlass they have a server, and a role that may make databases.
#[sqlx::test(migrations = "../shop/migrations")]
async fn of_sqlx_itself(pool: sqlx::PgPool) {
    let n: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&pool).await.unwrap();
    assert_eq!(n, 0);
}
