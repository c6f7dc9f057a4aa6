//! tokio-postgres.

use tokio_postgres::NoTls;

use crate::{QUESTION, addresses};

#[tokio::test]
async fn over_the_socket_and_over_tcp() {
    let db = windlass_testkit::postgres();
    for (url, expected) in addresses(&db) {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let row = client.query_one(QUESTION, &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), expected);
        drop(client);
        connection.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_for_where_other_tasks_must_go_on() {
    let db = tokio::task::spawn_blocking(windlass_testkit::postgres).await.unwrap();
    let [(url, expected), _] = addresses(&db);
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(client.query_one(QUESTION, &[]).await.unwrap().get::<_, String>(0), expected);
}
