//! The root manifest: the xtask becomes a member.

use toml_edit::{Array, Document, Item};

use super::edit::Edit;
use super::{InitError, array, splice};

/// The file, relative to the workspace's root.
pub(super) const PATH: &str = "Cargo.toml";

const COMMENT: &str = "# Added by `windlass init`: `cargo xtask` is a package of its own.";

/// The change that makes the directory `package` a member; none where it is one already.
pub(super) fn edit(text: &str, package: &str) -> Result<Option<Edit>, InitError> {
    let shape = || InitError::Shape { path: PATH.into(), wanted: format!("`{package}` in `workspace.members`") };
    let doc = Document::parse(text).map_err(|_| shape())?;
    let after = match list(&doc, "members") {
        Some(_) if is_covered(&doc, package) => return Ok(None),
        Some(members) => array::push(text, members, package),
        None => splice::insert_key(text, "workspace", &line(package), COMMENT),
    };
    Ok(Some(change(text, after.ok_or_else(shape)?)))
}

/// The change that takes `package` out of the members again; none where a pattern covers it, or nothing does.
pub(super) fn removal(text: &str, package: &str) -> Option<Edit> {
    let doc = Document::parse(text).ok()?;
    let after = splice::cut_key(text, "workspace", "members", &line(package), COMMENT)
        .or_else(|| array::cut(text, list(&doc, "members")?, package))?;
    Some(change(text, after))
}

fn change(before: &str, after: String) -> Edit {
    Edit { path: PATH.into(), before: Some(before.into()), after: Some(after), what: "the member entry" }
}

/// The line where there was no `members`. Its comment tells it from a `members = []` that was filled.
fn line(package: &str) -> String {
    format!("members = [\"{package}\"] # added by `windlass init`")
}

fn list<'a>(doc: &'a Document<&str>, key: &str) -> Option<&'a Array> {
    doc.get("workspace").and_then(|workspace| workspace.get(key)).and_then(Item::as_array)
}

/// Whether cargo takes the directory `package` in the root for a member: its name is in the list, or a pattern matches and
/// `exclude` does not name it.
fn is_covered(doc: &Document<&str>, package: &str) -> bool {
    let entries = |key: &str| -> Vec<String> {
        let words = list(doc, key).into_iter().flatten().filter_map(|value| value.as_str());
        words.map(|word| word.trim_start_matches("./").trim_end_matches('/').to_owned()).collect()
    };
    let members = entries("members");
    members.iter().any(|member| member == package)
        || members.iter().any(|member| matches(member, package)) && !entries("exclude").iter().any(|it| it == package)
}

/// Whether a pattern with `*` and `?` matches a name. Others count as not matching: an entry too many does no harm.
fn matches(pattern: &str, name: &str) -> bool {
    let mut rest = name.chars();
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => (0..=name.len()).any(|at| name.get(at..).is_some_and(|rest| matches(&pattern[1..], rest))),
        Some(first) => {
            rest.next().is_some_and(|c| first == '?' || first == c)
                && matches(&pattern[first.len_utf8()..], rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        let edit = edit(before, "xtask").unwrap().map(|edit| edit.after.unwrap());
        assert_eq!(edit.as_deref(), Some(after), "{before:?}");
        let removal = removal(after, "xtask").map(|edit| edit.after.unwrap());
        assert_eq!(removal.as_deref(), Some(before), "{after:?}");
    }

    #[test]
    fn a_removal_restores_the_manifest_that_was() {
        check(
            "[package]\nname = \"a\"\n",
            &format!("[package]\nname = \"a\"\n\n{COMMENT}\n[workspace]\n{}\n", line("xtask")),
        );
        check(
            "[package]\nname = \"a\"",
            &format!("[package]\nname = \"a\"\n\n{COMMENT}\n[workspace]\n{}", line("xtask")),
        );
        check("[workspace] # w\n", &format!("[workspace] # w\n{}\n", line("xtask")));
        check("[workspace]\nmembers = []\n", "[workspace]\nmembers = [\"xtask\"]\n");
        check("workspace = { members = ['a'] }\n", "workspace = { members = ['a', \"xtask\"] }\n");
        check("workspace.members = [\"a\",]\n", "workspace.members = [\"a\", \"xtask\",]\n");
        check("workspace.resolver = '2'\n", &format!("workspace.resolver = '2'\nworkspace.{}\n", line("xtask")));
        check(
            "[workspace.package] # p\nedition = \"2021\"\n",
            &format!("[workspace.package] # p\nedition = \"2021\"\n\n{COMMENT}\n[workspace]\n{}\n", line("xtask")),
        );
        check(
            "# a\r\n[workspace]\r\nmembers = [\r\n  # one\r\n  \"one\", # is one\r\n]\r\n",
            "# a\r\n[workspace]\r\nmembers = [\r\n  # one\r\n  \"one\", # is one\r\n  \"xtask\",\r\n]\r\n",
        );
    }

    #[test]
    fn what_was_added_to_our_list_later_stays() {
        let text = format!("[package]\nname = 'a'\n\n{COMMENT}\n[workspace]\nmembers = [\"xtask\", \"b\"]\n");
        let removal = removal(&text, "xtask").unwrap().after.unwrap();
        assert_eq!(removal, format!("[package]\nname = 'a'\n\n{COMMENT}\n[workspace]\nmembers = [\"b\"]\n"));
    }

    #[test]
    fn an_entry_is_only_added_where_none_covers_the_xtask() {
        let covered = [
            "members = ['*']",
            "members = ['./xtask/']",
            "members = ['x*k', 'a']",
            "members = ['crates/*', '?task']",
            "members = ['xtask']\nexclude = ['xtask']",
        ];
        let open = ["members = ['crates/*']", "members = ['*/']\nexclude = ['./xtask']", "members = ['tools/xtask']"];
        for (n_covered, text) in covered.iter().chain(&open).enumerate() {
            let edit = edit(&format!("[workspace]\n{text}\n"), "xtask").unwrap();
            assert_eq!(edit.is_none(), n_covered < covered.len(), "{text}");
        }
    }

    #[test]
    fn a_table_in_one_line_is_refused_with_what_to_write() {
        let error = edit("workspace = { resolver = '2' }\n", "xtask").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`Cargo.toml` is written in a way that takes no new entry; add `xtask` in `workspace.members` by hand, then \
             run `windlass init` again"
        );
    }
}
