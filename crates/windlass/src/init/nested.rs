//! The crates below a root that is no workspace yet: once it is one, cargo asks whether they belong to it.

use std::path::Path;

use toml_edit::Document;
use windlass_host::Host;

/// How deep a crate is looked for.
const MAX_DEPTH: usize = 8;

/// The directories in `root` that are, or hold at any depth, a crate without a workspace of its own. cargo excludes all that
/// is below an excluded directory, so the crate that comes beside them later stays on its own as well. `target` is the
/// target directory, relative to the root.
pub(super) fn dirs(host: &Host, root: &Path, target: Option<&str>) -> Vec<String> {
    let Some(root) = host.canonical(root) else { return Vec::new() };
    let target = target.map(|target| root.join(target));
    let is_one = |name: &String| holds_a_crate(host, &root, name, target.as_deref(), MAX_DEPTH);
    names(host, &root).into_iter().filter(is_one).collect()
}

/// Whether to exclude `name` in `parent`, which is a path without links.
fn holds_a_crate(host: &Host, parent: &Path, name: &str, target: Option<&Path>, depth: usize) -> bool {
    let dir = parent.join(name);
    if name.starts_with('.') || name == "node_modules" || target == Some(&*dir) || !host.is_dir(&dir) {
        return false;
    }
    // A link leads to what is found without it, or out of the root.
    if host.canonical(&dir).as_deref() != Some(&*dir) {
        return false;
    }
    let manifest = dir.join("Cargo.toml");
    if host.exists(&manifest) {
        // One that cannot be read, or is a template, is no workspace; to exclude it does no harm.
        let text = host.read_text(&manifest).ok().flatten().unwrap_or_default();
        return !is_workspace(&text);
    }
    depth > 1 && names(host, &dir).iter().any(|name| holds_a_crate(host, &dir, name, target, depth - 1))
}

/// What is in a directory; nothing where it cannot be read, because cargo finds no crate there either.
fn names(host: &Host, dir: &Path) -> Vec<String> {
    host.list_dir(dir).unwrap_or_default()
}

/// Whether a manifest makes its directory a workspace.
pub(super) fn is_workspace(manifest: &str) -> bool {
    Document::parse(manifest).is_ok_and(|doc| doc.contains_key("workspace"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn only_a_directory_with_a_crate_on_its_own_counts() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("crate", "[package]"),
            ("deep/1/2/3/4/5/6/7", ""),
            ("deeper/1/2/3/4/5/6/7/8", ""),
            ("template", "name = {{name}}"),
            ("beside/a-workspace", "[workspace.package]"),
            ("beside/crate", ""),
            ("workspace", "[workspace]"),
            ("workspace/member", ""),
            (".hidden/crate", ""),
            ("node_modules/crate", ""),
            ("out/target/package/crate", ""),
            ("target", ""),
        ] {
            std::fs::create_dir_all(dir.path().join(path)).unwrap();
            std::fs::write(dir.path().join(path).join("Cargo.toml"), text).unwrap();
        }
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(".", dir.path().join("link")).unwrap();
        let found = dirs(&Host::new(), dir.path(), Some("out/target"));
        assert_eq!(found, ["beside", "crate", "deep", "target", "template"]);
    }
}
