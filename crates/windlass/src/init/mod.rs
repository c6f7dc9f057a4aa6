//! `windlass init`: a workspace adopts windlass, is checked for it, or goes back to how it was.
//!
//! What is read makes [`facts::Facts`], the decisions make [`edit::Edit`]s of them, and these are shown, written or undone.
//! Each file that is written has a module of its own, with the change and the change back.

mod adoption;
mod array;
mod cargo_config;
mod edit;
mod facts;
mod found;
mod gitignore;
mod lockfile;
mod manifest;
mod source;
mod splice;
mod toolchain;
mod windlass_toml;
mod workflow;
mod xtask;

use std::path::{Path, PathBuf};

use windlass_host::{Host, HostError, Reading};
use windlass_workspace::VersionError;

use self::adoption::{Home, Options, Removal};
use self::edit::Edit;
use self::facts::Facts;
use self::source::Source;

/// The arguments of `init`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InitArgs {
    /// The manifest of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Where the xtask takes windlass from: `path:DIR`, `git:URL`, `git:URL#REV` or a version
    #[arg(long, value_name = "SOURCE")]
    source: Option<Source>,
    /// Write a GitHub workflow as well
    #[arg(long)]
    github: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Say whether all that `init` writes is there and current, and write nothing
    #[arg(long, conflicts_with = "remove")]
    check: bool,
    /// Undo what `init` wrote; what you have changed since stays, and is named
    #[arg(long, conflicts_with_all = ["source", "github"])]
    remove: bool,
}

/// What `init` came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The exit code: 0, or 1 where `--check` found something.
    pub(crate) code: u8,
    /// The workspace, if it has adopted windlass now.
    pub(crate) adopted: Option<Adopted>,
}

/// A workspace that has adopted windlass.
#[derive(Clone, Debug)]
pub(crate) struct Adopted {
    /// Its root.
    pub(crate) root: PathBuf,
    /// `cargo ALIAS ci` is the next command.
    pub(crate) alias: &'static str,
}

/// Why `init` wrote nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// cargo does not load the workspace.
    #[error("cargo cannot load the manifest:\n{answer}")]
    Manifest {
        /// What it says.
        answer: String,
    },
    /// Nobody said where windlass comes from.
    #[error(
        "it is not known where the xtask takes windlass from, because this windlass is no release build from git\n\
         help: say it with `--source path:DIR`, `--source git:URL#REV` or `--source VERSION`"
    )]
    NoSource,
    /// The directory of `--source` has no windlass.
    #[error("`--source path:{}`: there is no package `windlass` in this directory, nor in `crates/windlass` below it", dir.display())]
    NoWindlass {
        /// The directory.
        dir: PathBuf,
    },
    /// There is no rustc that says its version.
    #[error("{error}{}{answer}", if answer.is_empty() { "" } else { "\n" })]
    Rustc {
        /// What is missing.
        error: VersionError,
        /// What it says instead.
        answer: String,
    },
    /// The workspace's toolchain cannot compile the xtask.
    #[error(
        "the xtask needs Rust {} or newer, and {} has {found}; nothing was written\n\
         help: the binary needs no xtask: `windlass ci --manifest-path {}`",
        xtask::MINIMUM_RUST, root.display(), root.join("Cargo.toml").display()
    )]
    OldToolchain {
        /// The version of the rustc there.
        found: String,
        /// The workspace's root.
        root: PathBuf,
    },
    /// Both names are taken.
    #[error(
        "`xtask` and `xtask-windlass`, or the aliases `xtask` and `windlass`, are both taken\n\
         help: make windlass a dependency of your own xtask, or use the binary: `windlass ci`"
    )]
    Taken,
    /// A file is written in a way that takes no insertion.
    #[error(
        "`{path}` is written in a way that takes no new entry; add {wanted} by hand, then run `windlass init` again"
    )]
    Shape {
        /// The file.
        path: String,
        /// What to add.
        wanted: String,
    },
    /// cargo cannot resolve the workspace with the xtask in it.
    #[error("cargo cannot bring `Cargo.lock` in line, so every file is back as it was:\n{answer}")]
    Lock {
        /// What it says.
        answer: String,
    },
    /// The machine refused something.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A program gave no answer.
    #[error(transparent)]
    Ask(#[from] Reading),
}

impl InitError {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::OldToolchain { .. } => 1,
            Self::Manifest { .. } | Self::NoSource | Self::NoWindlass { .. } | Self::Taken | Self::Shape { .. } => 2,
            Self::Rustc { .. } | Self::Lock { .. } | Self::Host(_) | Self::Ask(_) => 3,
        }
    }
}

/// Reads the workspace, decides, and shows, writes or undoes.
pub(crate) fn run(args: &InitArgs, host: &Host) -> Result<Outcome, InitError> {
    let facts = Facts::read(host, args.manifest_path.as_deref())?;
    let home = Home::find(&facts)?;
    if args.remove {
        return remove(host, &facts, &home, args.dry_run);
    }
    let options = Options {
        windlass: dependency(host, args.source.as_ref(), &facts.root)?,
        default_windlass: dependency(host, Source::built_from().as_ref(), &facts.root)?,
        github: args.github,
    };
    let edits = match adoption::edits(&facts, &home, &options) {
        // For a check it is an answer that there is nothing yet.
        Err(InitError::NoSource) if args.check => return Ok(check(host, &facts, &home, None)),
        edits => edits?,
    };
    if args.check {
        return Ok(check(host, &facts, &home, Some(&edits)));
    }
    if toolchain::is_older(&facts.rustc, xtask::MINIMUM_RUST) {
        return Err(InitError::OldToolchain { found: facts.rustc, root: facts.root });
    }
    if args.dry_run {
        return Ok(dry_run(host, &facts, &edits));
    }
    adopt(host, &facts, &home, edits, args.github)
}

/// `--source` as a dependency of the xtask in `root`.
fn dependency(host: &Host, source: Option<&Source>, root: &Path) -> Result<Option<String>, InitError> {
    let Some(source) = source else { return Ok(None) };
    let Source::Path(dir) = source else { return Ok(Some(source.dependency(root))) };
    let absolute = host.current_dir()?.join(dir);
    for dir in [absolute.clone(), absolute.join("crates/windlass")] {
        let manifest = host.read_text(&dir.join("Cargo.toml"))?.unwrap_or_default();
        if manifest.lines().any(|line| line.trim() == "name = \"windlass\"") {
            let dir = host.canonical(&dir).unwrap_or(dir);
            return Ok(Some(Source::Path(dir).dependency(root)));
        }
    }
    Err(InitError::NoWindlass { dir: dir.clone() })
}

fn check(host: &Host, facts: &Facts, home: &Home<'_>, edits: Option<&[Edit]>) -> Outcome {
    let mut text = String::new();
    for edit in edits.unwrap_or_default() {
        let state = if edit.before.is_some() { "differs" } else { "is missing" };
        text += &format!("`{}` {state}: {}\n", edit.path, edit.what);
    }
    if edits.is_none() {
        text += "no package carries windlass here\n";
    } else if lacks_lock_entry(facts, home) && !matches!(home, Home::Free(_)) {
        text += &format!("`{}` has no entry for `{}`\n", lockfile::PATH, home.package());
    }
    let current = text.is_empty();
    text += if current { "all that `init` writes is there and current\n" } else { "help: run `windlass init`\n" };
    host.print(&text);
    Outcome { code: u8::from(!current), adopted: None }
}

fn dry_run(host: &Host, facts: &Facts, edits: &[Edit]) -> Outcome {
    let mut text: String = edits.iter().map(Edit::diff).collect();
    if edits.is_empty() {
        text += "nothing to write: all of it is there and current\n";
    } else if facts.lockfile.is_some() {
        text += "`Cargo.lock` gets the entries that this adds; which ones, cargo finds out when it resolves them\n";
    }
    host.print(&text);
    Outcome { code: 0, adopted: None }
}

fn adopt(host: &Host, facts: &Facts, home: &Home<'_>, edits: Vec<Edit>, github: bool) -> Result<Outcome, InitError> {
    let was_stale = match &facts.lockfile {
        Some(_) if matches!(home, Home::Free(_)) => lockfile::is_stale(host, &facts.root)?,
        _ => false,
    };
    let mut text = notes(facts, home, github);
    let resolves = edits.iter().any(|edit| edit.path.ends_with("Cargo.toml")) || lacks_lock_entry(facts, home);
    if edits.is_empty() && !resolves {
        text += "nothing to write: all of it is there and current\n";
    }
    let edits = with_lockfile(host, facts, edits, |host, edits| {
        let lock = facts.lockfile.as_deref();
        let Some(lock_now) = resolves.then(|| lockfile::bring_in_line(host, &facts.root, lock)).transpose()?.flatten()
        else {
            return Ok(());
        };
        let raised = lockfile::raised(lock.unwrap_or_default(), &lock_now);
        remember(host, &facts.root, home.package(), edits, &raised)?;
        let (n, plural) = match lockfile::n_added(lock.unwrap_or_default(), &lock_now) {
            1 => (1, ""),
            n => (n, "s"),
        };
        text += &format!("changed  {:<28} {n} package{plural} more\n", lockfile::PATH);
        for line in &raised {
            text += &format!("raised   {line}, for the whole workspace, because windlass needs it\n");
        }
        if was_stale {
            text +=
                "note: `Cargo.lock` was out of date before; cargo has updated it as well, and `--remove` leaves that\n";
        }
        Ok(())
    })?;
    let written: String =
        edits.iter().map(|edit| format!("{:<8} {:<28} {}\n", edit.verb(), edit.path, edit.what)).collect();
    let workspace = facts::workspace(host, Some(&facts.root.join(manifest::PATH)))?;
    host.print(&format!(
        "{written}{text}\nrust      {} or newer for the xtask; here is {}\n{}",
        xtask::MINIMUM_RUST,
        facts.rustc,
        found::text(&workspace)
    ));
    Ok(Outcome { code: 0, adopted: Some(Adopted { root: facts.root.clone(), alias: home.alias() }) })
}

/// Writes the edits and lets `then` bring the lockfile in line; when either fails, every file is put back.
fn with_lockfile(
    host: &Host,
    facts: &Facts,
    mut edits: Vec<Edit>,
    then: impl FnOnce(&Host, &mut [Edit]) -> Result<(), InitError>,
) -> Result<Vec<Edit>, InitError> {
    edit::write(host, &facts.root, &edits)?;
    if let Err(error) = then(host, &mut edits) {
        edit::take_back(host, &facts.root, &edits);
        let lock = Edit { path: lockfile::PATH.into(), before: None, after: facts.lockfile.clone(), what: "" };
        edit::write(host, &facts.root, &[lock])?;
        return Err(error);
    }
    Ok(edits)
}

/// Writes down in the xtask's manifest what the lockfile had before, so that a removal can restore it.
fn remember(host: &Host, root: &Path, package: &str, edits: &mut [Edit], raised: &[String]) -> Result<(), InitError> {
    let path = format!("{package}/Cargo.toml");
    let Some(edit) = edits.iter_mut().find(|edit| edit.path == path).filter(|_| !raised.is_empty()) else {
        return Ok(());
    };
    let Some(mut manifest) = edit.after.as_deref().and_then(xtask::Manifest::read) else { return Ok(()) };
    manifest.raised.extend_from_slice(raised);
    edit.after = Some(manifest.text());
    edit::write(host, root, std::slice::from_ref(edit))?;
    Ok(())
}

fn lacks_lock_entry(facts: &Facts, home: &Home<'_>) -> bool {
    facts.lockfile.as_deref().is_some_and(|lock| !lockfile::has(lock, home.package()))
}

/// What is worth knowing beside the list of files.
fn notes(facts: &Facts, home: &Home<'_>, github: bool) -> String {
    let mut notes = match home {
        Home::Free(place) if place.alias != "xtask" => format!(
            "note: your own `xtask` stays as it is, and `cargo {0}` runs windlass beside it\n\
             help: to have one instead, add `windlass` to the dependencies of yours and a `match` arm for its tasks (the\n      \
             README shows it), then `windlass init --remove`\n",
            place.alias
        ),
        Home::Theirs { package, .. } => {
            format!("note: the package `{package}` carries windlass and is yours; `init` leaves it alone\n")
        }
        _ => String::new(),
    };
    if facts.lockfile.is_none() {
        notes += "note: there is no `Cargo.lock`, and `init` leaves none\n";
    }
    if github && facts.workflows().iter().all(|text| text.is_some_and(|text| !workflow::is_ours(text))) {
        let [first, second] = workflow::NAMES;
        notes += &format!(
            "note: the workflows `{first}` and `{second}` are both yours; run `cargo {} ci` in one of them\n",
            home.alias()
        );
    }
    notes
}

fn remove(host: &Host, facts: &Facts, home: &Home<'_>, dry_run: bool) -> Result<Outcome, InitError> {
    let Removal { edits, raised, kept } = adoption::removal(facts, home);
    let kept: String = kept.iter().map(|line| format!("kept     {line}\n")).collect();
    if dry_run || edits.is_empty() {
        let text: String = edits.iter().map(Edit::diff).collect();
        let nothing = if edits.is_empty() { "nothing to remove\n" } else { "" };
        host.print(&format!("{text}{nothing}{kept}"));
        return Ok(Outcome { code: 0, adopted: None });
    }
    let resolves = edits.iter().any(|edit| edit.path.ends_with("Cargo.toml"));
    let mut lock = String::new();
    let edits = with_lockfile(host, facts, edits, |host, _| {
        let Some(before) = facts.lockfile.as_deref().filter(|_| resolves) else { return Ok(()) };
        lockfile::bring_in_line(host, &facts.root, Some(before))?;
        let left = lockfile::lower(host, &facts.root, &raised, before)?;
        lock = format!("changed  {:<28} without what the xtask needed\n", lockfile::PATH);
        lock.extend(left.iter().map(|line| format!("kept     `{}`: {line} was not taken back\n", lockfile::PATH)));
        Ok(())
    })?;
    let gone: String =
        edits.iter().map(|edit| format!("{:<8} {:<28} {}\n", edit.verb(), edit.path, edit.what)).collect();
    host.print(&format!("{gone}{lock}{kept}"));
    Ok(Outcome { code: 0, adopted: None })
}
