//! All the data of a PostgreSQL in a container as one file of this machine: taken while it runs, and what another begins with.

use std::path::Path;
use std::time::Duration;

use windlass_services::ContainerSpec;

use super::RunningContainer;
use super::spec::{INSIDE, text};
use crate::StartError;

/// The file.
const FILE: &str = "base.tar";
/// Where a container sees the directory that has it.
const BEGINNING: &str = "/run/windlass-beginning";
/// Puts the data where they belong, and becomes what the container runs otherwise, which finds them made.
const BEGIN: &str = r#"mkdir -p "$PGDATA" && chmod 700 "$PGDATA" && tar -xf /run/windlass-beginning/base.tar -C "$PGDATA" && exec "$@""#;

/// Has a container of an image that runs `entrypoint` begin with what [`RunningContainer::back_up`] has written to a directory.
pub(super) fn begin_with(spec: &mut ContainerSpec, entrypoint: &[String], dir: &Path) {
    let words = ["sh", "-c", BEGIN, "windlass"].into_iter().map(str::to_owned);
    spec.entrypoint = words.chain(entrypoint.iter().cloned()).collect();
    spec.binds.push((text(dir), BEGINNING.to_owned()));
}

impl RunningContainer<'_> {
    /// Writes all data of a PostgreSQL into a directory that is new, from which another begins. Its container may read it as anybody.
    ///
    /// # Errors
    ///
    /// When its image has no `pg_basebackup`, that fails, or the file cannot be written.
    pub(crate) fn back_up(&self, dir: &Path) -> Result<(), StartError> {
        let host = self.host;
        host.make_dir(dir)?;
        let mut file = host.create(&dir.join(FILE))?;
        let port = self.definition.port.to_string();
        let argv = [
            "pg_basebackup",
            "--host",
            INSIDE,
            "--port",
            &port,
            "--username",
            &self.values.user,
            "--pgdata=-",
            "--format=tar",
            "--wal-method=fetch",
            "--checkpoint=fast",
            "--no-manifest",
        ];
        let failed = |what: String| self.failure(&format!("cannot be backed up: {what}"));
        let (id, said) =
            self.engine()?.exec(&self.name, &argv, &mut file).map_err(|error| failed(error.to_string()))?;
        let mut engine = self.engine()?;
        loop {
            match engine.exit_code(&id).map_err(|error| failed(error.to_string()))? {
                Some(0) => return Ok(()),
                Some(_) => return Err(failed(said.trim_end().to_owned())),
                None => host.sleep(Duration::from_millis(2)),
            }
        }
    }
}
