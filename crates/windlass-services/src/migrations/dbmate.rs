//! dbmate, as its `migration.go` and `postgres.go` (2.37) do it. A file may have several sections, each with a mark that
//! says whether it is run in a transaction.

use windlass_plan::Command;

use super::{Files, Migration, MigrationsError, Plan, no_version_twice, refused};

/// dbmate names the schema, so that a migration which clears `search_path`, as `pg_dump` does, disturbs nothing.
const TABLE: &str = "create table if not exists public.schema_migrations (version varchar primary key)";

/// Whether a file is a migration.
pub(super) fn fits(path: &str, text: &str) -> bool {
    version(path).is_some() && text.split('\n').any(|line| mark(line, "up").is_some())
}

/// The version of a file, of those that dbmate looks at: `^(\d+).*\.sql$`.
fn version(path: &str) -> Option<&str> {
    let n = path.find(|c: char| !c.is_ascii_digit())?;
    (n > 0 && !path.contains('/') && path.ends_with(".sql")).then(|| &path[..n])
}

/// What is behind `-- migrate:NAME` on a line that begins so.
fn mark<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    let rest = line.strip_prefix("--")?.trim_ascii_start().strip_prefix("migrate:")?.strip_prefix(name)?;
    (rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace())).then_some(rest)
}

pub(super) fn plan(files: &Files) -> Result<Plan, MigrationsError> {
    let found: Vec<_> = files.iter().filter_map(|(path, text)| Some((path, text, version(path)?))).collect();
    no_version_twice(found.iter().map(|(path, _, version)| (*version, (*path).clone())))?;
    let mut migrations = Vec::new();
    // By name, as dbmate orders them: `10_a.sql` is before `9_a.sql`.
    for (path, text, version) in found {
        let mut sections = sections(path, text)?;
        let row = format!("insert into public.schema_migrations (version) values ('{version}')");
        sections.last_mut().expect("a file without a section is refused").bookkeeping = Some(row);
        migrations.extend(sections);
    }
    Ok(Plan { table: TABLE, migrations })
}

/// The parts of a file that lie between a mark `up` and the mark `down` behind it.
fn sections(path: &str, text: &str) -> Result<Vec<Migration>, MigrationsError> {
    let mut sections: Vec<Migration> = Vec::new();
    let mut up = false;
    for (line, n) in text.split_inclusive('\n').zip(1..) {
        if let Some(options) = mark(line.trim_end_matches('\n'), "up") {
            if up {
                return Err(no_down(path));
            }
            up = true;
            let options = options.split_ascii_whitespace().rev();
            let transaction = options.filter_map(|option| option.strip_prefix("transaction:")).next();
            sections.push(Migration {
                file: path.to_owned(),
                sql: line.to_owned(),
                first_line: n,
                in_transaction: transaction != Some("false"),
                bookkeeping: None,
            });
        } else if let Some(section) = sections.last_mut() {
            if mark(line.trim_end_matches('\n'), "down").is_none() {
                if up {
                    section.sql.push_str(line);
                }
            } else if !up {
                return Err(refused(path, "dbmate wants `-- migrate:up` before every `-- migrate:down`"));
            } else {
                up = false;
            }
        } else if !line.trim_ascii().is_empty() && !line.trim_ascii_start().starts_with("--") {
            return Err(refused(path, "dbmate refuses what is before `-- migrate:up`, but for comments"));
        }
    }
    match sections.is_empty() {
        _ if up => Err(no_down(path)),
        true => Err(refused(path, "dbmate wants `-- migrate:up` and `-- migrate:down` in it")),
        false => Ok(sections),
    }
}

fn no_down(path: &str) -> MigrationsError {
    refused(path, "dbmate wants `-- migrate:down` behind every `-- migrate:up`")
}

/// `migrate`, since `up` would make the database, and would look at another one for that. Without `PGSSLMODE` its driver
/// insists on encryption; a URL that says `sslmode` goes before it.
pub(super) fn own_command(command: Command, directory: &str, url: &str) -> Command {
    let command = command.args(["--migrations-dir", directory, "--no-dump-schema", "migrate"]);
    command.env("DATABASE_URL", url).env("PGSSLMODE", "disable")
}

#[cfg(test)]
mod tests {
    use crate::migrations::tests::{files, outline};
    use crate::migrations::{Migrator, plan};

    #[test]
    fn files_are_taken_in_the_order_of_their_names_and_may_have_several_sections() {
        let given = [
            ("9_b.sql", "\n  -- first\r\n--migrate:up\r\nselect 1;\r\n--  migrate:down \r\nselect 2;\r\n"),
            (
                "10a.sql",
                "-- migrate:up transaction:true\n-- migrate:down\n-- migrate:upper\n\
                 -- migrate:up x transaction:false\n-- migrate:down transaction:true",
            ),
            ("a1.sql", ""),
            ("1.txt", ""),
            ("more/1_a.sql", ""),
        ];
        let order = ["10a.sql:1 no row", "10a.sql:4 bare", "9_b.sql:3"];
        assert_eq!(outline(Migrator::Dbmate, &given).unwrap(), order);
        let plan = plan(Migrator::Dbmate, &files(&given)).unwrap();
        assert_eq!(plan.migrations[2].sql, "--migrate:up\r\nselect 1;\r\n");
        let row = "insert into public.schema_migrations (version) values ('10')";
        assert_eq!(plan.migrations[1].bookkeeping.as_deref(), Some(row));
    }

    #[test]
    fn what_dbmate_refuses_is_refused() {
        let down = "dbmate wants `-- migrate:down` behind every `-- migrate:up`";
        let none = "dbmate wants `-- migrate:up` and `-- migrate:down` in it";
        let before = "dbmate refuses what is before `-- migrate:up`, but for comments";
        let cases = [
            ("", none),
            ("-- migrate:down\n-- migrate: up\n -- migrate:up", none),
            ("-- migrate:up\nselect 1", down),
            ("-- migrate:up\n-- migrate:up\n-- migrate:down", down),
            ("-- migrate:up\n-- migrate:down\n-- migrate:up\n", down),
            ("select 1;\n-- migrate:up\n-- migrate:down", before),
            (
                "-- migrate:up\n-- migrate:down\n-- migrate:down",
                "dbmate wants `-- migrate:up` before every `-- migrate:down`",
            ),
        ];
        for (text, what) in cases {
            let error = outline(Migrator::Dbmate, &[("1_a.sql", text)]).unwrap_err();
            assert_eq!(error, format!("migration `1_a.sql`: {what}"), "{text}");
        }
        let twice = [("1_a.sql", "-- migrate:up\n-- migrate:down"), ("1_b.sql", "-- migrate:up\n-- migrate:down")];
        assert!(outline(Migrator::Dbmate, &twice).unwrap_err().starts_with("migration `1_b.sql`: another one"));
    }
}
