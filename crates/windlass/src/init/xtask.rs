//! The package that carries windlass in an adopted workspace: a manifest and a three-line main.

use toml_edit::{Document, TableLike};

use super::edit::Edit;
use super::splice::newline;

/// The Rust that it takes to compile windlass.
pub(super) const MINIMUM_RUST: &str = env!("CARGO_PKG_RUST_VERSION");

const HEADER: &str = "# Written by `windlass init`; `windlass init --remove` takes it out again.";

/// What is particular to one workspace in the manifest of its xtask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The package's name, and its directory in the workspace's root.
    pub(super) package: String,
    /// Its edition.
    pub(super) edition: String,
    /// The Rust that it needs.
    pub(super) rust_version: String,
    /// Where windlass comes from, as the value of a dependency.
    pub(super) windlass: String,
    /// The packages that the lockfile had in an older version before: `NAME BEFORE -> NOW`.
    pub(super) raised: Vec<String>,
}

impl Manifest {
    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let Self { package, edition, rust_version, windlass, raised } = self;
        let mut text = format!(
            "{HEADER}\n[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\n\
             rust-version = \"{rust_version}\"\npublish = false\n\n[dependencies]\nwindlass = {windlass}\n"
        );
        if !raised.is_empty() {
            text += "\n# What Cargo.lock had before, for `windlass init --remove`.\n[package.metadata.windlass]\nraised = [\n";
            text.extend(raised.iter().map(|line| format!("    \"{line}\",\n")));
            text += "]\n";
        }
        text
    }

    /// Reads a manifest that [`Manifest::text`] wrote; `None` if anybody else did, or changed it since.
    pub(super) fn read(text: &str) -> Option<Self> {
        let doc = Document::parse(text).ok()?;
        let package = doc.get("package")?.as_table()?;
        let string = |table: &dyn TableLike, key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let raised = package.get("metadata").and_then(|item| item.get("windlass")?.get("raised")?.as_array());
        let manifest = Self {
            package: string(package, "name")?,
            edition: string(package, "edition")?,
            rust_version: string(package, "rust-version")?,
            windlass: text[doc.get("dependencies")?.get("windlass")?.span()?].to_owned(),
            raised: raised.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        };
        (manifest.text() == text.replace("\r\n", "\n")).then_some(manifest)
    }
}

/// The text of its `src/main.rs`, as rustfmt with this configuration leaves it.
pub(super) fn main_rs(rustfmt: Option<&str>) -> String {
    let doc = rustfmt.and_then(|text| Document::parse(text).ok());
    let get = |key: &str| doc.as_ref().and_then(|doc| doc.get(key));
    let tabs = get("hard_tabs").and_then(toml_edit::Item::as_bool).unwrap_or(false);
    let spaces = get("tab_spaces").and_then(toml_edit::Item::as_integer).and_then(|n| usize::try_from(n).ok());
    let indent = if tabs { "\t".to_owned() } else { " ".repeat(spaces.unwrap_or(4)) };
    let nl = if get("newline_style").and_then(toml_edit::Item::as_str) == Some("Windows") { "\r\n" } else { "\n" };
    format!("//! This workspace's tasks.\n\nfn main() -> std::process::ExitCode {{\n{indent}windlass::main()\n}}\n")
        .replace('\n', nl)
}

/// Whether a `src/main.rs` is what [`main_rs`] wrote, however it is laid out.
pub(super) fn is_main_rs(text: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<String>();
    words(text) == words(&main_rs(None))
}

/// The manifest's file.
pub(super) fn manifest_edit(before: Option<&str>, manifest: &Manifest) -> Option<Edit> {
    let nl = before.map_or("\n", newline);
    edit(
        format!("{}/Cargo.toml", manifest.package),
        before,
        manifest.text().replace('\n', nl),
        "the package that carries windlass",
    )
}

/// The main file.
pub(super) fn main_edit(package: &str, before: Option<&str>, rustfmt: Option<&str>) -> Option<Edit> {
    let same = before.filter(|text| is_main_rs(text)).map(str::to_owned);
    edit(format!("{package}/src/main.rs"), before, same.unwrap_or_else(|| main_rs(rustfmt)), "its three lines")
}

fn edit(path: String, before: Option<&str>, after: String, what: &'static str) -> Option<Edit> {
    let edit = Edit { path, before: before.map(str::to_owned), after: Some(after), what };
    (edit.before != edit.after).then_some(edit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(raised: &[&str]) -> Manifest {
        Manifest {
            package: "xtask".into(),
            edition: "2021".into(),
            rust_version: "1.88".into(),
            windlass: "{ git = \"https://example.org/w\", rev = \"abc\" }".into(),
            raised: raised.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn a_manifest_is_read_back_as_it_was_written() {
        for raised in [&[][..], &["serde 1.0.1 -> 1.0.2"][..]] {
            assert_eq!(Manifest::read(&manifest(raised).text()), Some(manifest(raised)));
        }
        insta::assert_snapshot!(manifest(&["serde 1.0.1 -> 1.0.2"]).text(), @r##"
        # Written by `windlass init`; `windlass init --remove` takes it out again.
        [package]
        name = "xtask"
        version = "0.0.0"
        edition = "2021"
        rust-version = "1.88"
        publish = false

        [dependencies]
        windlass = { git = "https://example.org/w", rev = "abc" }

        # What Cargo.lock had before, for `windlass init --remove`.
        [package.metadata.windlass]
        raised = [
            "serde 1.0.1 -> 1.0.2",
        ]
        "##);
    }

    #[test]
    fn a_manifest_that_somebody_changed_is_theirs() {
        for changed in [
            manifest(&[]).text() + "anyhow = \"1\"\n",
            manifest(&[]).text().replace("0.0.0", "0.1.0"),
            manifest(&[]).text().replace("# Written", "# Once written"),
            "[package".to_owned(),
        ] {
            assert_eq!(Manifest::read(&changed), None, "{changed}");
        }
        assert_eq!(Manifest::read(&manifest(&[]).text().replace('\n', "\r\n")), Some(manifest(&[])));
    }

    #[test]
    fn the_main_file_follows_the_workspaces_rustfmt() {
        assert!(main_rs(None).contains("\n    windlass::main()\n"));
        assert!(main_rs(Some("hard_tabs = true")).contains("\n\twindlass::main()\n"));
        assert!(main_rs(Some("tab_spaces = 2\nnewline_style = 'Windows'")).contains("\r\n  windlass::main()\r\n"));
        assert!(is_main_rs(&main_rs(Some("hard_tabs = true"))));
        assert!(!is_main_rs("fn main() {}"));
    }
}
