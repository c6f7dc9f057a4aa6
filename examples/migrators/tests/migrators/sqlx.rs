use std::path::Path;

use migrators::Case;
use sqlx::Connection as _;
use windlass_services::migrations::Migrator;

#[test]
fn sqlx_finds_nothing_to_do() {
    let index = format!("-- no-transaction\r\n-- é\n{};", super::INDEX);
    let case = Case {
        migrator: Migrator::Sqlx,
        table: "_sqlx_migrations",
        columns: "version, description, success, checksum",
        files: &[
            ("10_an_index.sql", &index),
            ("9_lines's_ends.up.sql", super::CRLF),
            ("9_lines's_ends.down.sql", "DROP TABLE lines"),
            ("001_first_née.sql", super::FIRST),
            ("20240101120000_nothing.sql", ""),
        ],
        versions: &["1", "9", "10", "20240101120000"],
        more: ("20240101120001_more.sql", "20240101120001"),
    };
    case.check(|directory: &Path, url: &str| {
        super::runtime().block_on(async {
            let migrator = sqlx::migrate::Migrator::new(directory).await.unwrap();
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let before: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            let all = "SELECT version::text FROM _sqlx_migrations ORDER BY installed_on";
            let known: Vec<String> = match before {
                true => sqlx::query_scalar(all).fetch_all(&mut connection).await.unwrap(),
                false => Vec::new(),
            };
            migrator.run(&mut connection).await.unwrap();
            let mut now: Vec<String> = sqlx::query_scalar(all).fetch_all(&mut connection).await.unwrap();
            now.retain(|version| !known.contains(version));
            now
        })
    });
}
