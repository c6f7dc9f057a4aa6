//! What a customer has spent comes from the cache, and is never wrong for long.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::Client;

#[tokio::test]
async fn the_second_answer_comes_from_the_cache_and_an_order_clears_it() {
    let shop = Client::new().await;
    let spent = async |customer: &str| shop.get(&format!("/customers/{customer}/spent")).await;
    shop.order("ada", 100).await;
    assert_eq!(spent("ada").await, (StatusCode::OK, json!({ "cents": 100, "cached": false })));
    assert_eq!(spent("ada").await, (StatusCode::OK, json!({ "cents": 100, "cached": true })));
    shop.order("ada", 200).await;
    assert_eq!(spent("ada").await, (StatusCode::OK, json!({ "cents": 300, "cached": false })));
    assert_eq!(spent("bob").await, (StatusCode::OK, json!({ "cents": 0, "cached": false })));
}

#[tokio::test]
async fn what_is_in_the_cache_expires() {
    let shop = Client::with(|shop| shop.cache_for = Duration::from_millis(200)).await;
    shop.order("ada", 100).await;
    let spent = async || shop.get("/customers/ada/spent").await.1["cents"].clone();
    assert_eq!(spent().await, 100);
    // Past the service, as another program would: it does not know.
    sqlx::query("UPDATE lines SET price_cents = 900").execute(&shop.shop.db).await.unwrap();
    let noticed = async {
        while spent().await != 900 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), noticed).await.unwrap();
}

#[tokio::test]
async fn orders_that_come_all_at_once_are_all_counted() {
    let shop = Client::new().await;
    tokio::join!(shop.order("ada", 1), shop.order("ada", 2), shop.order("ada", 4), shop.order("ada", 8));
    assert_eq!(shop.get("/customers/ada/spent").await.1["cents"], 15);
}
