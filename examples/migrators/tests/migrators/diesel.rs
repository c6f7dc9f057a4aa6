use std::path::Path;

use diesel::{Connection as _, PgConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use migrators::Case;
use windlass_services::migrations::Migrator;

#[test]
fn diesel_finds_nothing_to_do() {
    let case = Case {
        migrator: Migrator::Diesel,
        table: "__diesel_schema_migrations",
        columns: "version",
        files: &[
            ("00000000000000_diesel_initial_setup/up.sql", super::FIRST),
            ("00000000000000_diesel_initial_setup/down.sql", "DROP TABLE people"),
            ("2024-01-02-000000_an_index/up.sql", super::INDEX),
            ("2024-01-02-000000_an_index/metadata.toml", "run_in_transaction = false"),
            ("20240101000000_lines/up.sql", super::CRLF),
            ("2024-01-03-000000_says_nothing/up.sql", "VACUUM people"),
            ("2024-01-03-000000_says_nothing/metadata.toml", ""),
            (".keep", ""),
        ],
        versions: &["00000000000000", "20240101000000", "20240102000000", "20240103000000"],
        more: ("2024-01-04_more/up.sql", "20240104"),
    };
    case.check(|directory: &Path, url: &str| {
        let mut connection = PgConnection::establish(url).unwrap();
        let migrations = FileBasedMigrations::from_path(directory).unwrap();
        let applied = connection.run_pending_migrations(migrations).unwrap();
        applied.iter().map(ToString::to_string).collect()
    });
}
