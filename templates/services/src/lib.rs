//! A shop that takes orders: in PostgreSQL, with what a customer has spent kept in Redis for a while.

mod api;
mod error;

pub use api::router;
pub use error::Error;

use redis::aio::ConnectionManager;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// What the service stands on.
#[derive(Clone)]
pub struct Shop {
    pub db: PgPool,
    pub cache: ConnectionManager,
}

impl Shop {
    /// Connects to both, and brings the database up to date.
    pub async fn open(database_url: &str, redis_url: &str) -> Result<Self, Error> {
        let db = PgPoolOptions::new()
            .max_connections(5)
            .connect(database_url)
            .await?;
        sqlx::migrate!().run(&db).await?;
        let cache = redis::Client::open(redis_url)?
            .get_connection_manager()
            .await?;
        Ok(Self { db, cache })
    }
}
