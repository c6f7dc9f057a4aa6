//! What adopting windlass changes in a workspace, and what taking it out again changes back: decided from facts alone.

use super::edit::Edit;
use super::facts::{Facts, Place};
use super::{InitError, cargo_config, flake, found, gitignore, manifest, source, windlass_toml, workflow, xtask};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// Where windlass comes from, as the value of a dependency, if that was said.
    pub(super) windlass: Option<String>,
    /// Whether that is a directory outside of the workspace.
    pub(super) is_of_machine: bool,
    /// Where it comes from if neither the user nor an xtask that is there says it.
    pub(super) default_windlass: Option<String>,
    /// The URL of windlass's flake, if it has one.
    pub(super) flake: Option<String>,
    /// Whether a workflow is wanted.
    pub(super) github: bool,
    /// Whether a flake is wanted.
    pub(super) nix: bool,
}

/// Who carries windlass in this workspace.
#[derive(Debug)]
pub(super) enum Home<'a> {
    /// Nobody yet; here is a place that is free.
    Free(&'a Place),
    /// An xtask that is as `init` wrote it.
    Ours(&'a Place, xtask::Manifest),
    /// An xtask of the user's own, or ours with what they made of it.
    Theirs {
        /// The package.
        package: &'a str,
        /// The alias that runs it.
        alias: &'static str,
    },
}

impl<'a> Home<'a> {
    /// Finds it.
    pub(super) fn find(facts: &'a Facts) -> Result<Self, InitError> {
        if let Some((place, manifest)) = facts.places.iter().find_map(|place| Some((place, place.ours()?))) {
            return Ok(Self::Ours(place, manifest));
        }
        let [first, second] = &facts.places;
        if let Some(member) = facts.workspace.members.iter().find(|member| found::carries_windlass(member)) {
            let runs = |place: &&Place| alias(facts, place.alias).is_some_and(|command| names(&command, &member.name));
            let place = [first, second].into_iter().find(runs);
            let place = place.unwrap_or(if alias(facts, first.alias).is_none() { first } else { second });
            return Ok(Self::Theirs { package: &member.name, alias: place.alias });
        }
        let free = |place: &&Place| {
            let command = alias(facts, place.alias);
            !place.is_there
                && facts.workspace.member(place.package).is_none()
                && command.is_none_or(|command| command == cargo_config::command(place.package))
        };
        facts.places.iter().find(free).map(Self::Free).ok_or(InitError::Taken)
    }

    /// The alias that runs it.
    pub(super) fn alias(&self) -> &'static str {
        match self {
            Self::Free(place) | Self::Ours(place, _) => place.alias,
            Self::Theirs { alias, .. } => alias,
        }
    }

    /// The package.
    pub(super) fn package(&self) -> &str {
        match self {
            Self::Free(place) | Self::Ours(place, _) => place.package,
            Self::Theirs { package, .. } => package,
        }
    }
}

fn alias(facts: &Facts, name: &str) -> Option<String> {
    cargo_config::alias(facts.config.1.as_deref()?, name)
}

fn names(command: &str, package: &str) -> bool {
    command.split([' ', '=']).any(|word| word == package)
}

/// All that has to change for the workspace to have what `init` writes; nothing where it has.
pub(super) fn edits(facts: &Facts, home: &Home<'_>, options: &Options) -> Result<Vec<Edit>, InitError> {
    let mut edits = Vec::new();
    if let Some((place, manifest)) = wanted_manifest(facts, home, options)? {
        edits.extend(xtask::manifest_edit(place.manifest.as_deref(), &manifest));
        edits.extend(xtask::main_edit(place.package, place.main.as_deref(), facts.rustfmt.as_deref()));
        edits.extend(manifest::edit(&facts.manifest, place.package, &facts.nested)?);
    }
    let (path, config) = &facts.config;
    let is_their_alias = matches!(home, Home::Theirs { .. }) && alias(facts, home.alias()).is_some();
    if !is_their_alias {
        let profile = !cargo_config::has_profile(&facts.manifest);
        edits.extend(cargo_config::edit(path, config.as_deref(), home.alias(), home.package(), profile)?);
    }
    edits.extend(windlass_toml::edit(facts.windlass_toml.as_deref()));
    if let (Some(git), Some(target)) = (&facts.git, &facts.target)
        && !git.ignores_target
    {
        edits.push(gitignore::edit(facts.gitignore.as_deref(), target));
    }
    if options.github || facts.workflows().into_iter().flatten().any(workflow::is_ours) {
        edits.extend(workflow::edit(
            facts.workflows(),
            facts.prefix(),
            facts.target_below(),
            home.alias(),
            facts.has_lockfile_in_git(),
        ));
    }
    if options.nix || facts.flake.as_deref().is_some_and(flake::is_ours) {
        edits.extend(flake::edit(facts.flake.as_deref(), options.flake.as_deref()));
    }
    Ok(edits)
}

/// The manifest that the xtask should have, if it is for `init` to write. What one that is there says of windlass and its
/// edition counts, until the user says otherwise.
fn wanted_manifest<'a>(
    facts: &Facts,
    home: &'a Home<'_>,
    options: &Options,
) -> Result<Option<(&'a Place, xtask::Manifest)>, InitError> {
    let with_features = |windlass: String| match options.nix || facts.flake.as_deref().is_some_and(flake::is_ours) {
        true => source::with_nix(&windlass),
        false => windlass,
    };
    Ok(match home {
        Home::Theirs { .. } => None,
        Home::Free(place) => {
            let windlass = options.windlass.clone().or_else(|| options.default_windlass.clone());
            let manifest = xtask::Manifest {
                package: place.package.to_owned(),
                edition: found::edition(&facts.workspace, place.package),
                windlass: with_features(windlass.ok_or(InitError::NoSource)?),
                lockfile: Vec::new(),
            };
            Some((place, manifest))
        }
        Home::Ours(place, found) => {
            let windlass = with_features(options.windlass.clone().unwrap_or_else(|| found.windlass.clone()));
            let manifest = match windlass == found.windlass {
                true => found.clone(),
                false => xtask::Manifest { windlass, ..found.clone() },
            };
            Some((place, manifest))
        }
    })
}

/// What goes again, and what stays because somebody has changed it since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Removal {
    /// The changes.
    pub(super) edits: Vec<Edit>,
    /// How the lockfile gets back to what it was: see [`xtask::Manifest::lockfile`].
    pub(super) lockfile: Vec<String>,
    /// What stays, each with its reason.
    pub(super) kept: Vec<String>,
}

/// What takes windlass out again. An xtask that has become the user's stays, and with it what it needs to be run: its
/// member entry, its alias and its profile.
pub(super) fn removal(facts: &Facts, home: &Home<'_>) -> Removal {
    let mut removal = Removal::default();
    match home {
        Home::Theirs { package, .. } => removal.keep_xtask(&format!("the package `{package}` has become yours")),
        Home::Ours(place, _) if !place.others.is_empty() => {
            removal.keep_xtask(&format!(
                "`{}` is yours, in the package `{}`",
                place.others.join("`, `"),
                place.package
            ));
        }
        Home::Ours(place, manifest) => {
            removal.lockfile.clone_from(&manifest.lockfile);
            for (path, before) in [("src/main.rs", &place.main), ("Cargo.toml", &place.manifest)] {
                let path = format!("{}/{path}", place.package);
                let what = "the package that carries windlass";
                removal.edits.push(Edit { path, before: before.clone(), after: None, what });
            }
            removal.edits.extend(manifest::removal(&facts.manifest, place.package));
            removal.config(facts, home);
        }
        Home::Free(_) => removal.config(facts, home),
    }
    match facts.windlass_toml.as_deref().map(windlass_toml::removal) {
        Some(Ok(edit)) => removal.edits.push(edit),
        Some(Err(())) => removal.kept.push(format!("`{}`: it says what you wrote in it", windlass_toml::PATH)),
        None => {}
    }
    match facts.flake.as_deref().and_then(flake::removal) {
        Some(Ok(edit)) => removal.edits.push(edit),
        Some(Err(())) => removal.kept.push(format!("`{}`: you have changed it", flake::PATH)),
        None => {}
    }
    let target = facts.target_below();
    removal.edits.extend(facts.gitignore.as_deref().and_then(|text| gitignore::removal(text, target)));
    let (edits, changed) = workflow::removal(facts.workflows(), facts.prefix(), target, home.alias());
    removal.edits.extend(edits);
    removal.kept.extend(changed.into_iter().map(|path| format!("`{path}`: you have changed it")));
    removal
}

impl Removal {
    fn keep_xtask(&mut self, why: &str) {
        self.kept.push(format!("{why}; so its entry in `Cargo.toml`, its alias and its profile stay too"));
    }

    fn config(&mut self, facts: &Facts, home: &Home<'_>) {
        let (path, Some(text)) = &facts.config else { return };
        let edit = cargo_config::removal(path, text, home.alias(), home.package());
        let left = edit.as_ref().map_or(Some(text), |edit| edit.after.as_ref());
        let refers = left.and_then(|text| cargo_config::alias(text, home.alias()));
        if refers.is_some_and(|command| names(&command, home.package())) {
            self.kept.push(format!("`{path}`: you have changed the alias `{}`", home.alias()));
        }
        self.edits.extend(edit);
    }
}
