//! `windlass init`: a workspace adopts windlass, is checked for it, or goes back to how it was.
//!
//! What is read makes [`facts::Facts`], the decisions make [`edit::Edit`]s of them, and these are shown, written or undone.
//! Each file that is written has a module of its own, with the change and the change back.

mod adoption;
mod array;
mod cargo_config;
mod edit;
mod error;
mod facts;
pub(crate) mod fill;
pub(crate) mod flake;
mod found;
mod gitignore;
mod lockfile;
mod manifest;
mod nested;
mod notes;
mod patch;
mod source;
mod splice;
mod toolchain;
mod windlass_toml;
mod workflow;
mod xtask;

use std::path::PathBuf;

use windlass_host::Host;
use windlass_workspace::Workspace;

use self::adoption::{Home, Options, Removal};
use self::edit::Edit;
pub(crate) use self::error::InitError;
use self::facts::Facts;
use self::source::Source;
use crate::{Context, PlanArgs};

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
    /// Write a flake as well, or say what to add to the one that is there
    #[arg(long)]
    nix: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Say whether all that `init` writes is there and current, and write nothing
    #[arg(long, conflicts_with = "remove")]
    check: bool,
    /// Undo what `init` wrote; what you have changed since stays, and is named
    #[arg(long, conflicts_with_all = ["source", "github", "nix"])]
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

/// Reads the workspace, decides, and shows, writes or undoes.
pub(crate) fn run(args: &InitArgs, cx: &Context) -> Result<Outcome, InitError> {
    let host = &cx.host;
    if !args.remove
        && let Some(outcome) = begun(args, host)?
    {
        return Ok(outcome);
    }
    let facts = Facts::read(host, workspace(cx, args.manifest_path.clone())?)?;
    let home = Home::find(&facts)?;
    if args.remove {
        return remove(host, &facts, &home, args.dry_run);
    }
    let source = args.source.as_ref().map(|source| found(host, source)).transpose()?;
    let default = Source::built_from().map(|source| found(host, &source)).transpose()?;
    let options = Options {
        windlass: source.as_ref().map(|source| source.dependency(&facts.root)),
        is_of_machine: matches!(&source, Some(Source::Path(dir)) if !dir.starts_with(&facts.root)),
        default_windlass: default.as_ref().map(|source| source.dependency(&facts.root)),
        flake: flake_url(host, [source, default], &facts, &home, args.nix)?,
        github: args.github,
        nix: args.nix,
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
        return dry_run(host, &facts, &home, &edits);
    }
    adopt(cx, &facts, &home, edits, &options)
}

/// Fills the workspace of a template, if this is one: no manifest with a placeholder is one that cargo could load.
fn begun(args: &InitArgs, host: &Host) -> Result<Option<Outcome>, InitError> {
    let here = host.current_dir()?;
    let root = match args.manifest_path.as_deref().and_then(std::path::Path::parent) {
        Some(dir) => here.join(dir),
        None => here,
    };
    if !fill::is_due(host, &root)? {
        return Ok(None);
    }
    if args.check || args.dry_run {
        host.print("the template's placeholders are there still\nhelp: run `windlass init --source git:URL#REV`\n");
        return Ok(Some(Outcome { code: u8::from(args.check), adopted: None }));
    }
    let source = match &args.source {
        Some(source) => found(host, source)?,
        None => found(host, &Source::built_from().ok_or(InitError::NoSource)?)?,
    };
    let url = flake::url(&source, |dir| host.exists(&dir.join(".git")))?;
    let filled = fill::fill(host, &root, &url, &|package, dir| source.of_package(package).dependency(dir))?;
    let text: String = filled.iter().map(|file| format!("changed  {file:<28} where windlass comes from\n")).collect();
    host.print(&text);
    Ok(Some(Outcome { code: 0, adopted: None }))
}

fn workspace(cx: &Context, manifest_path: Option<PathBuf>) -> Result<Workspace, InitError> {
    cx.workspace(&PlanArgs { manifest_path, ..PlanArgs::default() }).map_err(InitError::Workspace)
}

/// A source as it is: a directory is looked for, and absolute then.
fn found(host: &Host, source: &Source) -> Result<Source, InitError> {
    let Source::Path(dir) = source else { return Ok(source.clone()) };
    let absolute = host.current_dir()?.join(dir);
    for dir in [absolute.clone(), absolute.join("crates/windlass")] {
        let manifest = host.read_text(&dir.join("Cargo.toml"))?.unwrap_or_default();
        if manifest.lines().any(|line| line.trim() == "name = \"windlass\"") {
            return Ok(Source::Path(host.canonical(&dir).unwrap_or(dir)));
        }
    }
    Err(InitError::NoWindlass { dir: dir.clone() })
}

/// The URL of windlass's flake, if a flake is wanted or there is one of ours: from the source that was said, else from the one that the
/// xtask has.
fn flake_url(
    host: &Host,
    [said, default]: [Option<Source>; 2],
    facts: &Facts,
    home: &Home<'_>,
    wanted: bool,
) -> Result<Option<String>, InitError> {
    let of_xtask = match home {
        Home::Ours(place, manifest) => Source::of_dependency(&manifest.windlass, &facts.root.join(place.package)),
        _ => None,
    };
    let url = match said.or(of_xtask).or(default) {
        Some(source) => flake::url(&source, |dir| host.exists(&dir.join(".git"))),
        None => Err(InitError::NoSource),
    };
    match url {
        Ok(url) => Ok(Some(url)),
        Err(error) if wanted => Err(error),
        Err(_) => Ok(None),
    }
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

fn dry_run(host: &Host, facts: &Facts, home: &Home<'_>, edits: &[Edit]) -> Result<Outcome, InitError> {
    let mut text: String = edits.iter().map(Edit::diff).collect();
    let resolves = resolves(facts, home, edits);
    if edits.is_empty() && !resolves {
        text += "nothing to write: all of it is there and current\n";
    }
    if resolves && facts.lockfile.is_some() {
        text += "`Cargo.lock` gets the entries that this adds, and a version that the workspace shares with windlass may \
                 rise;\nwhich ones, cargo finds out when it resolves them\n";
    }
    text += &notes::ignored(host, facts, edits)?;
    host.print(&text);
    Ok(Outcome { code: 0, adopted: None })
}

/// Whether cargo has to bring the lockfile in line.
fn resolves(facts: &Facts, home: &Home<'_>, edits: &[Edit]) -> bool {
    edits.iter().any(|edit| edit.path.ends_with("Cargo.toml")) || lacks_lock_entry(facts, home)
}

fn adopt(
    cx: &Context,
    facts: &Facts,
    home: &Home<'_>,
    edits: Vec<Edit>,
    options: &Options,
) -> Result<Outcome, InitError> {
    let host = &cx.host;
    let was_stale = match &facts.lockfile {
        Some(_) if matches!(home, Home::Free(_)) => lockfile::is_stale(host, &facts.root)?,
        _ => false,
    };
    let mut text = notes::text(facts, home, options);
    let resolves = resolves(facts, home, &edits);
    if edits.is_empty() && !resolves {
        text += "nothing to write: all of it is there and current\n";
    }
    let edits = with_lockfile(host, facts, edits, |host, edits| {
        let lock = facts.lockfile.as_deref();
        let Some(lock_now) = resolves.then(|| lockfile::bring_in_line(host, &facts.root, lock)).transpose()?.flatten()
        else {
            return Ok(());
        };
        // To what was out of date before, no way leads back.
        if !was_stale {
            remember(host, facts, home, edits, &lock_now)?;
        }
        let (n, plural) = match lockfile::n_added(lock.unwrap_or_default(), &lock_now) {
            1 => (1, ""),
            n => (n, "s"),
        };
        text += &format!("changed  {:<28} {n} package{plural} more\n", lockfile::PATH);
        for line in lockfile::raised(lock.unwrap_or_default(), &lock_now) {
            text += &format!("raised   {line}, for the whole workspace, because windlass needs it\n");
        }
        if was_stale {
            text +=
                "note: `Cargo.lock` was out of date before; cargo has updated it as well, and `--remove` leaves that\n";
        }
        Ok(())
    })?;
    text += &notes::ignored(host, facts, &edits)?;
    let written: String =
        edits.iter().map(|edit| format!("{:<8} {:<28} {}\n", edit.verb(), edit.path, edit.what)).collect();
    let workspace = workspace(cx, Some(facts.root.join(manifest::PATH)))?;
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
    then: impl FnOnce(&Host, &mut Vec<Edit>) -> Result<(), InitError>,
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

/// Writes down in the xtask's manifest how the lockfile, as it is now, gets back to what it was.
fn remember(
    host: &Host,
    facts: &Facts,
    home: &Home<'_>,
    edits: &mut Vec<Edit>,
    lock_now: &str,
) -> Result<(), InitError> {
    let (Home::Free(place) | Home::Ours(place, _), Some(lock)) = (home, &facts.lockfile) else { return Ok(()) };
    let path = format!("{}/Cargo.toml", place.package);
    let edited = edits.iter().find(|edit| edit.path == path).and_then(|edit| edit.after.as_deref());
    let manifest = edited.or(place.manifest.as_deref()).and_then(xtask::Manifest::read);
    let Some(mut manifest) = manifest else { return Ok(()) };
    manifest.lockfile = lockfile::way_back(place.package, lock, lock_now, &manifest.lockfile);
    let Some(edit) = xtask::manifest_edit(place.manifest.as_deref(), &manifest) else { return Ok(()) };
    edit::write(host, &facts.root, std::slice::from_ref(&edit))?;
    edits.retain(|edit| edit.path != path);
    edits.insert(0, edit);
    Ok(())
}

fn lacks_lock_entry(facts: &Facts, home: &Home<'_>) -> bool {
    facts.lockfile.as_deref().is_some_and(|lock| !lockfile::has(lock, home.package()))
}

fn remove(host: &Host, facts: &Facts, home: &Home<'_>, dry_run: bool) -> Result<Outcome, InitError> {
    let Removal { edits, lockfile: way, kept } = adoption::removal(facts, home);
    let kept: String = kept.iter().map(|line| format!("kept     {line}\n")).collect();
    if dry_run || edits.is_empty() {
        let text: String = edits.iter().map(Edit::diff).collect();
        let nothing = match (edits.is_empty(), kept.is_empty()) {
            (true, true) => "nothing to remove\n",
            (true, false) => "nothing is removed\n",
            (false, _) => "",
        };
        host.print(&format!("{text}{nothing}{kept}"));
        return Ok(Outcome { code: 0, adopted: None });
    }
    let resolves = edits.iter().any(|edit| edit.path.ends_with("Cargo.toml"));
    let mut lock = String::new();
    let edits = with_lockfile(host, facts, edits, |host, _| {
        let Some(before) = facts.lockfile.as_deref().filter(|_| resolves) else { return Ok(()) };
        if lockfile::go_back(host, &facts.root, before, &way)? {
            lock = format!("changed  {:<28} as it was before\n", lockfile::PATH);
            return Ok(());
        }
        lockfile::bring_in_line(host, &facts.root, Some(before))?;
        lock = format!("changed  {:<28} without what the xtask needed\n", lockfile::PATH);
        if !way.is_empty() {
            lock += &format!(
                "kept     `{}`: it has changed since `init`, so versions that rose then or since stay as they are\n",
                lockfile::PATH
            );
        }
        Ok(())
    })?;
    let gone: String =
        edits.iter().map(|edit| format!("{:<8} {:<28} {}\n", edit.verb(), edit.path, edit.what)).collect();
    host.print(&format!("{gone}{lock}{kept}"));
    Ok(Outcome { code: 0, adopted: None })
}
