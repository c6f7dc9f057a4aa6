//! A Nix that is there, and a copy of this repository for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture::{Ended, clean, ended};

/// The root of this repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// `nix`, of this machine or else as the repository provisions it.
pub(crate) fn nix() -> PathBuf {
    if let Some(path) = crate::fixture::find("nix") {
        return path;
    }
    let provisioned = Command::new(root().join("nix/provision.sh")).output().unwrap();
    assert!(provisioned.status.success(), "{}", String::from_utf8_lossy(&provisioned.stderr));
    let dir = String::from_utf8(provisioned.stdout).unwrap();
    Path::new(dir.lines().last().unwrap()).join("nix")
}

/// A call of it.
pub(crate) fn call(args: &[&str]) -> Command {
    let mut command = clean(nix());
    command.args(["--extra-experimental-features", "nix-command flakes", "--offline"]).args(args);
    command
}

/// What it prints when all is well.
pub(crate) fn said(args: &[&str]) -> String {
    said_by(&mut call(args))
}

/// What a program prints when all is well.
pub(crate) fn said_by(command: &mut Command) -> String {
    let Ended { code, stdout, stderr } = ended(command);
    assert_eq!(code, Some(0), "{stderr}");
    stdout.trim().to_owned()
}

/// What git knows of this repository, in a directory of its own that git knows too.
pub(crate) fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let line =
        "git ls-files -z | xargs -0 cp --parents --no-dereference -t \"$0\" && cd \"$0\" && git init -q && git add -A";
    said_by(clean("sh").args(["-c", line]).arg(dir.path()).current_dir(root()));
    dir
}

/// `windlass nix` in a directory.
pub(crate) fn windlass(dir: &Path, args: &[&str]) -> Ended {
    ended(clean(env!("CARGO_BIN_EXE_windlass")).arg("nix").args(args).current_dir(dir))
}
