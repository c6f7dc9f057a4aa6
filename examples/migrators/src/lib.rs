//! A directory of migrations, applied by windlass and by its own tool: both must leave the same database, and the tool
//! must find nothing to do in that of windlass.
#![allow(clippy::disallowed_methods)]

pub mod server;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use server::{Server, Session};
use windlass_services::migrations::{self, Files, Migrator};

/// What is compared of a tool.
pub struct Case<'a> {
    pub migrator: Migrator,
    /// The tool's own table, and of it what does not depend on when it was written.
    pub table: &'a str,
    pub columns: &'a str,
    /// The files of the migrations.
    pub files: &'a [(&'a str, &'a str)],
    /// The versions in the order in which the tool applies them.
    pub versions: &'a [&'a str],
    /// The file and the version of one more migration.
    pub more: (&'a str, &'a str),
}

impl Case<'_> {
    /// Holds windlass against `run`, which has the tool apply a directory to the database at a URL, and says which versions
    /// it applied, in order.
    pub fn check(&self, run: impl Fn(&Path, &str) -> Vec<String>) {
        let server = Server::start();
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), self.files);
        // Whatever the tool says, its table shows what it has applied.
        let applied = |database: &str| {
            let before = self.versions_in(&mut server.session(database));
            let said = run(directory.path(), &server.url(database));
            let after = self.versions_in(&mut server.session(database));
            let new: BTreeSet<String> = after.difference(&before).cloned().collect();
            assert_eq!(said.iter().cloned().collect::<BTreeSet<_>>(), new, "what it says and what its table says");
            said
        };

        let files = read(directory.path(), "");
        assert_eq!(migrations::detect(&files).unwrap(), self.migrator);
        let plan = migrations::plan(self.migrator, &files).unwrap();
        for database in ["windlass", "tool"] {
            server.session("postgres").query(&format!("CREATE DATABASE {database}")).unwrap();
        }
        migrations::apply(&mut server.session("windlass"), &plan).unwrap();
        assert_eq!(applied("windlass"), Vec::<String>::new(), "the tool finds nothing to do");
        assert_eq!(applied("tool"), self.versions);

        assert_eq!(catalog(&mut server.session("windlass")), catalog(&mut server.session("tool")));
        let rows = |database| {
            server.session(database).query(&format!("SELECT {} FROM {} ORDER BY 1", self.columns, self.table)).unwrap()
        };
        assert_eq!(rows("windlass"), rows("tool"));

        let (file, version) = self.more;
        write(directory.path(), &[(file, "-- migrate:up\nCREATE TABLE more (id int);\n-- migrate:down\n")]);
        assert_eq!(applied("windlass"), [version], "and later what is new");
    }

    fn versions_in(&self, session: &mut Session) -> BTreeSet<String> {
        let there = session.query(&format!("SELECT to_regclass('{}')", self.table)).unwrap();
        if there == [[None]] {
            return BTreeSet::new();
        }
        let rows = session.query(&format!("SELECT version FROM {}", self.table)).unwrap();
        rows.into_iter().flatten().flatten().collect()
    }
}

/// Columns, indexes and functions, in a text each.
fn catalog(session: &mut Session) -> Vec<String> {
    let rows = session.query(
        "SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable, column_default)
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1",
    );
    let catalog: Vec<String> = rows.unwrap().into_iter().flatten().flatten().collect();
    assert!(catalog.len() > 8, "{catalog:?}");
    catalog
}

fn write(directory: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The files below a directory, as windlass wants them listed.
fn read(directory: &Path, prefix: &str) -> Files {
    let mut files = Files::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files.append(&mut read(&entry.path(), &format!("{path}/")));
        } else {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}
