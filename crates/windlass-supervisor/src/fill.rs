//! Fills a database with what a link of a chain adds.

use std::path::Path;
use std::time::Duration;

use windlass_host::{Answer, Host, Reading};
use windlass_plan::Command;
use windlass_services::{Definition, FixtureFile, PostgresError, Run, Values, kind_of_file, line_at, migrations};

use crate::chain::{Adds, Schema};
use crate::cluster::{Cluster, Session, literal, quoted};
use crate::{Found, StartError};

/// How long one migration, fixture or command may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Adds to a database of a running server what a link adds; what was done, in words, if it is worth a word.
///
/// # Errors
///
/// When something in it fails: the file and the line are named.
pub(crate) fn fill(target: &Target<'_>, adds: &Adds<'_>) -> Result<Option<String>, StartError> {
    let began_ms = target.host.elapsed_ms();
    let filling = target;
    let what = match adds {
        Adds::Cluster => return Ok(None),
        Adds::Schema { extensions, migrations: Schema::None } => {
            filling.extensions(extensions)?;
            return Ok(None);
        }
        Adds::Schema { extensions, migrations } => {
            filling.extensions(extensions)?;
            filling.schema(migrations)?
        }
        Adds::File(path) => filling.file(path)?,
        Adds::Run(run) => filling.run(run, "`fixtures`")?,
    };
    let size = filling.session()?.query("SELECT pg_size_pretty(pg_database_size(current_database()))");
    let size = size.map_err(|error| filling.failed(error.to_string()))?.into_iter().flatten().flatten().next();
    let seconds = (target.host.elapsed_ms() - began_ms) as f64 / 1000.0;
    Ok(Some(format!("{what} in {seconds:.2} s, {} now", size.unwrap_or_default())))
}

/// A database that is filled, and what that takes.
pub(crate) struct Target<'a> {
    pub(crate) host: &'a Host,
    /// The workspace's root.
    pub(crate) root: &'a Path,
    pub(crate) definition: &'a Definition,
    /// Those of the server, with the database that is filled.
    pub(crate) values: Values,
    /// The server's own programs, where they are on this machine.
    pub(crate) found: Option<&'a Found>,
}

impl Target<'_> {
    fn failed(&self, what: impl std::fmt::Display) -> StartError {
        if self.host.interrupted_by().is_some() {
            return StartError::Interrupted;
        }
        StartError::failed(&self.definition.name, format!("could not be filled: {what}"), "")
    }

    fn session(&self) -> Result<Session, StartError> {
        let cluster = Cluster::of(&self.values);
        cluster.session(self.host, &self.values.database, PATIENCE).map_err(|error| self.failed(error))
    }

    fn extensions(&self, extensions: &[String]) -> Result<(), StartError> {
        let mut session = self.session()?;
        for extension in extensions {
            let sql = format!("CREATE EXTENSION IF NOT EXISTS {} CASCADE", quoted(extension));
            session.query(&sql).map_err(|error| self.failed(format!("`extensions`: {error}")))?;
        }
        Ok(())
    }

    fn schema(&self, migrations: &Schema<'_>) -> Result<String, StartError> {
        match migrations {
            Schema::None => Ok(String::new()),
            Schema::Run(run) => self.run(run, "`migrate`"),
            Schema::Tool(dir, tool, plan) => {
                let (name, n) = (tool.as_str(), plan.migrations.len());
                let said = format!("{n} migrations of `{dir}` ({name})");
                if self.host.find_program(name).is_some() {
                    let root = self.root.to_string_lossy();
                    let url = self.definition.url(&self.values);
                    self.command(&migrations::own_command(*tool, &root, dir, &url), &format!("`{name}`"))?;
                    return Ok(format!("{said}, by `{name}`,"));
                }
                migrations::apply(&mut self.session()?, plan)
                    .map_err(|failed| self.failed(format!("`{dir}`: {failed}")))?;
                Ok(said)
            }
        }
    }

    fn file(&self, path: &str) -> Result<String, StartError> {
        let file = self.root.join(path);
        let wrong = |what: String| self.failed(format!("fixture `{path}{what}"));
        match kind_of_file(path) {
            Some(FixtureFile::Csv) => {
                let table = path.rsplit('/').next().and_then(|name| name.strip_suffix(".csv")).unwrap_or_default();
                let n_rows = self.csv(&file, table).map_err(|what| wrong(format!("`: {what}")))?;
                return Ok(format!("fixture `{path}`, {n_rows} rows,"));
            }
            Some(FixtureFile::Dump) => {
                self.restore(path, "pg_restore", &["--exit-on-error", "--no-owner", "--no-acl", "--dbname"])?
            }
            _ => {
                let sql = self.host.read_text(&file)?.unwrap_or_default();
                if sql.lines().take(10).any(|line| line.contains("PostgreSQL database dump")) {
                    self.restore(
                        path,
                        "psql",
                        &["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--dbname"],
                    )?;
                } else {
                    let mut session = self.session()?;
                    // What is random comes out the same every time.
                    let done = session.query("SELECT setseed(0)").and_then(|_| session.query(&sql));
                    done.map_err(|error| match error {
                        PostgresError::Refused { position: Some(position), .. } => {
                            wrong(format!(":{}`: {error}", line_at(&sql, position)))
                        }
                        error => wrong(format!("`: {error}")),
                    })?;
                }
            }
        }
        Ok(format!("fixture `{path}`"))
    }

    /// Rows of a table, whose sequences go on behind them.
    fn csv(&self, file: &std::path::Path, table: &str) -> Result<u64, String> {
        let head = self.host.read_text(file).map_err(|error| error.to_string())?.unwrap_or_default();
        let columns: Vec<String> = match head.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
            Some(line) => line.split(',').map(|name| quoted(name.trim().trim_matches('"'))).collect(),
            None => return Err("its first line names no columns".to_owned()),
        };
        let name: Vec<String> = table.split('.').map(quoted).collect();
        let (name, columns) = (name.join("."), columns.join(", "));
        let copy = format!("COPY {name} ({columns}) FROM STDIN WITH (FORMAT csv, HEADER true)");
        let mut session = self.session().map_err(|error| error.to_string())?;
        let n_rows = session.copy_in(&copy, head.as_bytes()).map_err(|error| match &error {
            PostgresError::Refused { place: Some(place), .. } => format!("{error}: {place}"),
            _ => error.to_string(),
        })?;
        let of_sequences = format!(
            "SELECT format('SELECT setval(%L, max(%I)) FROM {name} HAVING max(%I) IS NOT NULL', seq, attname, attname) \
             FROM pg_attribute, pg_get_serial_sequence({}, attname) seq \
             WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped AND seq IS NOT NULL",
            literal(&name),
            literal(&name)
        );
        for sql in session.query(&of_sequences).map_err(|error| error.to_string())?.into_iter().flatten().flatten() {
            session.query(&sql).map_err(|error| error.to_string())?;
        }
        Ok(n_rows)
    }

    /// A dump, by one of PostgreSQL's own programs.
    fn restore(&self, path: &str, program: &str, args: &[&str]) -> Result<(), StartError> {
        let file = self.root.join(path).to_string_lossy().into_owned();
        let values = &self.values;
        let of_socket = format!(
            "host={} port={} user={} dbname={}",
            in_quotes(&values.run),
            values.port,
            values.user,
            values.database
        );
        let mut words: Vec<String> = [&[program], args].concat().into_iter().map(str::to_owned).collect();
        words.push(of_socket);
        words.extend(if program == "psql" { vec![format!("--file={file}")] } else { vec![file] });
        let command = self.program(words);
        self.command(&command, &format!("fixture `{path}`"))
    }

    fn run(&self, run: &Run, key: &str) -> Result<String, StartError> {
        let values = &self.values;
        let words = self.definition.argv(run, values);
        let mut command = self.program(words);
        command.env.extend(self.definition.env(values));
        // As it is written: what stands for a password is not shown.
        let line = run.argv.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.command(&command, key)?;
        Ok(format!("{key}: `{line}`"))
    }

    fn command(&self, command: &Command, what: &str) -> Result<(), StartError> {
        let Answer { code, stdout, stderr } = match self.host.read(command, PATIENCE) {
            Ok(answer) => answer,
            Err(Reading::Interrupted { .. }) => return Err(StartError::Interrupted),
            Err(error) => return Err(self.failed(format!("{what}: {error}"))),
        };
        if code == Some(0) {
            return Ok(());
        }
        let end = code.map_or("was killed".to_owned(), |code| format!("ended with exit code {code}"));
        let what = format!("could not be filled: {what} {end}");
        Err(StartError::failed(&self.definition.name, what, &(stdout + &stderr)))
    }

    /// A program of the service, or any other, in the workspace's root.
    fn program(&self, words: Vec<String>) -> Command {
        let words = match self.found {
            Some(found) => found.resolved(self.host, words),
            None => words,
        };
        let command = Command::new(&words[0], self.root.to_string_lossy()).args(&words[1..]);
        match self.found {
            Some(found) => found.with_libraries(command),
            None => command,
        }
    }
}

/// A value of a connection string of libpq's.
fn in_quotes(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}
