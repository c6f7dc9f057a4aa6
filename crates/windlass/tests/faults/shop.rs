//! What the tests build with: workspaces with steps of their own, scripts, and a `PATH` of a few chosen programs.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture::{Fixture, clean, ended, find, nextest};

/// The package `app` with these steps, each a script for `sh -c`, and no other stages asked for.
pub fn with_steps(steps: &[(&str, &str)]) -> Fixture {
    let it = Fixture::app();
    let step = |(name, script): &(&str, &str)| format!("[[ci.step]]\nname = \"{name}\"\nrun = '''{script}'''\n");
    it.file(".config/windlass.toml", &steps.iter().map(step).collect::<String>());
    it
}

/// `windlass ci` with just these stages or steps, and further arguments.
pub fn ci(it: &Fixture, stages: &str, more: &[&str]) -> Command {
    let mut command = it.command(&["ci", "--stage", stages]);
    command.args(more);
    command
}

/// Writes a program.
pub fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// A program of the toolchain itself: rustup's proxies would look for the toolchain of the test's own directory.
pub fn of_toolchain(program: &str) -> PathBuf {
    let sysroot = ended(clean("rustc").args(["--print", "sysroot"])).stdout;
    let path = Path::new(sysroot.trim()).join("bin").join(program);
    if path.is_file() { path } else { find(program).unwrap_or_else(|| panic!("there is no `{program}`")) }
}

/// A machine of its own: a home directory, and a `PATH` with just the programs that are put there.
#[derive(Debug)]
pub struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    /// The toolchain without clippy, a shell and a few tools; no rustup, no nextest.
    pub fn bare() -> Self {
        let it = Self { dir: tempfile::tempdir().unwrap() };
        for program in ["cargo", "rustc", "rustdoc", "rustfmt", "cargo-fmt"] {
            it.has(program, &of_toolchain(program));
        }
        for program in ["sh", "cc", "ln", "mkdir", "cat", "echo"] {
            it.has(program, &find(program).unwrap_or_else(|| panic!("there is no `{program}`")));
        }
        it
    }

    /// The same with clippy and nextest: all that the pipeline needs.
    pub fn complete() -> Self {
        let it = Self::bare();
        it.has_clippy();
        it.has("cargo-nextest", &nextest());
        it
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub fn has(&self, program: &str, target: &Path) {
        std::fs::create_dir_all(self.path("bin")).unwrap();
        symlink(target, self.path("bin").join(program)).unwrap();
    }

    pub fn has_clippy(&self) {
        for program in ["cargo-clippy", "clippy-driver"] {
            self.has(program, &of_toolchain(program));
        }
    }

    pub fn lacks(&self, program: &str) {
        std::fs::remove_file(self.path("bin").join(program)).unwrap();
    }

    pub fn has_script(&self, program: &str, text: &str) {
        script(&self.path("bin").join(program), text);
    }

    /// A cargo-binstall that notes its arguments in `args` and puts the nextest of the tests where it was told to.
    pub fn has_binstall(&self) {
        let (args, nextest) = (self.path("args"), nextest());
        let note = format!("echo \"$@\" > '{}'\nfor root; do :; done\nmkdir -p \"$root/bin\"", args.display());
        let put = format!("ln -s '{}' \"$root/bin/cargo-nextest\"", nextest.display());
        self.has_script("cargo-binstall", &format!("{note}\n{put}"));
    }

    /// The command on this machine.
    pub fn on(&self, mut command: Command) -> Command {
        command
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("CARGO_HOME", self.path("home/.cargo"));
        command.env("XDG_CACHE_HOME", self.path("cache")).env_remove("RUSTUP_HOME");
        command
    }
}
