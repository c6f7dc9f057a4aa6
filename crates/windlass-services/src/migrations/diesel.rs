//! diesel, as `diesel_migrations::FileBasedMigrations` and its harness (2.3) do it; 2.0 and newer do the same.

use std::collections::BTreeSet;

use windlass_plan::Command;

use super::{Files, Migration, MigrationsError, Plan, literal, no_version_twice, refused};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);";

/// Whether a file is part of a migration.
pub(super) fn fits(path: &str) -> bool {
    path.split_once('/').is_some_and(|(_, file)| matches!(file, "up.sql" | "down.sql"))
}

pub(super) fn plan(files: &Files) -> Result<Plan, MigrationsError> {
    let directories: BTreeSet<&str> =
        files.keys().filter_map(|path| Some(path.split_once('/')?.0)).filter(|name| !name.starts_with('.')).collect();
    // By version as text, as diesel orders them.
    let mut found: Vec<(String, Migration)> = Vec::new();
    for directory in directories {
        let file = format!("{directory}/up.sql");
        let Some(sql) = files.get(&file) else {
            return Err(refused(directory, "diesel wants a file `up.sql` in every directory here"));
        };
        if sql.is_empty() {
            return Err(refused(file, "diesel refuses an empty migration: a comment is enough"));
        }
        let version = directory.split('_').next().unwrap_or_default().replace('-', "");
        let in_transaction = in_transaction(files, &format!("{directory}/metadata.toml"))?;
        let bookkeeping = format!("INSERT INTO __diesel_schema_migrations (version) VALUES ({})", literal(&version));
        let migration =
            Migration { file, sql: sql.clone(), first_line: 1, in_transaction, bookkeeping: Some(bookkeeping) };
        found.push((version, migration));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    no_version_twice(found.iter().map(|(version, migration)| (version, migration.file.clone())))?;
    Ok(Plan { table: TABLE, migrations: found.into_iter().map(|(_, migration)| migration).collect() })
}

/// What a migration's `metadata.toml` says. Where there is one that does not say it, diesel takes it for `false`; and one
/// that it cannot read for none, which is refused here, for it surely says something else than that.
fn in_transaction(files: &Files, path: &str) -> Result<bool, MigrationsError> {
    let Some(text) = files.get(path) else { return Ok(true) };
    let metadata: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| refused(path, format!("it is no TOML: {}", error.message())))?;
    match metadata.get("run_in_transaction") {
        None => Ok(false),
        Some(item) => item.as_bool().ok_or_else(|| refused(path, "`run_in_transaction` is `true` or `false`")),
    }
}

/// With a configuration of nothing: the workspace's own would have `schema.rs` written anew.
pub(super) fn own_command(command: Command, directory: &str, url: &str) -> Command {
    let command = command.args(["migration", "run", "--migration-dir", directory]);
    command.env("DATABASE_URL", url).env("DIESEL_CONFIG_FILE", "/dev/null")
}

#[cfg(test)]
mod tests {
    use crate::migrations::tests::{Given, files, outline};
    use crate::migrations::{Migrator, plan};

    #[test]
    fn directories_are_taken_in_the_order_of_their_versions_as_texts() {
        let given = [
            ("00000000000000_diesel_initial_setup/up.sql", "--"),
            ("2024-01-02-000000_b/up.sql", "--"),
            ("2024-01-02-000000_b/metadata.toml", "run_in_transaction = false"),
            ("20240101000000_a/up.sql", "--"),
            ("20240101000000_a/down.sql", ""),
            ("20240101000000_a/metadata.toml", "run_in_transaction = true\n"),
            ("9/up.sql", "--"),
            ("9/metadata.toml", "# says nothing"),
            (".hidden/a.sql", ""),
            ("schema.sql", ""),
        ];
        let order = [
            "00000000000000_diesel_initial_setup/up.sql:1",
            "20240101000000_a/up.sql:1",
            "2024-01-02-000000_b/up.sql:1 bare",
            "9/up.sql:1 bare",
        ];
        assert_eq!(outline(Migrator::Diesel, &given).unwrap(), order);
    }

    #[test]
    fn a_row_has_the_version_without_dashes() {
        let plan = plan(Migrator::Diesel, &files(&[("2024-01-02-000000_b_c/up.sql", "--")])).unwrap();
        let expected = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20240102000000')";
        assert_eq!(plan.migrations[0].bookkeeping.as_deref(), Some(expected));
    }

    #[test]
    fn what_diesel_refuses_is_refused() {
        let cases: [(Given, &str); 5] = [
            (&[("1_a/down.sql", "--")], "migration `1_a`: diesel wants a file `up.sql` in every directory here"),
            (&[("1_a/up.sql", "")], "migration `1_a/up.sql`: diesel refuses an empty migration: a comment is enough"),
            (
                &[("1_a/up.sql", "--"), ("1_b/up.sql", "--")],
                "migration `1_b/up.sql`: another one has the same version: every version is there once",
            ),
            (
                &[("1_a/up.sql", "--"), ("1_a/metadata.toml", "run_in_transaction = 'no'")],
                "migration `1_a/metadata.toml`: `run_in_transaction` is `true` or `false`",
            ),
            (&[("1_a/up.sql", "--"), ("1_a/metadata.toml", "no")], "migration `1_a/metadata.toml`: it is no TOML: "),
        ];
        for (given, expected) in cases {
            let error = outline(Migrator::Diesel, given).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
