//! Members and targets, from cargo's own metadata.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};
use serde::{Deserialize, Serialize};
use windlass_plan::Command;

/// A Cargo workspace; a package without one is a workspace of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its absolute root.
    pub root: String,
    /// The absolute directory that cargo builds in.
    pub target_directory: String,
    /// Its members, by name.
    pub members: Vec<Member>,
}

/// A package of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name, which no other member has.
    pub name: String,
    /// Cargo's id of it.
    pub id: String,
    /// The absolute path of its manifest.
    pub manifest_path: String,
    /// Its edition.
    pub edition: String,
    /// Its targets, by kind and name.
    pub targets: Vec<Target>,
    /// The absolute directories of the packages that it depends on by path.
    pub path_dependencies: Vec<String>,
    /// Whether it has a normal dependency on the package `windlass`.
    pub carries_windlass: bool,
    /// Whether it depends on the package `sqlx`, in whatever way.
    pub uses_sqlx: bool,
}

/// Something that cargo compiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// Whether `cargo test` runs it unasked.
    pub test: bool,
    /// Whether the examples in its documentation are tested.
    pub doctest: bool,
    /// Whether libtest is its harness. Metadata does not tell: it is `true` until
    /// [`mark_custom_harnesses`](crate::mark_custom_harnesses) has read the manifest.
    pub harness: bool,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// A library of any crate type.
    Lib,
    /// A library of procedural macros.
    ProcMacro,
    /// A program.
    Bin,
    /// An example.
    Example,
    /// An integration test.
    Test,
    /// A benchmark.
    Bench,
    /// A build script.
    BuildScript,
}

/// Why an answer of `cargo metadata` cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read what `cargo metadata` answered: {0}")]
pub struct MetadataError(#[from] cargo_metadata::Error);

/// Asks cargo for the workspace around `cwd`, or around a manifest. It resolves no dependencies: it needs no network and
/// writes no lockfile. A toolchain that is missing is not installed by rustup (1.28 or newer), but an error of it.
pub fn metadata_command(manifest_path: Option<&str>, cwd: &str) -> Command {
    let command = Command::new("cargo", cwd).args(["metadata", "--no-deps", "--format-version", "1"]);
    let command = command.env("RUSTUP_AUTO_INSTALL", "0");
    match manifest_path {
        Some(path) => command.args(["--manifest-path", path]),
        None => command,
    }
}

/// Reads what [`metadata_command`] answers.
///
/// # Errors
///
/// When `answer` is not such metadata.
pub fn parse_metadata(answer: &str) -> Result<Workspace, MetadataError> {
    let metadata = MetadataCommand::parse(answer)?;
    let ids: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let mut members: Vec<_> =
        metadata.packages.iter().filter(|package| ids.contains(&package.id)).map(member).collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Workspace { root: metadata.workspace_root.into(), target_directory: metadata.target_directory.into(), members })
}

impl Workspace {
    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Whether any of these members depends by path on a package that is none of them.
    pub fn depends_on_others<'a>(&self, packages: impl IntoIterator<Item = &'a str>) -> bool {
        let members: Vec<&Member> = packages.into_iter().filter_map(|name| self.member(name)).collect();
        let own: BTreeSet<&str> =
            members.iter().filter_map(|member| member.manifest_path.strip_suffix("/Cargo.toml")).collect();
        members.iter().flat_map(|member| &member.path_dependencies).any(|path| !own.contains(path.as_str()))
    }

    /// Whether any of these members may have examples in its documentation to test; cargo refuses to look where none can.
    pub fn has_doctests<'a>(&self, packages: impl IntoIterator<Item = &'a str>) -> bool {
        packages
            .into_iter()
            .filter_map(|name| self.member(name))
            .any(|member| member.targets.iter().any(|target| target.doctest && target.kind.is_library()))
    }
}

impl TargetKind {
    /// The word that cargo and nextest have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lib => "lib",
            Self::ProcMacro => "proc-macro",
            Self::Bin => "bin",
            Self::Example => "example",
            Self::Test => "test",
            Self::Bench => "bench",
            Self::BuildScript => "custom-build",
        }
    }

    /// Whether it is a library of any kind.
    pub fn is_library(self) -> bool {
        matches!(self, Self::Lib | Self::ProcMacro)
    }
}

fn member(package: &cargo_metadata::Package) -> Member {
    let mut targets: Vec<_> = package.targets.iter().map(target).collect();
    targets.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    let windlass = |dependency: &cargo_metadata::Dependency| {
        dependency.name == "windlass" && dependency.kind == DependencyKind::Normal
    };
    Member {
        name: package.name.to_string(),
        id: package.id.repr.clone(),
        manifest_path: package.manifest_path.to_string(),
        edition: package.edition.to_string(),
        targets,
        path_dependencies: package.dependencies.iter().filter_map(|it| Some(it.path.as_ref()?.to_string())).collect(),
        carries_windlass: package.dependencies.iter().any(windlass),
        uses_sqlx: package.dependencies.iter().any(|dependency| dependency.name == "sqlx"),
    }
}

fn target(target: &cargo_metadata::Target) -> Target {
    use cargo_metadata::TargetKind as Cargo;
    let kind = match target.kind.first() {
        Some(Cargo::ProcMacro) => TargetKind::ProcMacro,
        Some(Cargo::Bin) => TargetKind::Bin,
        Some(Cargo::Example) => TargetKind::Example,
        Some(Cargo::Test) => TargetKind::Test,
        Some(Cargo::Bench) => TargetKind::Bench,
        Some(Cargo::CustomBuild) => TargetKind::BuildScript,
        // What is left are the crate types of a library.
        _ => TargetKind::Lib,
    };
    Target { name: target.name.clone(), kind, test: target.test, doctest: target.doctest, harness: true }
}
