//! Workspaces that benchmarks generate: paths with texts.

use std::collections::BTreeMap;
use std::fmt::Write;

type Files = BTreeMap<String, String>;

/// Fifteen crates below `dir`: a base, a procedural macro and a build script under it, a chain of five, a fan of six, and a
/// program on top; with unit tests, integration tests and doctests, and some of the crates that windlass itself uses.
pub(super) fn fifteen_crates(dir: &str) -> Files {
    let mut files = Files::new();
    let links: Vec<String> = (0..5).map(|n| format!("link{n}")).collect();
    let fans: Vec<String> = (0..6).map(|n| format!("fan{n}")).collect();
    workspace(dir, &mut files);

    files.insert(format!("{dir}/crates/macros/Cargo.toml"), manifest("macros", "[lib]\nproc-macro = true\n", &[]));
    files.insert(format!("{dir}/crates/macros/src/lib.rs"), MACROS.to_owned());
    files.insert(format!("{dir}/crates/tables/Cargo.toml"), manifest("tables", "", &[]));
    files.insert(format!("{dir}/crates/tables/build.rs"), TABLES_BUILD.to_owned());
    files.insert(format!("{dir}/crates/tables/src/lib.rs"), TABLES.to_owned());
    library(dir, "base", &["macros", "tables"], &mut files);
    for (n, link) in links.iter().enumerate() {
        library(dir, link, &[n.checked_sub(1).map_or("base", |below| &links[below])], &mut files);
    }
    for fan in &fans {
        library(dir, fan, &["base"], &mut files);
    }
    let below: Vec<&str> = fans.iter().chain(links.last()).map(String::as_str).collect();
    library(dir, "app", &below, &mut files);
    files.insert(format!("{dir}/crates/app/src/main.rs"), PROGRAM.to_owned());
    files.insert(format!("{dir}/crates/app/tests/program.rs"), PROGRAM_TEST.to_owned());
    files
}

/// Two hundred small crates below `dir`, each on up to three of those before it.
pub(super) fn two_hundred_crates(dir: &str) -> Files {
    let mut files = Files::new();
    workspace(dir, &mut files);
    let name = |n: usize| format!("part{n:03}");
    for n in 0..200 {
        let mut below: Vec<String> = if n == 0 { vec![] } else { vec![name(n - 1), name(n / 2), name(n / 3)] };
        below.dedup();
        let crate_dir = format!("{dir}/crates/{}", name(n));
        let below: Vec<&str> = below.iter().map(String::as_str).collect();
        files.insert(format!("{crate_dir}/Cargo.toml"), manifest(&name(n), "", &below));
        files.insert(format!("{crate_dir}/src/lib.rs"), format!("//! Part {n}.\n"));
        if n % 2 == 0 {
            files.insert(format!("{crate_dir}/tests/it.rs"), "#[test]\nfn it() {}\n".to_owned());
        }
    }
    files
}

/// A program that says hello, a workspace of its own.
pub(super) fn hello(dir: &str) -> Files {
    let manifest = "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    let main = "fn main() {\n    println!(\"hello\");\n}\n";
    Files::from([(format!("{dir}/Cargo.toml"), manifest.to_owned()), (format!("{dir}/src/main.rs"), main.to_owned())])
}

fn workspace(dir: &str, files: &mut Files) {
    files.insert(format!("{dir}/Cargo.toml"), WORKSPACE.to_owned());
    // The fixture lies inside this workspace: without files of its own, those of the workspace would count.
    files.insert(format!("{dir}/clippy.toml"), String::new());
    files.insert(format!("{dir}/rustfmt.toml"), "max_width = 200\nuse_small_heuristics = \"Max\"\n".to_owned());
}

fn manifest(name: &str, more: &str, below: &[&str]) -> String {
    let mut text =
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}\n[dependencies]\n");
    for below in below {
        let _ = writeln!(text, "{below} = {{ path = \"../{below}\" }}");
    }
    if more.is_empty() {
        text.push_str("anyhow.workspace = true\nserde.workspace = true\nserde_json.workspace = true\n");
    }
    text
}

/// A crate that uses all those below it, with enough code to be worth compiling.
fn library(dir: &str, name: &str, below: &[&str], files: &mut Files) {
    let dir = format!("{dir}/crates/{name}");
    files.insert(format!("{dir}/Cargo.toml"), manifest(name, "", below));
    let weight =
        |below: &&str| if *below == "macros" { "macros::seven!()".into() } else { format!("{below}::weight()") };
    let weights: Vec<String> = below.iter().map(weight).collect();
    let mut text = LIBRARY.replace("@name@", name).replace("@weights@", &weights.join(" + "));
    for n in 0..3 {
        text.push_str(&SHAPE.replace("@name@", name).replace("@n@", &n.to_string()));
    }
    text.push_str(UNIT_TESTS);
    files.insert(format!("{dir}/src/lib.rs"), text);
    if !name.starts_with("fan") {
        files.insert(format!("{dir}/tests/weight.rs"), INTEGRATION_TEST.replace("@name@", name));
    }
}

const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["crates/*"]

[workspace.dependencies]
anyhow = "1"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
"#;

const MACROS: &str = r#"//! A procedural macro.

use proc_macro::TokenStream;

/// The number seven.
#[proc_macro]
pub fn seven(_: TokenStream) -> TokenStream {
    "7u64".parse().expect("a literal")
}
"#;

const TABLES_BUILD: &str = r#"//! Writes a table.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let numbers: Vec<String> = (0..64).map(|n| format!("{n},")).collect();
    let table = format!("/// Numbers.\npub const TABLE: [u64; 64] = [{}];", numbers.concat());
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("table.rs"), table).expect("it is writable");
}
"#;

const TABLES: &str = r#"//! A table that a build script wrote.

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// The sum of the table.
///
/// ```
/// assert_eq!(tables::weight(), 2016);
/// ```
pub fn weight() -> u64 {
    TABLE.iter().sum()
}
"#;

const LIBRARY: &str = r#"//! Shapes of `@name@`.

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// What this crate and all below it weigh.
///
/// ```
/// assert!(@name@::weight() > 2016);
/// ```
pub fn weight() -> u64 {
    let below: u64 = @weights@;
    below + 1
}
"#;

const SHAPE: &str = r##"
/// Shape @n@.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Shape@n@ {
    /// Its name.
    pub name: String,
    /// Its corners.
    pub corners: Vec<(f64, f64)>,
    /// What it is part of.
    pub whole: Option<Box<Shape@n@>>,
}

impl Shape@n@ {
    /// Reads it from JSON.
    ///
    /// ```
    /// let text = r#"{"name":"dot","corners":[],"whole":null}"#;
    /// assert_eq!(@name@::Shape@n@::read(text).unwrap().name, "dot");
    /// ```
    pub fn read(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).with_context(|| format!("no shape: {text}"))
    }

    /// How far it is around it.
    pub fn circumference(&self) -> f64 {
        let ends = self.corners.iter().cycle().skip(1);
        let sides = self.corners.iter().zip(ends);
        sides.map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1)).sum()
    }
}
"##;

const UNIT_TESTS: &str = r#"
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_of_one_has_four_around_it() {
        let corners = vec![(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)];
        let square = Shape0 { corners, ..Shape0::default() };
        assert_eq!(square.circumference(), 4.0);
    }

    #[test]
    fn what_is_no_shape_is_said() {
        assert_eq!(Shape1::read("3").unwrap_err().to_string(), "no shape: 3");
    }
}
"#;

const INTEGRATION_TEST: &str = r#"//! From outside.

#[test]
fn it_weighs_more_than_what_is_below_it() {
    assert!(@name@::weight() > 1);
}
"#;

const PROGRAM: &str = r#"//! Prints what all weighs.

fn main() {
    println!("{}", app::weight());
}
"#;

const PROGRAM_TEST: &str = r#"//! The program as its users see it.

#[test]
fn it_prints_the_weight() {
    let program = env!("CARGO_BIN_EXE_app");
    let output = std::process::Command::new(program).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), app::weight().to_string());
}
"#;
