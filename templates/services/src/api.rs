//! What the service answers over HTTP.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use redis::AsyncCommands as _;
use serde::{Deserialize, Serialize};

use crate::{Error, Shop};

/// How long what a customer has spent may be out of date.
const CACHE_S: u64 = 60;

/// The service.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/orders", post(place))
        .route("/customers/{customer}/spent", get(spent))
        .route("/health", get(health))
        .with_state(shop)
}

#[derive(Deserialize)]
struct NewOrder {
    customer: String,
    cents: i64,
}

#[derive(Serialize)]
struct Order {
    id: i64,
}

async fn place(
    State(shop): State<Shop>,
    Json(new): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Error> {
    let insert = "INSERT INTO orders (customer, cents) VALUES ($1, $2) RETURNING id";
    let insert = sqlx::query_scalar(insert)
        .bind(&new.customer)
        .bind(new.cents);
    let id = insert.fetch_one(&shop.db).await?;
    shop.cache.clone().del::<_, ()>(key(&new.customer)).await?;
    Ok((StatusCode::CREATED, Json(Order { id })))
}

#[derive(Serialize)]
struct Spent {
    cents: i64,
    cached: bool,
}

async fn spent(
    State(shop): State<Shop>,
    Path(customer): Path<String>,
) -> Result<Json<Spent>, Error> {
    let mut cache = shop.cache.clone();
    if let Some(cents) = cache.get(key(&customer)).await? {
        return Ok(Json(Spent {
            cents,
            cached: true,
        }));
    }
    let sum = "SELECT COALESCE(SUM(cents), 0)::BIGINT FROM orders WHERE customer = $1";
    let cents: i64 = sqlx::query_scalar(sum)
        .bind(&customer)
        .fetch_one(&shop.db)
        .await?;
    cache
        .set_ex::<_, _, ()>(key(&customer), cents, CACHE_S)
        .await?;
    Ok(Json(Spent {
        cents,
        cached: false,
    }))
}

fn key(customer: &str) -> String {
    format!("spent:{customer}")
}

async fn health(State(shop): State<Shop>) -> Result<StatusCode, Error> {
    sqlx::query("SELECT 1").execute(&shop.db).await?;
    redis::cmd("PING")
        .query_async::<()>(&mut shop.cache.clone())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
