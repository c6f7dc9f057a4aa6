use sqlx::{Connection as _, PgConnection};

#[tokio::test]
async fn quantities_are_summed() {
    let db = windlass_testkit::postgres();
    let mut database = PgConnection::connect(db.url()).await.unwrap();
    assert_eq!(checked::ordered(&mut database, "tea").await.unwrap(), None);
    for quantity in [2, 3] {
        sqlx::query!(
            "WITH placed AS (INSERT INTO orders (customer) VALUES ('Ann') RETURNING id)
             INSERT INTO lines SELECT id, 'tea', $1, 100 FROM placed",
            quantity
        )
        .execute(&mut database)
        .await
        .unwrap();
    }
    assert_eq!(checked::ordered(&mut database, "tea").await.unwrap(), Some(5));
}
