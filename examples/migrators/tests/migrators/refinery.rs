use std::path::Path;

use migrators::Case;
use windlass_services::migrations::Migrator;

fn run(directory: &Path, url: &str) -> Vec<String> {
    super::runtime().block_on(async {
        let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let migrations = refinery::load_sql_migrations(directory).unwrap();
        let runner = refinery::Runner::new(&migrations);
        let report = runner.run_async(&mut client).await.unwrap();
        // It reads back when each was applied.
        assert_eq!(runner.get_applied_migrations_async(&mut client).await.unwrap().len(), migrations.len());
        report.applied_migrations().iter().map(|migration| migration.version().to_string()).collect()
    })
}

#[test]
fn refinery_finds_nothing_to_do() {
    let case = Case {
        migrator: Migrator::Refinery,
        table: "refinery_schema_history",
        columns: "version, name, checksum",
        files: &[
            ("V10__an_index.sql", "CREATE INDEX people_name ON people (name);"),
            ("U9__née.sql", super::CRLF),
            ("older/V1__first.sql", super::FIRST),
            ("older/V007__.sql.orig", ""),
            ("V11__nothing.sql", ""),
        ],
        versions: &["1", "9", "10", "11"],
        more: ("V12__more.sql", "12"),
    };
    case.check(run);
}
