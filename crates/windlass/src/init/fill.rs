//! A workspace that was begun with one of windlass's templates: where windlass comes from is a placeholder there.

use std::path::Path;

use windlass_host::{Host, HostError};

/// What stands where a flake has windlass's URL.
const FLAKE: &str = "@windlass-flake@";
/// What stands where a manifest says of a crate of windlass where that comes from.
const GIT: &str = "git = \"@windlass-git@\"";

/// Fills the placeholders of a workspace, if it has any, and gives the files that had: `url` is that of windlass's flake, and `dependency`
/// gives the value of a dependency on a crate of windlass, for a manifest in a directory.
///
/// # Errors
///
/// When a file cannot be read or written.
pub(crate) fn fill(
    host: &Host,
    root: &Path,
    url: &str,
    dependency: &dyn Fn(&str, &Path) -> String,
) -> Result<Vec<String>, HostError> {
    let mut filled = Vec::new();
    for file in manifests(host, root)?.into_iter().chain(["flake.nix".to_owned()]) {
        let path = root.join(&file);
        let Some(text) = host.read_text(&path)? else { continue };
        let dir = path.parent().unwrap_or(root);
        let line = |line: &str| match line.split_once(GIT) {
            Some((before, after)) => {
                let name = before.trim_end_matches([' ', '=', '{']);
                let value = dependency(name, dir);
                let inner = value.strip_prefix("{ ").and_then(|value| value.strip_suffix(" }"));
                let inner = inner.map_or_else(|| format!("version = {value}"), str::to_owned);
                format!("{before}{inner}{after}")
            }
            None => line.replace(FLAKE, url),
        };
        let now: String = text.split_inclusive('\n').map(line).collect();
        if now != text {
            host.write_text(&path, &now)?;
            filled.push(file);
        }
    }
    Ok(filled)
}

/// Whether a directory is a workspace of a template that has not been filled yet.
///
/// # Errors
///
/// When its flake cannot be read.
pub(super) fn is_due(host: &Host, root: &Path) -> Result<bool, HostError> {
    Ok(host.read_text(&root.join("flake.nix"))?.is_some_and(|text| text.contains(FLAKE)))
}

/// The manifests of a workspace that was just begun: in its root, and in the directories there.
fn manifests(host: &Host, root: &Path) -> Result<Vec<String>, HostError> {
    let below = host.list_dir(root)?.into_iter().map(|dir| format!("{dir}/Cargo.toml"));
    let files = ["Cargo.toml".to_owned()].into_iter().chain(below);
    Ok(files.filter(|file| host.exists(&root.join(file))).collect())
}
