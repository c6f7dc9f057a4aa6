//! What the tests build with: a workspace with PostgreSQL, and a place of its own for the private directories of servers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture::{Ended, Fixture};
use crate::live::run;

/// A test that leaves a database with a 7 in `item` and says that it has failed, as a program of Python's; it prints the
/// database's name and the command that looks into it.
pub(crate) const FAILING_TEST: &str = "import json, os, socket, subprocess\n\
    s = socket.socket(socket.AF_UNIX); s.connect(os.environ['WINDLASS_SERVICES'])\n\
    s.sendall(b'{\"windlass\": 1, \"service\": \"postgres\", \"test\": \"app::fails\"}\\n')\n\
    answer = json.loads(s.makefile().readline())\n\
    subprocess.run(['psql', '-q', answer['url'], '-c', 'create table item as select 7 as n'], check=True)\n\
    s.sendall(b'{\"failed\": true}\\n')\n\
    print(answer['name'], answer['kept_by'], end='')";

/// What a cache has for databases to begin with.
pub(crate) fn templates(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache.join("windlass/templates")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

/// A workspace with these services, whose servers have their private directories in `run/`.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) it: Fixture,
}

impl Shop {
    pub(crate) fn with_services(services: &str) -> Self {
        let it = Fixture::app();
        it.file(".config/windlass.toml", services);
        it.file("run/empty", "");
        Self { it }
    }

    pub(crate) fn with_postgres() -> Self {
        Self::with_services("[services.postgres]\n")
    }

    /// `windlass` with these arguments, in the root.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.it.command(args);
        command.env("XDG_RUNTIME_DIR", self.it.path("run")).env_remove("DATABASE_URL");
        command
    }

    /// `windlass with -- sh -c SCRIPT`, which may run for as long as it wants.
    pub(crate) fn with(&self, script: &str) -> Command {
        self.command(&["with", "--", "sh", "-c", script])
    }

    /// The same, run to its end.
    pub(crate) fn run(&self, script: &str) -> Ended {
        run(&mut self.with(script))
    }

    /// The private directories that there are.
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        let roots = std::fs::read_dir(self.it.path("run")).unwrap().map(|entry| entry.unwrap().path());
        let dirs = roots.filter(|root| root.is_dir()).flat_map(|root| std::fs::read_dir(root).unwrap());
        dirs.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
    }
}
