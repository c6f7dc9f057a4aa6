//! `.cargo/config.toml`: the alias that runs the xtask, and the profile that it is built with.

use toml_edit::{Document, Item, Value};

use super::edit::Edit;
use super::{InitError, splice};

/// The file as cargo finds it first: the old name wins where both exist.
pub(super) const PATHS: [&str; 2] = [".cargo/config", ".cargo/config.toml"];

const ALIAS_COMMENT: &str = "# Added by `windlass init`: the workspace's tasks.";
const PROFILE: &str = "
# A profile of its own is a directory and a lock of its own: the xtask never waits for the build that it drives.
[profile.xtask]
inherits = \"dev\"
debug = false
incremental = false";

/// What the alias says.
pub(super) fn command(package: &str) -> String {
    format!("run --package {package} --profile xtask --")
}

/// The command of an alias, in whichever of its two forms it is written.
pub(super) fn alias(text: &str, alias: &str) -> Option<String> {
    let doc = Document::parse(text).ok()?;
    match doc.get("alias")?.get(alias)? {
        Item::Value(Value::Array(words)) => Some(words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        item => item.as_str().map(str::to_owned),
    }
}

/// Whether a cargo configuration or a manifest has the profile.
pub(super) fn has_profile(text: &str) -> bool {
    let doc = Document::parse(text).ok();
    doc.is_some_and(|doc| doc.get("profile").and_then(|profile| profile.get("xtask")).is_some())
}

/// The change that adds what is missing of the alias and the profile; none where both are there.
pub(super) fn edit(
    path: &str,
    before: Option<&str>,
    name: &str,
    package: &str,
    profile: bool,
) -> Result<Option<Edit>, InitError> {
    let shape = |wanted: String| InitError::Shape { path: path.into(), wanted };
    let mut text = before.unwrap_or("\n").to_owned();
    if alias(&text, name).is_none() {
        let line = line(name, package);
        let added = splice::insert_key(&text, "alias", &line, ALIAS_COMMENT);
        text = added.ok_or_else(|| shape(format!("`{line}` in `alias`")))?;
    }
    if profile && !has_profile(&text) {
        let added = splice::append_lines(&text, PROFILE);
        if !has_profile(&added) {
            return Err(shape(
                "`xtask = { inherits = \"dev\", debug = false, incremental = false }` in `profile`".into(),
            ));
        }
        text = added;
    }
    if before.is_none() {
        text = splice::new_file(text.trim_end_matches('\n'));
    }
    Ok((before != Some(text.as_str())).then(|| change(path, before, Some(text))))
}

/// The change that takes out the alias and the profile where they are as we wrote them.
pub(super) fn removal(path: &str, before: &str, name: &str, package: &str) -> Option<Edit> {
    let own_profile = || {
        let doc = Document::parse(before).ok()?;
        Some(doc.get("profile")?.get("xtask")?.as_table_like()?.len() == 3)
    };
    let mut text = before.to_owned();
    if own_profile() == Some(true) {
        text = splice::cut_lines(&text, PROFILE).unwrap_or(text);
    }
    text = splice::cut_key(&text, "alias", name, &line(name, package), ALIAS_COMMENT).unwrap_or(text);
    // A file that was there and empty begins with the line break that set our lines apart.
    let goes = text.is_empty() && !before.starts_with(splice::newline(before));
    (text != before).then(|| change(path, Some(before), (!goes).then_some(text)))
}

fn change(path: &str, before: Option<&str>, after: Option<String>) -> Edit {
    Edit { path: path.into(), before: before.map(str::to_owned), after, what: "the alias and its profile" }
}

fn line(name: &str, package: &str) -> String {
    format!("{name} = \"{}\"", command(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Option<&str>, profile: bool) -> String {
        let path = PATHS[1];
        let after = edit(path, before, "xtask", "xtask", profile).unwrap().unwrap().after.unwrap();
        assert_eq!(alias(&after, "xtask"), Some(command("xtask")));
        assert_eq!(has_profile(&after), profile);
        assert_eq!(edit(path, Some(&after), "xtask", "xtask", profile).unwrap(), None, "{after:?}");
        let removal = removal(path, &after, "xtask", "xtask").unwrap();
        assert_eq!(removal.after.as_deref(), before, "{after:?}");
        after
    }

    #[test]
    fn a_removal_restores_the_file_that_was() {
        let befores = [
            "",
            "\n",
            "# nothing",
            "[build]\njobs = 1\n",
            "[alias]\nb = \"build\"\n",
            "[alias]",
            "alias.b = \"build\"\n",
            "[profile.dev]\ndebug = 0 # none\n",
            "profile.dev.debug = 0",
            "[build]\r\njobs = 1\r\n\r\n[alias] # mine\r\nb = [\"build\"]\r\n",
        ];
        for before in befores {
            check(Some(before), true);
            check(Some(before), false);
        }
        check(None, false);
        insta::assert_snapshot!(check(None, true), @r#"
        # Added by `windlass init`: the workspace's tasks.
        [alias]
        xtask = "run --package xtask --profile xtask --"

        # A profile of its own is a directory and a lock of its own: the xtask never waits for the build that it drives.
        [profile.xtask]
        inherits = "dev"
        debug = false
        incremental = false
        "#);
    }

    #[test]
    fn what_somebody_changed_or_added_stays() {
        let ours = edit(PATHS[1], None, "xtask", "xtask", true).unwrap().unwrap().after.unwrap();
        let cases = [
            (ours.replace("debug = false\n", "debug = false\nopt-level = 1\n"), "opt-level = 1"),
            (ours.replace(" --\"", " --quiet --\""), "--quiet"),
            (ours.replace("xtask --\"\n", "xtask --\"\nb = \"build\"\n"), "[alias]\nb = \"build\""),
            (ours.clone() + "\n[build]\njobs = 1\n", "\n[build]\njobs = 1\n"),
        ];
        for (text, kept) in cases {
            let after = removal(PATHS[1], &text, "xtask", "xtask").unwrap().after.unwrap();
            assert!(after.contains(kept), "{after}");
            Document::parse(&after).unwrap();
        }
    }

    #[test]
    fn an_alias_is_read_in_both_its_forms() {
        assert_eq!(alias("[alias]\na = \"run -p a\"", "a").as_deref(), Some("run -p a"));
        assert_eq!(alias("alias.a = ['run', '-p', 'a']", "a").as_deref(), Some("run -p a"));
        assert_eq!(alias("alias.a = 'x'", "b"), None);
    }

    #[test]
    fn tables_in_one_line_are_refused_with_what_to_write() {
        for text in ["alias = { b = \"build\" }\n", "profile = { dev = { debug = 0 } }\n"] {
            let error = edit(PATHS[1], Some(text), "xtask", "xtask", true).unwrap_err();
            assert!(error.to_string().contains("by hand"), "{error}");
        }
    }
}
