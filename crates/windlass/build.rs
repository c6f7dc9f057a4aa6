//! Tells a release build where it was built from, so that `windlass init` can say it to the xtask that it writes.
#![allow(clippy::disallowed_methods)]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return;
    }
    // HEAD's log changes with every commit and checkout; HEAD itself does not change with a commit on a branch.
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    if let (Some(url), Some(rev)) = (url(), git(&["rev-parse", "HEAD"])) {
        println!("cargo::rustc-env=WINDLASS_SOURCE=git:{url}#{rev}");
    }
}

/// The URL of the repository that tracks this crate. The checkout that `cargo install --git` makes knows only cargo's own
/// copy, so that there the manifest has to say it.
fn url() -> Option<String> {
    git(&["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let origin = git(&["config", "--get", "remote.origin.url"])?;
    if let Some((scheme, rest)) = origin.split_once("://")
        && scheme != "file"
    {
        // A name or a token before the host is nobody else's.
        let rest = if scheme == "ssh" { rest } else { rest.split_once('@').map_or(rest, |(_, rest)| rest) };
        return Some(format!("{scheme}://{rest}"));
    }
    if let Some((host, path)) = origin.split_once(':').filter(|(host, _)| host.contains('@') && !host.contains('/')) {
        return Some(format!("ssh://{host}/{path}"));
    }
    let repository = std::env::var("CARGO_PKG_REPOSITORY").ok().filter(|url| !url.is_empty());
    repository.filter(|_| origin.contains("/git/db/"))
}

/// What git says in the package's directory; nothing where there is no git, or no repository.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
