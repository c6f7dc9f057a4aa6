//! The service as its clients see it. Each test has a database and a Redis of its own, and runs beside all the others.

mod health;
mod orders;
mod spent;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::{Json, Router};
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
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Shop)) -> Self {
        let (db, redis) = (windlass_testkit::postgres(), windlass_testkit::redis());
        let mut shop = Shop::open(db.url(), redis.url()).await.unwrap();
        change(&mut shop);
        Self { router: shop::router(shop.clone()), shop, _servers: [db, redis] }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.call(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn call(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let Json(value) = Json::from_bytes(&body).unwrap();
        (status, value)
    }

    /// Has a customer order one thing.
    async fn order(&self, customer: &str, price_cents: i64) {
        let line = json!({ "item": "tea", "quantity": 1, "price_cents": price_cents });
        let (status, answer) = self.post("/orders", json!({ "customer": customer, "lines": [line] })).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
}
