//! What the service answers over HTTP.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::{Error, Line, Order, Shop, orders, spent};

/// The service.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/orders", post(place))
        .route("/orders/{id}", get(order))
        .route("/customers/{customer}/spent", get(spent_by))
        .route("/health", get(health))
        .with_state(shop)
}

#[derive(Deserialize)]
struct NewOrder {
    customer: String,
    lines: Vec<Line>,
}

async fn place(State(shop): State<Shop>, Json(new): Json<NewOrder>) -> Result<(StatusCode, Json<Order>), Error> {
    let order = orders::place(&shop.db, &new.customer, &new.lines).await?;
    spent::forget(&shop, &new.customer).await?;
    Ok((StatusCode::CREATED, Json(order)))
}

async fn order(State(shop): State<Shop>, Path(id): Path<i64>) -> Result<Json<Order>, Error> {
    Ok(Json(orders::find(&shop.db, id).await?))
}

#[derive(Serialize)]
struct Spent {
    cents: i64,
    cached: bool,
}

async fn spent_by(State(shop): State<Shop>, Path(customer): Path<String>) -> Result<Json<Spent>, Error> {
    let (cents, cached) = spent::by(&shop, &customer).await?;
    Ok(Json(Spent { cents, cached }))
}

#[derive(Serialize)]
struct Health {
    database: bool,
    cache: bool,
}

async fn health(State(shop): State<Shop>) -> (StatusCode, Json<Health>) {
    let database = sqlx::query("SELECT 1").execute(&shop.db).await.is_ok();
    let cache = redis::cmd("PING").query_async::<String>(&mut shop.cache.clone()).await.is_ok();
    let status = if database && cache { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Health { database, cache }))
}
