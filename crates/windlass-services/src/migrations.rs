//! A workspace's migrations, as the tool that it uses runs them: in which order, in which transactions, and with which rows
//! of the tool's own, so that the tool finds nothing to do afterwards. What is read here of a tool is what its default
//! settings say; whoever has others (another table, sqlx's ignored characters) lets the tool's own command run.

mod apply;
mod dbmate;
mod diesel;
mod refinery;
mod sqlx;

use std::collections::{BTreeMap, BTreeSet};

use windlass_plan::Command;

pub use apply::{Failed, apply};

/// The files of a directory of migrations: from the path in it, with `/` on every system, to the text.
pub type Files = BTreeMap<String, String>;

/// A tool that runs migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrator {
    /// sqlx: `<VERSION>_<description>.sql`, or `.up.sql` and `.down.sql`.
    Sqlx,
    /// diesel: `<version>_<name>/up.sql`.
    Diesel,
    /// refinery: `V<version>__<name>.sql` and `U<version>__<name>.sql`, also in directories below.
    Refinery,
    /// dbmate: `<version>_<name>.sql`, with `-- migrate:up` and `-- migrate:down` in it.
    Dbmate,
}

impl Migrator {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sqlx, Self::Diesel, Self::Refinery, Self::Dbmate];

    /// Its name, which is also that of its program.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::Diesel => "diesel",
            Self::Refinery => "refinery",
            Self::Dbmate => "dbmate",
        }
    }
}

/// What is to be done in a fresh database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The statement that makes the tool's own table.
    pub table: &'static str,
    /// The migrations, in the order in which the tool runs them.
    pub migrations: Vec<Migration>,
}

/// A migration, or with dbmate one of the sections of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its file, as the directory's listing names it.
    pub file: String,
    /// What is run: one query of the simple protocol, as every one of the tools sends it.
    pub sql: String,
    /// The line of its file on which it starts.
    pub first_line: usize,
    /// Whether it is run in a transaction, together with its row.
    pub in_transaction: bool,
    /// The statement that adds the tool's row; none where a later section of the same file does.
    pub bookkeeping: Option<String>,
}

/// Why migrations cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrationsError {
    /// There are none.
    #[error("there is no migration in it: {LAYOUTS}")]
    None,
    /// A file of SQL is in no tool's layout.
    #[error("`{0}` is no migration of a tool that windlass knows: {LAYOUTS}")]
    Unknown(String),
    /// Two files are of different tools.
    #[error("`{}` is a migration of {} and `{}` one of {}: a directory holds those of one tool",
        .0.1, .0.0.as_str(), .1.1, .1.0.as_str())]
    Mixed((Migrator, String), (Migrator, String)),
    /// The tool would refuse a file, or windlass cannot run it.
    #[error("migration `{file}`: {what}")]
    Refused {
        /// The file, or the directory of a migration.
        file: String,
        /// What is wrong with it, and what would be right.
        what: String,
    },
}

const LAYOUTS: &str = "sqlx has `1_name.sql`, diesel `1_name/up.sql`, refinery `V1__name.sql`, dbmate `1_name.sql` with \
                       `-- migrate:up` in it";

/// The tool whose layout the files have. Every file of SQL must have it, although the tools pass over what has not: a
/// migration that is silently left out is a trap. Where it is meant, the workspace says which tool it uses.
///
/// # Errors
///
/// When there is no migration, or a file is in no layout, or two files are in different ones.
pub fn detect(files: &Files) -> Result<Migrator, MigrationsError> {
    let mut found: Option<(Migrator, &String)> = None;
    for (path, text) in files.iter().filter(|(path, _)| !path.split('/').any(|name| name.starts_with('.'))) {
        let migrator = match () {
            () if refinery::fits(path) => Migrator::Refinery,
            () if diesel::fits(path) => Migrator::Diesel,
            () if dbmate::fits(path, text) => Migrator::Dbmate,
            () if sqlx::fits(path) => Migrator::Sqlx,
            () if path.ends_with(".sql") => return Err(MigrationsError::Unknown(path.clone())),
            () => continue,
        };
        match found {
            Some((first, file)) if first != migrator => {
                return Err(MigrationsError::Mixed((first, file.clone()), (migrator, path.clone())));
            }
            _ => found = Some((migrator, path)),
        }
    }
    found.map(|(migrator, _)| migrator).ok_or(MigrationsError::None)
}

/// What the tool would do with the files in a fresh database. It takes and leaves the same files as the tool.
///
/// # Errors
///
/// When the tool would refuse them, or two have the same version, or one is written in Rust.
pub fn plan(migrator: Migrator, files: &Files) -> Result<Plan, MigrationsError> {
    let plan = match migrator {
        Migrator::Sqlx => sqlx::plan(files)?,
        Migrator::Diesel => diesel::plan(files)?,
        Migrator::Refinery => refinery::plan(files)?,
        Migrator::Dbmate => dbmate::plan(files)?,
    };
    if plan.migrations.is_empty() { Err(MigrationsError::None) } else { Ok(plan) }
}

/// The tool's own command, run in the directory `cwd`, that applies the migrations of `directory` to the database at `url`,
/// which is a TCP one: not every tool reads those of a socket. The password is not among its arguments.
pub fn own_command(migrator: Migrator, cwd: &str, directory: &str, url: &str) -> Command {
    let command = Command::new(migrator.as_str(), cwd);
    match migrator {
        Migrator::Sqlx => sqlx::own_command(command, directory, url),
        Migrator::Diesel => diesel::own_command(command, directory, url),
        Migrator::Refinery => refinery::own_command(command, directory, url),
        Migrator::Dbmate => dbmate::own_command(command, directory, url),
    }
}

/// Refuses two migrations of the same version: the second would not find its row free, or would be passed over.
fn no_version_twice<V: Ord>(versions: impl IntoIterator<Item = (V, String)>) -> Result<(), MigrationsError> {
    let mut seen = BTreeSet::new();
    let twice = versions.into_iter().find_map(|(version, file)| (!seen.insert(version)).then_some(file));
    twice.map_or(Ok(()), |file| Err(refused(file, "another one has the same version: every version is there once")))
}

fn refused(file: impl Into<String>, what: impl Into<String>) -> MigrationsError {
    MigrationsError::Refused { file: file.into(), what: what.into() }
}

/// A text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files with their texts.
    pub(super) fn files(files: Given) -> Files {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    pub(super) type Given<'a> = &'a [(&'a str, &'a str)];

    /// What a plan does: file, first line, whether in a transaction, whether a row is added.
    pub(super) fn outline(migrator: Migrator, given: Given) -> Result<Vec<String>, String> {
        let plan = plan(migrator, &files(given)).map_err(|error| error.to_string())?;
        let line = |m: &Migration| {
            let transaction = if m.in_transaction { "" } else { " bare" };
            let row = if m.bookkeeping.is_some() { "" } else { " no row" };
            format!("{}:{}{transaction}{row}", m.file, m.first_line)
        };
        Ok(plan.migrations.iter().map(line).collect())
    }

    const MARKED: &str = "-- migrate:up\nselect 1;\n-- migrate:down\n";

    #[test]
    fn the_layout_says_which_tool_it_is() {
        let none = "there is no migration in it: sqlx has `1_name.sql`, diesel `1_name/up.sql`, refinery \
                    `V1__name.sql`, dbmate `1_name.sql` with `-- migrate:up` in it";
        let cases: [(Given, Result<Migrator, &str>); 16] = [
            (&[("1_a.sql", "")], Ok(Migrator::Sqlx)),
            (&[("20240101_a.up.sql", ""), ("20240101_a.down.sql", "")], Ok(Migrator::Sqlx)),
            (&[("1_a/up.sql", ""), ("1_a/down.sql", ""), ("1_a/metadata.toml", "")], Ok(Migrator::Diesel)),
            (&[(".diesel_lock", ""), ("2024-01-01-000000_a/up.sql", "")], Ok(Migrator::Diesel)),
            (&[("V1__a.sql", ""), ("U2__b.sql", ""), ("old/V0__c.sql", "")], Ok(Migrator::Refinery)),
            (&[("mod.rs", ""), ("V1__a.rs", "")], Ok(Migrator::Refinery)),
            (&[("1_a.sql", MARKED), ("2.sql", MARKED), ("README.md", "")], Ok(Migrator::Dbmate)),
            (&[("1_a.sql", "--migrate:up transaction:false\r\n")], Ok(Migrator::Dbmate)),
            (&[], Err(none)),
            (&[("README.md", ""), (".keep", ""), (".git/1_a.sql", "")], Err(none)),
            (
                &[("1_a.sql", ""), ("2_b.sql", MARKED)],
                Err("`1_a.sql` is a migration of sqlx and `2_b.sql` one of dbmate"),
            ),
            (
                &[("1_a/up.sql", ""), ("V1__b.sql", "")],
                Err("`1_a/up.sql` is a migration of diesel and `V1__b.sql` one of"),
            ),
            (&[("schema.sql", "")], Err("`schema.sql` is no migration of a tool that windlass knows: sqlx has")),
            (&[("1_a.sql", ""), ("V2_b.sql", "")], Err("`V2_b.sql` is no migration of a tool that windlass knows")),
            (&[("1_a.sql", ""), ("seeds/a.sql", "")], Err("`seeds/a.sql` is no migration of a tool")),
            (&[("2024-01-01_a.sql", "")], Err("`2024-01-01_a.sql` is no migration of a tool that windlass knows")),
        ];
        for (given, expected) in cases {
            let found = detect(&files(given)).map_err(|error| error.to_string());
            match expected {
                Ok(migrator) => assert_eq!(found, Ok(migrator), "{given:?}"),
                Err(start) => {
                    assert!(found.as_ref().is_err_and(|error| error.starts_with(start)), "{given:?}: {found:?}")
                }
            }
        }
    }

    #[test]
    fn a_directory_without_migrations_of_the_tool_is_an_error() {
        for migrator in Migrator::ALL {
            assert_eq!(plan(migrator, &files(&[("README.md", "")])), Err(MigrationsError::None));
        }
    }

    #[test]
    fn the_tools_own_commands_have_no_password_in_their_arguments() {
        let url = "postgres://me:secret@127.0.0.1:5432/db";
        let of = |migrator| own_command(migrator, "/w", "db/my migrations", url).shell_here();
        let expected = [
            "PGPASSWORD=secret sqlx migrate run --source 'db/my migrations' --database-url postgres://me@127.0.0.1:5432/db",
            "DATABASE_URL=postgres://me:secret@127.0.0.1:5432/db DIESEL_CONFIG_FILE=/dev/null diesel migration run \
             --migration-dir 'db/my migrations'",
            "DATABASE_URL=postgres://me:secret@127.0.0.1:5432/db refinery migrate -e DATABASE_URL -p 'db/my migrations'",
            "DATABASE_URL=postgres://me:secret@127.0.0.1:5432/db PGSSLMODE=disable dbmate --migrations-dir \
             'db/my migrations' --no-dump-schema migrate",
        ];
        assert_eq!(Migrator::ALL.map(of), expected);
        let bare = own_command(Migrator::Sqlx, "/w", "m", "postgres://me@h/db");
        assert_eq!(bare.shell_here(), "sqlx migrate run --source m --database-url postgres://me@h/db");
    }
}
