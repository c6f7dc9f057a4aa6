//! Applies migrations over a session, as their tool would.

use std::io::{Read, Write};

use super::{Migration, Plan};
use crate::postgres::{PostgresError, PostgresSession, line_at};

/// A migration that failed.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {error}")]
pub struct Failed {
    /// Its file, and where the server tells it, the line: `0002_users.sql:7`.
    pub place: String,
    /// Why.
    #[source]
    pub error: PostgresError,
}

/// Makes the tool's table in a fresh database, runs the migrations, and adds a row for each.
///
/// # Errors
///
/// When the server refuses one of them; what it did not undo stays, so the database is of no use then.
pub fn apply<S: Read + Write>(session: &mut PostgresSession<S>, plan: &Plan) -> Result<(), Failed> {
    session.query(plan.table).map_err(|error| Failed { place: "the table of what has been run".to_owned(), error })?;
    plan.migrations.iter().try_for_each(|migration| one(session, migration))
}

fn one<S: Read + Write>(session: &mut PostgresSession<S>, migration: &Migration) -> Result<(), Failed> {
    let failed = |error| Failed { place: migration.file.clone(), error };
    if migration.in_transaction {
        session.query("BEGIN").map_err(failed)?;
    }
    session.query(&migration.sql).map_err(|error| match error {
        PostgresError::Refused { position: Some(position), .. } => {
            let line = migration.first_line + line_at(&migration.sql, position) - 1;
            Failed { place: format!("{}:{line}", migration.file), error }
        }
        error => failed(error),
    })?;
    if let Some(bookkeeping) = &migration.bookkeeping {
        session.query(bookkeeping).map_err(failed)?;
    }
    if migration.in_transaction {
        session.query("COMMIT").map_err(failed)?;
    }
    Ok(())
}
