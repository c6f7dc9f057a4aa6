//! What a database begins with, link by link: an empty cluster, the schema, one fixture after the other. A link's key says all
//! that it and those before it depend on, so that what has been built once is found again.

use std::path::Path;

use sha2::{Digest, Sha256};
use windlass_host::{Host, HostError};
use windlass_services::migrations::{Files, Migrator, Plan};
use windlass_services::{Definition, Fixture, Kind, Migrations, Run, kind_of_file, migrations};

use crate::StartError;

/// One link.
#[derive(Debug)]
pub(crate) struct Link<'a> {
    /// Letters and digits.
    pub(crate) key: String,
    pub(crate) adds: Adds<'a>,
}

/// What a link adds to the one before it.
#[derive(Debug)]
pub(crate) enum Adds<'a> {
    /// A cluster with nothing in it.
    Cluster,
    /// The database, its extensions, and what migrations make of it.
    Schema { extensions: &'a [String], migrations: Schema<'a> },
    /// A file.
    File(&'a str),
    /// What a command of the workspace's own puts into it.
    Run(&'a Run),
}

/// What makes a schema.
#[derive(Debug)]
pub(crate) enum Schema<'a> {
    None,
    /// The migrations of a tool in that directory.
    Tool(&'a str, Migrator, Plan),
    Run(&'a Run),
}

/// The links of a service whose server has a version, the files that they name read; none where it has no such databases.
///
/// # Errors
///
/// When a file is missing, or the migrations are none.
pub(crate) fn read<'a>(
    host: &Host,
    root: &Path,
    definition: &'a Definition,
    version: &str,
) -> Result<Vec<Link<'a>>, StartError> {
    if definition.kind != Kind::Postgres {
        return Ok(Vec::new());
    }
    let content = &definition.content;
    let failed = |what: String| StartError::failed(&definition.name, what, "");
    let mut hash = Sha256::new();
    for text in [version, std::env::consts::ARCH] {
        add(&mut hash, text.as_bytes());
    }
    let settings = &definition.settings;
    add(
        &mut hash,
        format!("{:?}", (&definition.process.init, &settings.base, &settings.test, &settings.own)).as_bytes(),
    );
    let mut links = vec![Link { key: key(&hash), adds: Adds::Cluster }];

    add(&mut hash, content.extensions.join(",").as_bytes());
    let schema = match &content.migrations {
        None => Schema::None,
        Some(Migrations::Run(run)) => {
            add_run(host, root, &mut hash, run)
                .map_err(|why| failed(format!("cannot be migrated: `migrate.inputs`: {why}")))?;
            Schema::Run(run)
        }
        Some(Migrations::Dir(dir)) => {
            let wrong = |why: String| failed(format!("cannot be migrated: `migrations = \"{dir}\"`: {why}"));
            if !host.is_dir(&root.join(dir)) {
                return Err(wrong("there is no such directory below the workspace's root".into()));
            }
            let files = texts(host, &root.join(dir)).map_err(|error| wrong(error.to_string()))?;
            for (path, text) in &files {
                add(&mut hash, path.as_bytes());
                add(&mut hash, text.as_bytes());
            }
            let tool = migrations::detect(&files).map_err(|error| wrong(error.to_string()))?;
            let plan = migrations::plan(tool, &files).map_err(|error| wrong(error.to_string()))?;
            Schema::Tool(dir, tool, plan)
        }
    };
    links.push(Link { key: key(&hash), adds: Adds::Schema { extensions: &content.extensions, migrations: schema } });

    for fixture in &content.fixtures {
        let adds = match fixture {
            Fixture::File(path) => {
                let bytes = host.read_bytes(&root.join(path));
                let bytes = bytes.map_err(|error| failed(format!("has no fixture: {error}")))?;
                add(&mut hash, path.as_bytes());
                add(&mut hash, format!("{:?}", kind_of_file(path)).as_bytes());
                add(&mut hash, &bytes);
                Adds::File(path)
            }
            Fixture::Run(run) => {
                add_run(host, root, &mut hash, run)
                    .map_err(|why| failed(format!("has no fixture: `inputs`: {why}")))?;
                Adds::Run(run)
            }
        };
        links.push(Link { key: key(&hash), adds });
    }
    Ok(links)
}

/// The files below a directory with their texts, by path.
fn texts(host: &Host, dir: &Path) -> Result<Files, HostError> {
    let files = host.files_below(dir)?.into_iter();
    files.map(|file| Ok((file.clone(), host.read_text(&dir.join(&file))?.unwrap_or_default()))).collect()
}

fn add_run(host: &Host, root: &Path, hash: &mut Sha256, run: &Run) -> Result<(), String> {
    add(hash, format!("{:?}", run.argv).as_bytes());
    for input in &run.inputs {
        let path = root.join(input);
        let files = match host.is_dir(&path) {
            true => host.files_below(&path).map_err(|error| error.to_string())?,
            false => vec![String::new()],
        };
        for file in files {
            let bytes = host.read_bytes(&if file.is_empty() { path.clone() } else { path.join(&file) });
            add(hash, format!("{input}/{file}").as_bytes());
            add(hash, &bytes.map_err(|error| error.to_string())?);
        }
    }
    Ok(())
}

/// Adds a text so that where it ends is part of what is hashed.
fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn key(hash: &Sha256) -> String {
    hash.clone().finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
