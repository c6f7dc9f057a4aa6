//! The service as its clients see it. Each test has a database and a Redis of its own, and runs beside all the others.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shop::Shop;
use tower::ServiceExt as _;
use windlass_testkit::Lease;

/// The service on servers of a test's own, which are given back with it.
struct Client {
    shop: Shop,
    router: Router,
    _servers: [Lease; 2],
}

impl Client {
    async fn new() -> Self {
        let (db, redis) = (windlass_testkit::postgres(), windlass_testkit::redis());
        let shop = Shop::open(db.url(), redis.url()).await.unwrap();
        Self {
            router: shop::router(shop.clone()),
            shop,
            _servers: [db, redis],
        }
    }

    async fn call(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        self.call(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn order(&self, customer: &str, cents: i64) -> (StatusCode, String) {
        let order = json!({ "customer": customer, "cents": cents }).to_string();
        let request = Request::post("/orders").header(header::CONTENT_TYPE, "application/json");
        self.call(request.body(Body::from(order)).unwrap()).await
    }

    async fn spent(&self, customer: &str) -> Value {
        let (status, body) = self.get(&format!("/customers/{customer}/spent")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn the_first_order_of_every_test_is_number_one() {
    let (one, other) = (Client::new().await, Client::new().await);
    let first = (StatusCode::CREATED, json!({ "id": 1 }).to_string());
    assert_eq!(one.order("ada", 100).await, first);
    assert_eq!(other.order("bob", 200).await, first);
}

#[tokio::test]
async fn the_second_answer_comes_from_the_cache_and_an_order_clears_it() {
    let shop = Client::new().await;
    shop.order("ada", 100).await;
    assert_eq!(
        shop.spent("ada").await,
        json!({ "cents": 100, "cached": false })
    );
    assert_eq!(
        shop.spent("ada").await,
        json!({ "cents": 100, "cached": true })
    );
    shop.order("ada", 200).await;
    assert_eq!(
        shop.spent("ada").await,
        json!({ "cents": 300, "cached": false })
    );
}

#[tokio::test]
async fn what_the_database_refuses_is_the_clients_mistake() {
    let shop = Client::new().await;
    for (customer, cents) in [("", 100), ("ada", 0)] {
        let (status, body) = shop.order(customer, cents).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(shop.spent("ada").await["cents"], 0);
}

#[tokio::test]
async fn it_is_well_until_the_database_is_gone() {
    let shop = Client::new().await;
    assert_eq!(shop.get("/health").await.0, StatusCode::NO_CONTENT);
    shop.shop.db.close().await;
    assert_eq!(
        shop.get("/health").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
}
