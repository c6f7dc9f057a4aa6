//! `Cargo.lock`: cargo itself adds and drops the entries; here stands what that did to the entries that were there.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use toml_edit::Document;
use windlass_host::{Host, HostError, Reading};
use windlass_plan::Command;

use super::{InitError, patch};

/// The file, relative to the workspace's root.
pub(super) const PATH: &str = "Cargo.lock";

const TIMEOUT: Duration = Duration::from_secs(600);

/// Whether cargo would change the lockfile as it stands. Where the index is not at hand, nobody knows, and it counts as
/// current.
pub(super) fn is_stale(host: &Host, root: &Path) -> Result<bool, Reading> {
    let answer = host.read(&update(root).args(["--locked", "--offline"]), TIMEOUT)?;
    Ok(answer.code != Some(0) && answer.stderr.contains("--locked"))
}

/// Lets cargo bring the lockfile in line with the manifests, without the network if it can. Where there was none
/// (`before`), none stays.
pub(super) fn bring_in_line(host: &Host, root: &Path, before: Option<&str>) -> Result<Option<String>, InitError> {
    let path = root.join(PATH);
    let mut answer = host.read(&update(root).arg("--offline"), TIMEOUT)?;
    if answer.code != Some(0) {
        answer = host.read(&update(root), TIMEOUT)?;
    } else if let (Some(before), Some(offline)) = (before, host.read_text(&path)?)
        && !raised(before, &offline).is_empty()
    {
        // Offline, cargo may have moved packages to other versions only because these are downloaded.
        host.write_text(&path, before)?;
        if host.read(&update(root), TIMEOUT)?.code != Some(0) {
            host.write_text(&path, &offline)?;
        }
    }
    if answer.code != Some(0) {
        return Err(InitError::Lock { answer: answer.stderr.trim().to_owned() });
    }
    match before {
        None => host.remove_file(&path).map(|()| None).map_err(InitError::Host),
        Some(before) => Ok(Some(with_line_endings_of(host, &path, before)?)),
    }
}

/// The way back from the lockfile `after` the xtask `package` came in to the one before it: from `before` if that has no
/// xtask yet, or else from where the way `so_far` leads.
pub(super) fn way_back(package: &str, before: &str, after: &str, so_far: &[String]) -> Vec<String> {
    let origin = if has(before, package) { patch::apply(so_far, before) } else { Some(before.to_owned()) };
    origin.map_or_else(|| so_far.to_vec(), |origin| patch::between(after, &origin))
}

/// Takes the lockfile `now` the way back. Where the way does not fit it any more, or leads to what does not fit the
/// manifests, the lockfile stays, and the answer is `false`.
pub(super) fn go_back(host: &Host, root: &Path, now: &str, way: &[String]) -> Result<bool, InitError> {
    let Some(before) = patch::apply(way, now) else { return Ok(false) };
    let path = root.join(PATH);
    host.write_text(&path, &before)?;
    if is_stale(host, root)? {
        host.write_text(&path, now)?;
        return Ok(false);
    }
    with_line_endings_of(host, &path, now)?;
    Ok(true)
}

fn with_line_endings_of(host: &Host, path: &Path, before: &str) -> Result<String, HostError> {
    let text = host.read_text(path)?.unwrap_or_default();
    if !before.contains("\r\n") || text.contains("\r\n") {
        return Ok(text);
    }
    let text = text.replace('\n', "\r\n");
    host.write_text(path, &text)?;
    Ok(text)
}

fn update(root: &Path) -> Command {
    Command::new("cargo", root.to_string_lossy()).args(["update", "--workspace", "--quiet"])
}

type Packages = BTreeSet<(String, String)>;

/// Names and versions of a lockfile.
fn packages(lock: &str) -> Packages {
    let doc = Document::parse(lock).ok();
    let tables = doc.as_ref().and_then(|doc| doc.get("package")?.as_array_of_tables());
    let string = |table: &toml_edit::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
    let pairs = tables.into_iter().flatten().map(|table| Some((string(table, "name")?, string(table, "version")?)));
    pairs.flatten().collect()
}

/// Whether the lockfile has an entry for the package.
pub(super) fn has(lock: &str, package: &str) -> bool {
    packages(lock).iter().any(|(name, _)| name == package)
}

/// How many packages `after` has that `before` has not.
pub(super) fn n_added(before: &str, after: &str) -> usize {
    packages(after).difference(&packages(before)).count()
}

/// The packages that `before` has in another version than `after`: `NAME BEFORE -> NOW`.
pub(super) fn raised(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (packages(before), packages(after));
    let lost = before.difference(&after);
    let pair = lost.filter_map(|(name, old)| {
        let mut new = after.difference(&before).filter(|(other, version)| other == name && compatible(old, version));
        new.next().map(|(_, now)| format!("{name} {old} -> {now}"))
    });
    pair.collect()
}

/// Whether two versions may stand in for each other: the first number that is not 0 is the same.
fn compatible(a: &str, b: &str) -> bool {
    let significant = |version: &str| -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for part in version.split(['.', '-', '+']) {
            parts.push(part.to_owned());
            if part != "0" {
                break;
            }
        }
        parts
    };
    significant(a) == significant(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(packages: &[(&str, &str)]) -> String {
        packages
            .iter()
            .map(|(name, version)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n"))
            .collect()
    }

    #[test]
    fn what_was_raised_is_told_from_what_was_added() {
        let before = lock(&[("a", "1.0.1"), ("b", "0.1.2"), ("c", "1.0.0"), ("d", "0.0.1")]);
        let after =
            lock(&[("a", "1.2.0"), ("b", "0.1.2"), ("b", "0.2.0"), ("c", "1.0.0"), ("d", "0.0.1"), ("xtask", "0.0.0")]);
        assert_eq!(raised(&before, &after), ["a 1.0.1 -> 1.2.0"]);
        assert_eq!(n_added(&before, &after), 3);
        assert!(has(&after, "xtask") && !has(&before, "xtask"));
    }

    #[test]
    fn the_way_back_leads_to_the_lockfile_that_had_no_xtask() {
        let first = lock(&[("a", "1.0.1")]);
        let second = lock(&[("a", "1.2.0"), ("xtask", "0.0.0")]);
        let third = lock(&[("a", "1.3.0"), ("xtask", "0.0.0")]);
        let way = way_back("xtask", &first, &second, &[]);
        // The lockfile before and after, the way so far, and the one that it then leads to.
        let cases = [
            ("the first adoption", &first, &second, &[][..], Some(&first)),
            ("a second one, which changes it again", &second, &third, &way, Some(&first)),
            ("one that changes nothing", &second, &second, &way, Some(&first)),
            ("one after the user took the old lockfile back", &first, &third, &way, Some(&first)),
            ("one after the user changed it", &third, &third, &way, None),
            ("one that nothing was remembered for", &second, &third, &[], None),
        ];
        for (name, before, after, so_far, expected) in cases {
            let way = way_back("xtask", before, after, so_far);
            assert_eq!(patch::apply(&way, after).as_ref(), expected, "{name}");
        }
    }

    #[test]
    fn versions_stand_in_for_each_other_up_to_the_first_number_that_counts() {
        let cases =
            [("1.0.1", "1.9.0", true), ("1.0.0", "2.0.0", false), ("0.1.1", "0.1.9", true), ("0.1.1", "0.2.0", false)];
        for (a, b, expected) in cases {
            assert_eq!(compatible(a, b), expected, "{a} {b}");
        }
    }
}
