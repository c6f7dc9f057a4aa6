//! sqlx, as `sqlx_core::migrate::resolve_blocking` and `sqlx_postgres::migrate` (0.9) do it; 0.7 and 0.8 do the same.

use sha2::{Digest, Sha384};
use windlass_plan::Command;

use super::{Files, Migration, MigrationsError, Plan, literal, no_version_twice, refused};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
);";

/// Whether a file is a migration.
pub(super) fn fits(path: &str) -> bool {
    parts(path).is_some_and(|(version, _)| version.parse::<i64>().is_ok())
}

/// What is before the first `_` of a file's name and what is behind it, of those that sqlx looks at.
fn parts(path: &str) -> Option<(&str, &str)> {
    path.split_once('_').filter(|(_, rest)| !path.contains('/') && rest.ends_with(".sql"))
}

pub(super) fn plan(files: &Files) -> Result<Plan, MigrationsError> {
    let mut found = Vec::new();
    for (path, text) in files {
        let Some((version, rest)) = parts(path) else { continue };
        let version: i64 = version.parse().map_err(|_| {
            refused(path, format!("sqlx wants a whole number before the first `_`, not `{version}`: `1_name.sql`"))
        })?;
        if rest.ends_with(".down.sql") {
            continue;
        }
        let ending = if rest.ends_with(".up.sql") { ".up.sql" } else { ".sql" };
        let description = rest.trim_end_matches(ending).replace('_', " ");
        found.push((version, migration(path, text, version, &description)));
    }
    found.sort_by_key(|(version, _)| *version);
    no_version_twice(found.iter().map(|(version, migration)| (*version, migration.file.clone())))?;
    Ok(Plan { table: TABLE, migrations: found.into_iter().map(|(_, migration)| migration).collect() })
}

fn migration(path: &str, text: &str, version: i64, description: &str) -> Migration {
    let checksum: String = Sha384::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    // -1: how long it took was not measured.
    let bookkeeping = format!(
        "INSERT INTO _sqlx_migrations ( version, description, success, checksum, execution_time ) \
         VALUES ( {version}, {}, TRUE, decode('{checksum}', 'hex'), -1 )",
        literal(description)
    );
    Migration {
        file: path.to_owned(),
        sql: text.to_owned(),
        first_line: 1,
        in_transaction: !text.starts_with("-- no-transaction"),
        bookkeeping: Some(bookkeeping),
    }
}

/// A `sqlx.toml` may name another variable than `DATABASE_URL`, so the URL is an argument, without its password.
pub(super) fn own_command(command: Command, directory: &str, url: &str) -> Command {
    let command = command.args(["migrate", "run", "--source", directory, "--database-url"]);
    match without_password(url) {
        Some((url, password)) => command.arg(url).env("PGPASSWORD", password),
        None => command.arg(url),
    }
}

fn without_password(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (login, rest) = rest.split_once('@')?;
    let (user, password) = login.split_once(':')?;
    Some((format!("{scheme}://{user}@{rest}"), password))
}

#[cfg(test)]
mod tests {
    use crate::migrations::tests::{files, outline};
    use crate::migrations::{Migrator, plan};

    #[test]
    fn files_are_taken_in_the_order_of_their_versions() {
        let given = [
            ("10_c.sql", ""),
            ("9_b.up.sql", "-- no-transaction\r\nVACUUM"),
            ("9_b.down.sql", ""),
            ("001_a.sql", " -- no-transaction is not its first word"),
            ("schema.sql", ""),
            ("notes_on_this.txt", ""),
            ("old/3_d.sql", ""),
        ];
        let order = ["001_a.sql:1", "9_b.up.sql:1 bare", "10_c.sql:1"];
        assert_eq!(outline(Migrator::Sqlx, &given).unwrap(), order);
    }

    #[test]
    fn a_row_says_what_sqlx_would() {
        let plan = plan(Migrator::Sqlx, &files(&[("7_it's_a_née.sql", "abc")])).unwrap();
        // `printf abc | sha384sum`
        let expected = "INSERT INTO _sqlx_migrations ( version, description, success, checksum, execution_time ) \
            VALUES ( 7, 'it''s a née', TRUE, decode('cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
            8086072ba1e7cc2358baeca134c825a7', 'hex'), -1 )";
        assert_eq!(plan.migrations[0].bookkeeping.as_deref(), Some(expected));
    }

    #[test]
    fn what_sqlx_refuses_is_refused() {
        let cases = [
            ("x_a.sql", "migration `x_a.sql`: sqlx wants a whole number before the first `_`, not `x`: `1_name.sql`"),
            ("01_b.sql", "migration `1_a.sql`: another one has the same version: every version is there once"),
        ];
        for (file, expected) in cases {
            assert_eq!(outline(Migrator::Sqlx, &[("1_a.sql", ""), (file, "")]).unwrap_err(), expected);
        }
    }
}
