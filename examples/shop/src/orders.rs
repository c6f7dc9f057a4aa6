//! Orders, in PostgreSQL.

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};

use crate::Error;

/// One item of an order, and how many of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct Line {
    pub item: String,
    pub quantity: i32,
    pub price_cents: i64,
}

/// An order as it was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: i64,
    pub customer: String,
    pub lines: Vec<Line>,
    pub total_cents: i64,
}

/// Places an order, whole or not at all.
pub(crate) async fn place(db: &PgPool, customer: &str, lines: &[Line]) -> Result<Order, Error> {
    if lines.is_empty() {
        return Err(Error::Refused("an order has at least one line"));
    }
    let mut transaction = db.begin().await?;
    let id: i64 = sqlx::query_scalar("INSERT INTO orders (customer) VALUES ($1) RETURNING id")
        .bind(customer)
        .fetch_one(&mut *transaction)
        .await
        .map_err(refused)?;
    for line in lines {
        sqlx::query("INSERT INTO lines (order_id, item, quantity, price_cents) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(&line.item)
            .bind(line.quantity)
            .bind(line.price_cents)
            .execute(&mut *transaction)
            .await
            .map_err(refused)?;
    }
    transaction.commit().await?;
    find(db, id).await
}

/// Finds an order by its number.
pub(crate) async fn find(db: &PgPool, id: i64) -> Result<Order, Error> {
    let customer: Option<String> =
        sqlx::query_scalar("SELECT customer FROM orders WHERE id = $1").bind(id).fetch_optional(db).await?;
    let customer = customer.ok_or(Error::NoOrder(id))?;
    let lines: Vec<Line> =
        sqlx::query_as("SELECT item, quantity, price_cents FROM lines WHERE order_id = $1 ORDER BY item")
            .bind(id)
            .fetch_all(db)
            .await?;
    let total_cents = lines.iter().map(|line| i64::from(line.quantity) * line.price_cents).sum();
    Ok(Order { id, customer, lines, total_cents })
}

/// What a customer has spent.
pub(crate) async fn spent_cents(db: &PgPool, customer: &str) -> Result<i64, Error> {
    let sum = "SELECT COALESCE(SUM(quantity * price_cents), 0)::BIGINT \
               FROM orders JOIN lines ON order_id = id WHERE customer = $1";
    Ok(sqlx::query_scalar(sum).bind(customer).fetch_one(db).await?)
}

/// What the database's own rules refuse is the client's mistake.
fn refused(error: sqlx::Error) -> Error {
    match error.as_database_error() {
        Some(it) if it.is_check_violation() => {
            Error::Refused("a customer and an item have a name, a quantity is above zero, a price not below it")
        }
        Some(it) if it.is_unique_violation() => Error::Refused("an item stands in one line of an order"),
        _ => error.into(),
    }
}
