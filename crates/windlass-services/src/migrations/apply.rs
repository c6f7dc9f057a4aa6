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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::{Migrator, plan, tests::files};
    use crate::scripted::Scripted;

    /// A message of a server.
    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], body].concat()
    }

    /// The queries in what a server was told, after the message that opens a session.
    fn queries(mut told: &[u8]) -> Vec<String> {
        let mut take = |head: usize| {
            let length = told.get(head..head + 4)?.try_into().unwrap();
            let (message, rest) = told.split_at(head + u32::from_be_bytes(length) as usize);
            told = rest;
            Some(String::from_utf8_lossy(&message[head + 4..]).trim_matches(['\0', '\n']).to_owned())
        };
        take(0).unwrap();
        std::iter::from_fn(|| take(1)).collect()
    }

    /// What windlass asks a server that answers the first `n` queries and refuses the next, and what it says then.
    fn asked(text: &str, n: usize, refusal: &[u8]) -> (Vec<String>, String) {
        let (done, ready) = (message(b'C', b"OK\0"), message(b'Z', b"I"));
        let mut answers = [message(b'R', &[0; 4]), ready.clone()].concat();
        (0..n).for_each(|_| answers.extend([done.clone(), ready.clone()].concat()));
        answers.extend([message(b'E', refusal), ready].concat());
        let mut server = Scripted::new(&answers);
        let mut session = PostgresSession::open(&mut server, "me", "db").unwrap();
        let failed = apply(&mut session, &plan(Migrator::Dbmate, &files(&[("1_a.sql", text)])).unwrap()).unwrap_err();
        (queries(&server.told), failed.to_string())
    }

    #[test]
    fn a_migration_that_fails_is_named_with_its_line() {
        let text = "-- here\n-- migrate:up\nselect 1;\nselect x;\n-- migrate:down\n-- migrate:up transaction:false\n\
                    vacuum;\n-- migrate:down\n";
        let x: &[u8] = b"SERROR\0C42703\0Mno x\0P34\0\0";
        let disk: &[u8] = b"SERROR\0C53100\0Mno disk\0\0";
        let (queries, said) = asked(text, 2, x);
        assert_eq!(queries[1..], ["BEGIN", "-- migrate:up\nselect 1;\nselect x;"]);
        assert_eq!(said, "1_a.sql:4: PostgreSQL: no x (42703)");
        let (queries, said) = asked(text, 5, disk);
        let row = "insert into public.schema_migrations (version) values ('1')";
        assert_eq!(queries[3..], ["COMMIT", "-- migrate:up transaction:false\nvacuum;", row]);
        assert_eq!(said, "1_a.sql: PostgreSQL: no disk (53100)");
        assert_eq!(asked(text, 0, disk).1, "the table of what has been run: PostgreSQL: no disk (53100)");
    }
}
