//! What can go wrong, and what a client is told of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database's migrations: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the cache: {0}")]
    Cache(#[from] redis::RedisError),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        // What the database's own rules refuse is the client's mistake.
        if let Self::Database(sqlx::Error::Database(error)) = &self
            && error.is_check_violation()
        {
            let text = "an order has a customer, and costs something";
            return (StatusCode::UNPROCESSABLE_ENTITY, text).into_response();
        }
        // What is inside is nobody's business outside.
        eprintln!("{self}");
        (StatusCode::INTERNAL_SERVER_ERROR, "something is wrong here").into_response()
    }
}
