//! The package that carries windlass in an adopted workspace: a manifest and a short main.

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
    /// Where windlass comes from, as the value of a dependency.
    pub(super) windlass: String,
    /// How the lockfile gets back to what it was before: see [`super::patch`].
    pub(super) lockfile: Vec<String>,
}

impl Manifest {
    /// The text of the file. It names no Rust: cargo would hold the versions of all dependencies of the workspace to that (resolver 3), and
    /// windlass names its own.
    pub(super) fn text(&self) -> String {
        let Self { package, edition, windlass, lockfile } = self;
        let mut text = format!(
            "{HEADER}\n[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\n\
             publish = false\n\n[dependencies]\nwindlass = {windlass}\n"
        );
        if !lockfile.is_empty() {
            text += "\n# How `windlass init --remove` gets Cargo.lock back to what it was.\n";
            text += "[package.metadata.windlass]\nlockfile = [\n";
            text.extend(lockfile.iter().map(|step| format!("    {},\n", toml_edit::Value::from(step))));
            text += "]\n";
        }
        text
    }

    /// Reads a manifest that [`Manifest::text`] wrote; `None` if anybody else did, or changed it since.
    pub(super) fn read(text: &str) -> Option<Self> {
        let doc = Document::parse(text).ok()?;
        let package = doc.get("package")?.as_table()?;
        let string = |table: &dyn TableLike, key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let lockfile = package.get("metadata").and_then(|item| item.get("windlass")?.get("lockfile")?.as_array());
        let manifest = Self {
            package: string(package, "name")?,
            edition: string(package, "edition")?,
            windlass: text[doc.get("dependencies")?.get("windlass")?.span()?].to_owned(),
            lockfile: lockfile.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
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
    edit(format!("{package}/src/main.rs"), before, same.unwrap_or_else(|| main_rs(rustfmt)), "its few lines")
}

fn edit(path: String, before: Option<&str>, after: String, what: &'static str) -> Option<Edit> {
    let edit = Edit { path, before: before.map(str::to_owned), after: Some(after), what };
    (edit.before != edit.after).then_some(edit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(lockfile: &[&str]) -> Manifest {
        Manifest {
            package: "xtask".into(),
            edition: "2021".into(),
            windlass: "{ git = \"https://example.org/w\", rev = \"abc\" }".into(),
            lockfile: lockfile.iter().map(|step| (*step).to_owned()).collect(),
        }
    }

    #[test]
    fn a_manifest_is_read_back_as_it_was_written() {
        let steps = ["=7", "-14 00000000000000ff", "+ \"low 1.0.0\",", "+it's \"odd\" \\", "+"];
        for lockfile in [&[][..], &steps] {
            assert_eq!(Manifest::read(&manifest(lockfile).text()), Some(manifest(lockfile)));
        }
        insta::assert_snapshot!(manifest(&steps).text(), @r##"
        # Written by `windlass init`; `windlass init --remove` takes it out again.
        [package]
        name = "xtask"
        version = "0.0.0"
        edition = "2021"
        publish = false

        [dependencies]
        windlass = { git = "https://example.org/w", rev = "abc" }

        # How `windlass init --remove` gets Cargo.lock back to what it was.
        [package.metadata.windlass]
        lockfile = [
            "=7",
            "-14 00000000000000ff",
            '+ "low 1.0.0",',
            '''+it's "odd" \''',
            "+",
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
