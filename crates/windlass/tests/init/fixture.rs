//! A workspace in a temporary directory, and `windlass init` run on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `ws/` is the workspace, `windlass/` beside it a crate of that name without dependencies.
pub(crate) struct Fixture {
    dir: tempfile::TempDir,
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Fixture {
    /// Files below `ws/`; what a manifest needs of sources is made as well.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let fixture = Self { dir: crate::temporary::dir() };
        fixture.write(
            "../windlass/Cargo.toml",
            "[package]\nname = \"windlass\"\nversion = \"0.1.0\"\n[features]\nnix = []\n[workspace]\n",
        );
        fixture.write("../windlass/src/lib.rs", "pub fn main() -> std::process::ExitCode { 0.into() }\n");
        for (path, text) in files {
            fixture.write(path, text);
            if text.contains("[package]") {
                fixture.write(&path.replace("Cargo.toml", "src/lib.rs"), "");
            }
        }
        fixture
    }

    /// The workspace's root.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("ws")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let root = self.dir.path().join("ws");
        fs::create_dir_all(&root).unwrap();
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Has cargo write the lockfile.
    pub(crate) fn locked(self) -> Self {
        let said = self.run("cargo", &["generate-lockfile", "--offline"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        self
    }

    /// Makes the workspace a git repository.
    pub(crate) fn in_git(self) -> Self {
        assert_eq!(self.run("git", &["init", "--quiet"]).code, 0);
        self
    }

    /// `windlass init` in the root.
    pub(crate) fn init(&self, args: &[&str]) -> Said {
        self.run(env!("CARGO_BIN_EXE_windlass"), &[&["init"], args].concat())
    }

    /// `windlass init` with the crate beside the workspace for a source.
    pub(crate) fn adopt(&self, args: &[&str]) -> Said {
        self.init(&[&["--source", "path:../windlass"], args].concat())
    }

    pub(crate) fn run(&self, program: &str, args: &[&str]) -> Said {
        self.run_in(&self.root(), program, args, &[])
    }

    /// Runs a program without what the test runner and cargo have set for this test.
    pub(crate) fn run_in(&self, dir: &Path, program: &str, args: &[&str], env: &[(&str, &str)]) -> Said {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let cargo = text.starts_with("CARGO") && text != "CARGO_HOME";
            if cargo || text.starts_with("NEXTEST") || text.starts_with("GIT_") || text == "RUSTUP_TOOLCHAIN" {
                command.env_remove(&name);
            }
        }
        let output = command.args(args).current_dir(dir).envs(env.iter().copied()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Every file and directory, with the files' bytes; without git's own.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, Option<String>> {
        let mut tree = BTreeMap::new();
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()).filter(|it| it.file_name() != ".git") {
                let path = entry.path();
                let text = (!path.is_dir()).then(|| String::from_utf8(fs::read(&path).unwrap()).unwrap());
                if path.is_dir() {
                    open.push(path.clone());
                }
                tree.insert(path.strip_prefix(self.dir.path()).unwrap().to_owned(), text);
            }
        }
        tree
    }

    /// Adopts windlass, checks that, and takes it out again; the text of the adoption.
    pub(crate) fn adopts_and_goes_back(&self, args: &[&str]) -> String {
        let before = self.tree();
        let text = self.adopts(args);
        let adopted = self.tree();

        let again = self.adopt(args);
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert!(again.stdout.contains("nothing to write"), "{}", again.stdout);
        let check = self.init(&["--check"]);
        assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
        assert_eq!(self.tree(), adopted);

        let removal = self.init(&["--remove"]);
        assert_eq!(removal.code, 0, "{}", removal.stderr);
        assert!(!removal.stdout.contains("kept"), "{}", removal.stdout);
        assert_eq!(self.tree(), before);
        text
    }

    /// Adopts windlass; the text of it.
    pub(crate) fn adopts(&self, args: &[&str]) -> String {
        let said = self.adopt(args);
        assert_eq!(said.code, 0, "{}", said.stderr);
        if self.root().join("Cargo.lock").exists() {
            let update = self.run("cargo", &["update", "--workspace", "--locked", "--offline"]);
            assert_eq!(update.code, 0, "{}", update.stderr);
        }
        said.stdout
    }
}
