//! Whether the service says how it is.

use axum::http::StatusCode;
use serde_json::json;

use crate::Client;

#[tokio::test]
async fn it_is_well_where_both_servers_answer() {
    let shop = Client::new().await;
    assert_eq!(shop.get("/health").await, (StatusCode::OK, json!({ "database": true, "cache": true })));
}

#[tokio::test]
async fn it_is_not_where_the_database_is_gone() {
    let shop = Client::new().await;
    shop.shop.db.close().await;
    let answer = json!({ "database": false, "cache": true });
    assert_eq!(shop.get("/health").await, (StatusCode::SERVICE_UNAVAILABLE, answer));
}

#[test]
fn a_database_of_a_test_has_the_schema_before_the_service_has_seen_it() {
    let db = windlass_testkit::postgres();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let n: i64 = runtime.block_on(async {
        let db = sqlx::PgPool::connect(db.url()).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM lines").fetch_one(&db).await.unwrap()
    });
    assert_eq!(n, 0);
}
