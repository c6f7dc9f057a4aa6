//! Orders are placed whole or not at all.

use axum::http::StatusCode;
use serde_json::json;

use crate::Client;

#[tokio::test]
async fn an_order_has_a_total_and_is_found_again() {
    let shop = Client::new().await;
    let lines = json!([
        { "item": "kettle", "quantity": 1, "price_cents": 2500 },
        { "item": "tea", "quantity": 3, "price_cents": 400 },
    ]);
    let (status, placed) = shop.post("/orders", json!({ "customer": "ada", "lines": lines })).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(placed, json!({ "id": 1, "customer": "ada", "lines": lines, "total_cents": 3700 }));
    assert_eq!(shop.get("/orders/1").await, (StatusCode::OK, placed));
}

#[tokio::test]
async fn the_first_order_of_every_database_is_number_one() {
    let (one, other) = (Client::new().await, Client::new().await);
    one.order("ada", 100).await;
    other.order("bob", 200).await;
    assert_eq!(one.get("/orders/1").await.1["customer"], "ada");
    assert_eq!(other.get("/orders/1").await.1["customer"], "bob");
}

#[tokio::test]
async fn an_order_that_does_not_exist_is_not_found() {
    let shop = Client::new().await;
    assert_eq!(shop.get("/orders/7").await, (StatusCode::NOT_FOUND, json!({ "error": "there is no order 7" })));
}

#[tokio::test]
async fn what_the_database_refuses_leaves_nothing_behind() {
    let shop = Client::new().await;
    let good = json!({ "item": "tea", "quantity": 1, "price_cents": 400 });
    let none_of_it = json!({ "item": "air", "quantity": 0, "price_cents": 1 });
    let cases = [
        (json!({ "customer": "ada", "lines": [] }), "at least one line"),
        (json!({ "customer": "", "lines": [good] }), "have a name"),
        (json!({ "customer": "ada", "lines": [good, none_of_it] }), "above zero"),
        (json!({ "customer": "ada", "lines": [good, good] }), "one line of an order"),
    ];
    for (order, expected) in cases {
        let (status, answer) = shop.post("/orders", order).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer["error"].as_str().unwrap().contains(expected), "{answer}");
    }
    let n: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&shop.shop.db).await.unwrap();
    assert_eq!(n, 0);
}
