//! refinery, as `refinery_core::util` and its runner (0.10) do it; 0.8 and 0.9 do the same. It runs every migration in a
//! transaction and has no mark against it.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;
use windlass_plan::Command;

use super::{Files, Migration, MigrationsError, Plan, no_version_twice, refused};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));";

/// The same with refinery's feature `int8-versions`.
const WIDE_TABLE: &str = "CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int8 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));";

/// Whether a file is a migration, in SQL or in Rust.
pub(super) fn fits(path: &str) -> bool {
    parts(path).is_some()
}

/// Version, name and ending of a migration's file: `^[UV](\d+(?:\.\d+)?)__(\w+)\.(sql|rs)$`.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let file = path.rsplit('/').next()?;
    let (stem, ending) = file.rsplit_once('.')?;
    let (version, name) = stem.strip_prefix(['U', 'V'])?.split_once("__")?;
    let (whole, fraction) = version.split_once('.').unwrap_or((version, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let fits = digits(whole) && digits(fraction) && is_name && matches!(ending, "sql" | "rs");
    fits.then_some((version, name, ending))
}

pub(super) fn plan(files: &Files) -> Result<Plan, MigrationsError> {
    let mut found = Vec::new();
    for (path, text) in files {
        let Some((version, name, ending)) = parts(path) else { continue };
        if ending == "rs" {
            return Err(refused(
                path,
                "it is written in Rust, so let the workspace run it: `migrate = { run, inputs }`",
            ));
        }
        let version: i64 = version
            .parse()
            .map_err(|_| refused(path, format!("refinery wants a whole number as version, not `{version}`")))?;
        found.push((version, name, path, text));
    }
    found.sort_by_key(|(version, ..)| *version);
    no_version_twice(found.iter().map(|(version, _, path, _)| (*version, (*path).clone())))?;
    // Versions are of 32 bits unless refinery was compiled otherwise, which a version that is longer shows.
    let wide = found.last().is_some_and(|(version, ..)| i32::try_from(*version).is_err());
    let migrations = found.into_iter().map(|(version, name, path, text)| Migration {
        file: path.clone(),
        sql: text.clone(),
        first_line: 1,
        in_transaction: true,
        bookkeeping: Some(bookkeeping(version, name, checksum(version, name, text, wide))),
    });
    Ok(Plan { table: if wide { WIDE_TABLE } else { TABLE }, migrations: migrations.collect() })
}

fn checksum(version: i64, name: &str, text: &str, wide: bool) -> u64 {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    match i32::try_from(version) {
        Ok(version) if !wide => version.hash(&mut hasher),
        _ => version.hash(&mut hasher),
    }
    text.hash(&mut hasher);
    hasher.finish()
}

fn bookkeeping(version: i64, name: &str, checksum: u64) -> String {
    let now = r#"to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#;
    format!(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         VALUES ({version}, '{name}', {now}, '{checksum}')"
    )
}

pub(super) fn own_command(command: Command, directory: &str, url: &str) -> Command {
    command.args(["migrate", "-e", "DATABASE_URL", "-p", directory]).env("DATABASE_URL", url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::Migrator;
    use crate::migrations::tests::{Given, files, outline};

    #[test]
    fn files_are_taken_in_the_order_of_their_versions() {
        let given = [
            ("V10__c.sql", ""),
            ("U2__b.sql", "-- no-transaction"),
            ("more/V1__é_1.sql", ""),
            ("V3_b.sql", ""),
            ("V4__b.c.sql", ""),
            ("4__b.sql", ""),
            ("mod.rs", ""),
        ];
        let order = ["more/V1__é_1.sql:1", "U2__b.sql:1", "V10__c.sql:1"];
        assert_eq!(outline(Migrator::Refinery, &given).unwrap(), order);
    }

    #[test]
    fn a_row_says_what_refinery_would() {
        let plan = plan(&files(&[(
            "V1__initial.sql",
            "CREATE TABLE persons (id int, name varchar(255), city varchar(255));",
        )]));
        let expected = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (1, 'initial', \
                        to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '9011118159008407467')";
        assert_eq!(plan.unwrap().migrations[0].bookkeeping.as_deref(), Some(expected));
    }

    #[test]
    fn a_long_version_shows_that_all_are_long() {
        let of = |given: Given| {
            let plan = plan(&files(given)).unwrap();
            (plan.table == WIDE_TABLE, plan.migrations[0].bookkeeping.clone())
        };
        let (wide, row) = of(&[("V1__a.sql", "")]);
        let (as_wide, other) = of(&[("V1__a.sql", ""), ("V20240101120000__b.sql", "")]);
        assert!(!wide && as_wide && row != other);
    }

    #[test]
    fn what_refinery_refuses_or_only_rust_can_run_is_refused() {
        let cases = [
            ("V2__b.rs", "it is written in Rust, so let the workspace run it: `migrate = { run, inputs }`"),
            ("V1.2__b.sql", "refinery wants a whole number as version, not `1.2`"),
            ("V01__b.sql", "another one has the same version: every version is there once"),
        ];
        for (file, what) in cases {
            let error = outline(Migrator::Refinery, &[("U1__a.sql", ""), (file, "")]).unwrap_err();
            assert_eq!(error, format!("migration `{file}`: {what}"));
        }
    }
}
