//! What can go wrong, and what a client is told of it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no order {0}")]
    NoOrder(i64),
    #[error("{0}")]
    Refused(&'static str),
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database's migrations: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the cache: {0}")]
    Cache(#[from] redis::RedisError),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NoOrder(_) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Database(_) | Self::Migration(_) | Self::Cache(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        // What is inside is nobody's business outside.
        let text = if status.is_server_error() { "something is wrong here".to_owned() } else { self.to_string() };
        if status.is_server_error() {
            eprintln!("{self}");
        }
        (status, Json(serde_json::json!({ "error": text }))).into_response()
    }
}
