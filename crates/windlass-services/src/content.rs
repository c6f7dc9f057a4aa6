//! What the databases of a service begin with: extensions, migrations and fixtures, as the user names them.

use windlass_toml::{Entry, Mixed, Section, Source};

use crate::kind::Kind;
use crate::read::{templates, texts};
use crate::template::Template;

/// The keys of a service's table that say it.
pub(crate) const KEYS: [&str; 4] = ["extensions", "migrations", "migrate", "fixtures"];
const RUN_KEYS: [&str; 2] = ["run", "inputs"];

/// What every database of a service begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Extensions that are created first.
    pub extensions: Vec<String>,
    /// What makes the schema.
    pub migrations: Option<Migrations>,
    /// What is put into it then, in this order.
    pub fixtures: Vec<Fixture>,
}

/// What makes the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// The directory of a migration tool, from the workspace's root.
    Dir(String),
    /// A command of the workspace's own.
    Run(Run),
}

/// What is put into a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fixture {
    /// A file, from the workspace's root: SQL, CSV, or a dump.
    File(String),
    /// A command of the workspace's own.
    Run(Run),
}

/// A command of the workspace's own that fills a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The program and its arguments.
    pub argv: Vec<Template>,
    /// The files and directories that what it does depends on, from the workspace's root.
    pub inputs: Vec<String>,
}

/// Reads those keys of a service's table.
pub(crate) fn read(section: &Section<'_>, kind: Option<Kind>, source: &mut Source<'_>) -> Content {
    if kind.is_some_and(|kind| kind != Kind::Postgres) {
        for entry in KEYS.iter().filter_map(|key| section.entry(key, source)).collect::<Vec<_>>() {
            source.refuse(entry.line, format!("`{}` is for PostgreSQL; a service of this kind has none", entry.key()));
        }
        return Content::default();
    }
    let extensions = texts(section.entry("extensions", source), source);
    let dir = section.entry("migrations", source);
    let migrate = section.entry("migrate", source);
    if let (Some(_), Some(migrate)) = (&dir, &migrate) {
        let line = migrate.line;
        source.refuse(line, format!("`{}` and `migrations` both make the schema; keep one", migrate.key()));
    }
    let dir = dir.and_then(|dir| dir.string(source)).map(Migrations::Dir);
    let run = migrate.and_then(|migrate| read_run(&migrate.section(source)?, source)).map(Migrations::Run);
    let fixtures = section.entry("fixtures", source).map(|fixtures| read_fixtures(&fixtures, source));
    Content { extensions, migrations: dir.or(run), fixtures: fixtures.unwrap_or_default() }
}

fn read_fixtures(entry: &Entry<'_>, source: &mut Source<'_>) -> Vec<Fixture> {
    let fixture = |item: Mixed<'_>, source: &mut Source<'_>| match item {
        Mixed::Text(line, text) if kind_of_file(&text).is_none() => {
            source.refuse(line, format!("`{}`: `{text}` is none of {}", entry.key(), FILES.join(", ")));
            None
        }
        Mixed::Text(_, text) => Some(Fixture::File(text)),
        Mixed::Section(section) => read_run(&section, source).map(Fixture::Run),
    };
    let items = entry.mixed("a list of files, and of tables with `run` and `inputs`", source);
    items.into_iter().filter_map(|item| fixture(item, source)).collect()
}

fn read_run(section: &Section<'_>, source: &mut Source<'_>) -> Option<Run> {
    section.only(&RUN_KEYS, source);
    let argv = section.required_entry("run", "a program with its arguments", source);
    let argv = templates(argv, &[], source);
    let inputs = section.required_entry("inputs", "the files and directories that it depends on", source);
    let inputs = texts(inputs, source);
    if argv.is_empty() {
        source.refuse(section.line, format!("`{}` names no program", section.full("run")));
    }
    Some(Run { argv, inputs }).filter(|run| !run.argv.is_empty())
}

/// How a file gets into a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixtureFile {
    /// SQL, which may be what `pg_dump` has written as text.
    Sql,
    /// Rows of the table that the file is named for; the first line names its columns.
    Csv,
    /// What `pg_dump` has written in its custom format, for `pg_restore`.
    Dump,
}

const FILES: [&str; 3] = ["`TABLE.csv`", "`NAME.sql`", "`NAME.dump`"];

/// How a file gets into a database, by its name; `None` if that does not say it.
pub fn kind_of_file(path: &str) -> Option<FixtureFile> {
    match path.rsplit_once('.')?.1 {
        "sql" => Some(FixtureFile::Sql),
        "csv" => Some(FixtureFile::Csv),
        "dump" => Some(FixtureFile::Dump),
        _ => None,
    }
}
