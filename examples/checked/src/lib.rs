//! Queries that sqlx checks while it compiles them. There is no `.sqlx`: `windlass ci` starts the services before clippy and the
//! compile, and an editor or a plain `cargo check` has them by `cargo xtask with -- COMMAND`.

use sqlx::PgExecutor;

/// How many of an item have been ordered; none if nobody has.
///
/// # Errors
///
/// When the database does not answer.
pub async fn ordered(database: impl PgExecutor<'_>, item: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("SELECT sum(quantity) FROM lines WHERE item = $1", item).fetch_one(database).await
}
