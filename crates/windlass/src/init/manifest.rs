//! The root manifest: the xtask becomes a member, and what was no part of it stays none.

use toml_edit::{Array, Document, Item, Value};

use super::edit::Edit;
use super::{InitError, array, splice};

/// The file, relative to the workspace's root.
pub(super) const PATH: &str = "Cargo.toml";

const COMMENT: &str = "# Added by `windlass init`: `cargo xtask` is a package of its own.";

/// What stands behind each of our lines.
const MARK: &str = "# added by `windlass init`";

/// The change that makes the directory `package` a member; none where it is one already. Where the manifest becomes that of
/// a workspace with it, the crates in the directories `nested` stay out.
pub(super) fn edit(text: &str, package: &str, nested: &[String]) -> Result<Option<Edit>, InitError> {
    let shape = || InitError::Shape { path: PATH.into(), wanted: format!("`{package}` in `workspace.members`") };
    let doc = Document::parse(text).map_err(|_| shape())?;
    let after = match list(&doc, "members") {
        Some(_) if is_covered(&doc, package) => return Ok(None),
        Some(members) => array::push(text, members, package),
        None => {
            let others: Array = nested.iter().filter(|dir| *dir != package).map(String::as_str).collect();
            let lines = if others.is_empty() || doc.contains_key("workspace") {
                line(package)
            } else {
                format!("{}\nexclude = {} {MARK}", line(package), Value::from(others).to_string().trim())
            };
            splice::insert_key(text, "workspace", &lines, COMMENT)
        }
    };
    Ok(Some(change(text, after.ok_or_else(shape)?)))
}

/// The change that takes `package` out of the members again; none where a pattern covers it, or nothing does.
pub(super) fn removal(text: &str, package: &str) -> Option<Edit> {
    let doc = Document::parse(text).ok()?;
    let cut = |lines: &str| splice::cut_key(text, "workspace", "members", lines, COMMENT);
    // Where the workspace stays because somebody added to it, so does `exclude`: its crates need it.
    let after = exclude_line(&doc, text)
        .and_then(|exclude| cut(&format!("{}\n{exclude}", line(package))))
        .or_else(|| cut(&line(package)))
        .or_else(|| array::cut(text, list(&doc, "members")?, package))?;
    Some(change(text, after))
}

fn change(before: &str, after: String) -> Edit {
    Edit { path: PATH.into(), before: Some(before.into()), after: Some(after), what: "the member entry" }
}

/// The line where there was no `members`. Its comment tells it from a `members = []` that was filled.
fn line(package: &str) -> String {
    format!("members = [\"{package}\"] {MARK}")
}

/// Our `exclude`, in a workspace that has nothing beside it and `members`.
fn exclude_line<'a>(doc: &Document<&str>, text: &'a str) -> Option<&'a str> {
    let workspace = doc.get("workspace")?.as_table().filter(|table| table.len() == 2)?;
    let line = text[splice::line_at(text, workspace.get("exclude")?.span()?.start)].trim();
    line.ends_with(MARK).then_some(line)
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
        check_with(&[], before, after);
    }

    fn check_with(nested: &[&str], before: &str, after: &str) {
        let nested = &nested.iter().map(ToString::to_string).collect::<Vec<_>>();
        let edit = edit(before, "xtask", nested).unwrap().map(|edit| edit.after.unwrap());
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
    fn only_a_manifest_that_becomes_a_workspace_excludes_what_is_below() {
        let nested = ["examples", "it\"s odd", "xtask"];
        let ours = |nl: &str| {
            let exclude = r#"exclude = ["examples", 'it"s odd']"#;
            format!("{nl}{COMMENT}{nl}[workspace]{nl}{}{nl}{exclude} {MARK}", line("xtask"))
        };
        check_with(&nested, "[package]\n", &format!("[package]\n{}\n", ours("\n")));
        check_with(&nested, "[package]", &format!("[package]\n{}", ours("\n")));
        check_with(&nested, "[package]\r\n", &format!("[package]\r\n{}\r\n", ours("\r\n")));
        check_with(&nested, "[workspace]\n", &format!("[workspace]\n{}\n", line("xtask")));
        check_with(&["xtask"], "a = 1\n", &format!("a = 1\n\n{COMMENT}\n[workspace]\n{}\n", line("xtask")));
    }

    #[test]
    fn a_workspace_that_stays_keeps_what_it_excludes() {
        let exclude = format!("exclude = [\"fuzz\"] {MARK}\n");
        let ours = format!("{}\n", line("xtask"));
        for (members, later, left) in [
            ("members = [\"xtask\", \"b\"]\n", "", "members = [\"b\"]\n"),
            (&ours, "resolver = '2'\n", ""),
            (&ours, "[workspace.package]\nedition = '2021'\n", ""),
        ] {
            let text = format!("a = 1\n\n{COMMENT}\n[workspace]\n{members}{exclude}{later}");
            let removal = removal(&text, "xtask").unwrap().after.unwrap();
            assert_eq!(removal, format!("a = 1\n\n{COMMENT}\n[workspace]\n{left}{exclude}{later}"));
        }
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
            let edit = edit(&format!("[workspace]\n{text}\n"), "xtask", &[]).unwrap();
            assert_eq!(edit.is_none(), n_covered < covered.len(), "{text}");
        }
    }

    #[test]
    fn a_table_in_one_line_is_refused_with_what_to_write() {
        let error = edit("workspace = { resolver = '2' }\n", "xtask", &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`Cargo.toml` is written in a way that takes no new entry; add `xtask` in `workspace.members` by hand, then \
             run `windlass init` again"
        );
    }
}
