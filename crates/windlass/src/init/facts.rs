//! What is read of a workspace before anything is decided.

use std::path::{Path, PathBuf};

use windlass_host::{Answer, Host, Reading};
use windlass_plan::Command;
use windlass_workspace::Workspace;

use super::{InitError, cargo_config, flake, gitignore, lockfile, manifest, nested, windlass_toml, workflow, xtask};
use crate::context::ANSWER;

/// The files that say which toolchain a workspace wants.
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain.toml", "rust-toolchain"];

/// All that the decisions look at.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The workspace's root.
    pub(super) root: PathBuf,
    /// Members and targets.
    pub(super) workspace: Workspace,
    /// The version of the rustc in the root.
    pub(super) rustc: String,
    /// The root manifest.
    pub(super) manifest: String,
    /// The directories whose crates stay out of the workspace that the root becomes; none where it is one already.
    pub(super) nested: Vec<String>,
    /// The lockfile.
    pub(super) lockfile: Option<String>,
    /// cargo's configuration: its path below the root, and its text if it is there.
    pub(super) config: (&'static str, Option<String>),
    /// The flake.
    pub(super) flake: Option<String>,
    /// Whether Nix finds the toolchain's version, by a file that rustup reads too.
    pub(super) has_toolchain_file: bool,
    /// `.config/windlass.toml`.
    pub(super) windlass_toml: Option<String>,
    /// rustfmt's configuration.
    pub(super) rustfmt: Option<String>,
    /// `.gitignore`.
    pub(super) gitignore: Option<String>,
    /// The target directory below the root; none if it is elsewhere.
    pub(super) target: Option<String>,
    /// What git says; none where it is not used.
    pub(super) git: Option<Git>,
    /// The workflows of the names that `init` uses.
    pub(super) workflows: [Option<String>; 2],
    /// The places for an xtask, in the order of preference.
    pub(super) places: [Place; 2],
}

/// What git says of the workspace's root.
#[derive(Clone, Debug)]
pub(super) struct Git {
    /// The path from the repository's root, with `/` at its end; empty for the repository's root itself.
    pub(super) prefix: String,
    /// Whether it leaves out the target directory.
    pub(super) ignores_target: bool,
    /// Whether it leaves out the lockfile.
    pub(super) ignores_lockfile: bool,
}

/// A directory that an xtask may stand in, and the alias that runs it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The package, and its directory in the root.
    pub(super) package: &'static str,
    /// The alias.
    pub(super) alias: &'static str,
    /// Whether the directory is there.
    pub(super) is_there: bool,
    /// Its `Cargo.toml`.
    pub(super) manifest: Option<String>,
    /// Its `src/main.rs`.
    pub(super) main: Option<String>,
    /// What else is in it, relative to the root.
    pub(super) others: Vec<String>,
}

impl Facts {
    /// Reads what there is beside the members and targets of a workspace.
    pub(super) fn read(host: &Host, workspace: Workspace) -> Result<Self, InitError> {
        let root = PathBuf::from(&workspace.root);
        let text = |path: &str| host.read_text(&root.join(path));
        let [old_config, config] = cargo_config::PATHS;
        let config = match text(old_config)? {
            Some(text) => (old_config, Some(text)),
            None => (config, text(config)?),
        };
        let rustfmt = match text("rustfmt.toml")? {
            None => text(".rustfmt.toml")?,
            found => found,
        };
        let target = Path::new(&workspace.target_directory).strip_prefix(&root).ok();
        let target = target.map(|path| path.to_string_lossy().into_owned());
        let manifest = text(manifest::PATH)?.unwrap_or_default();
        let nested =
            if nested::is_workspace(&manifest) { Vec::new() } else { nested::dirs(host, &root, target.as_deref()) };
        let git = git(host, &root, target.as_deref())?;
        let prefix = git.as_ref().map(|git| git.prefix.as_str()).unwrap_or_default();
        let [first, second] = workflow::NAMES.map(|name| text(&workflow::path(prefix, name)));
        let workflows = [first?, second?];
        Ok(Self {
            rustc: rustc(host, &workspace.root)?,
            manifest,
            nested,
            lockfile: text(lockfile::PATH)?,
            config,
            flake: text(flake::PATH)?,
            has_toolchain_file: TOOLCHAIN_FILES.iter().any(|file| host.exists(&root.join(file))),
            windlass_toml: text(windlass_toml::PATH)?,
            rustfmt,
            gitignore: text(gitignore::PATH)?,
            target,
            git,
            workflows,
            places: [place(host, &root, "xtask", "xtask")?, place(host, &root, "xtask-windlass", "windlass")?],
            workspace,
            root,
        })
    }

    /// The path from the repository's root to the workspace's, as [`Git::prefix`]; empty without git.
    pub(super) fn prefix(&self) -> &str {
        self.git.as_ref().map(|git| git.prefix.as_str()).unwrap_or_default()
    }

    /// The target directory below the root; cargo's own where it is elsewhere, for on another machine it may not be.
    pub(super) fn target_below(&self) -> &str {
        self.target.as_deref().unwrap_or("target")
    }

    /// Whether those who check the workspace out have its lockfile.
    pub(super) fn has_lockfile_in_git(&self) -> bool {
        self.lockfile.is_some() && !self.git.as_ref().is_some_and(|git| git.ignores_lockfile)
    }

    /// The workflows, borrowed.
    pub(super) fn workflows(&self) -> [Option<&str>; 2] {
        [self.workflows[0].as_deref(), self.workflows[1].as_deref()]
    }
}

impl Place {
    /// The manifest, if both files are as `init` wrote them.
    pub(super) fn ours(&self) -> Option<xtask::Manifest> {
        let manifest = xtask::Manifest::read(self.manifest.as_deref()?)?;
        (manifest.package == self.package && xtask::is_main_rs(self.main.as_deref()?)).then_some(manifest)
    }
}

fn rustc(host: &Host, root: &str) -> Result<String, InitError> {
    let answer = host.read(&windlass_workspace::rustc_version_command(root), ANSWER)?;
    let rustc = windlass_workspace::parse_rustc_version(&answer.stdout);
    // A toolchain that is pinned and missing has its reason on standard error.
    Ok(rustc.map_err(|error| InitError::Rustc { error, answer: answer.stderr.trim().to_owned() })?.release.to_string())
}

fn git(host: &Host, root: &Path, target: Option<&str>) -> Result<Option<Git>, InitError> {
    let prefix = match ask(host, root, "git", &["rev-parse", "--show-prefix"]) {
        Err(Reading::NotStarted { .. }) => return Ok(None),
        answer => answer?,
    };
    if prefix.code != Some(0) {
        return Ok(None);
    }
    // With the slash git takes it for a directory, whether it is there yet or not.
    let target = format!("{}/", target.unwrap_or("target"));
    let ignores = |path: &str| {
        let answer = ask(host, root, "git", &["check-ignore", "--quiet", path]);
        answer.map(|answer| answer.code == Some(0))
    };
    let prefix = prefix.stdout.trim().to_owned();
    Ok(Some(Git { prefix, ignores_target: ignores(&target)?, ignores_lockfile: ignores(lockfile::PATH)? }))
}

fn place(host: &Host, root: &Path, package: &'static str, alias: &'static str) -> Result<Place, InitError> {
    let dir = root.join(package);
    let mut others = Vec::new();
    for (below, known) in [("", ["Cargo.toml", "src"].as_slice()), ("src", &["main.rs"])] {
        let names = host.list_dir(&dir.join(below))?;
        let names = names.into_iter().filter(|name| !known.contains(&name.as_str()));
        others.extend(names.map(|name| Path::new(package).join(below).join(name).to_string_lossy().into_owned()));
    }
    Ok(Place {
        package,
        alias,
        is_there: host.exists(&dir),
        manifest: host.read_text(&dir.join("Cargo.toml"))?,
        main: host.read_text(&dir.join("src/main.rs"))?,
        others,
    })
}

/// Asks a program in the directory.
pub(super) fn ask(host: &Host, dir: &Path, program: &str, args: &[&str]) -> Result<Answer, Reading> {
    host.read(&Command::new(program, dir.to_string_lossy()).args(args.iter().copied()), ANSWER)
}
