//! `.config/windlass.toml`: text in, [`Config`] out, or everything that is wrong with it, each with its line and key.

mod nix;
mod step;

use std::path::Path;

use windlass_plan::DEFAULT_TIMEOUT_S;
use windlass_services::Definition;
use windlass_toml::{Entry, Problems, Section, Source, hint};
use windlass_workspace::Features;

pub(crate) use self::nix::Nix;
pub(crate) use self::step::OwnStep;
use crate::Context;
use crate::exit::Usage;

/// Where the file stands, from the workspace's root.
pub(crate) const CONFIG: &str = ".config/windlass.toml";

/// The step that keeps the servers of services.
pub(crate) const SERVICES: &str = "services";

/// The stages that `ci` has by itself, in order.
pub(crate) const STAGES: [&str; 8] = ["fmt", "lock", "nix", "clippy", "build", "test", "doctest", "doc"];

const ROOT_KEYS: [&str; 3] = ["ci", "services", "nix"];
const CI_KEYS: [&str; 9] =
    ["features", "exclude", "skip", "warnings", "nextest-profile", "timeout-s", "setup", "include-xtask", "step"];
const EXCLUDE_KEYS: [&str; 3] = ["package", "platform", "reason"];

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// `[ci]`.
    pub(crate) ci: Ci,
    /// `[services.NAME]`: what runs beside the tests, in the order of the names.
    pub(crate) services: Vec<Definition>,
    /// `[nix]`: how the flake is checked.
    pub(crate) nix: Nix,
}

/// `[ci]`: what the main job does in this workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ci {
    /// The features that every cargo stage is given.
    pub(crate) features: Features,
    /// Packages that are left out.
    pub(crate) exclude: Vec<Exclude>,
    /// Stages, or steps of the workspace's own, that are not run.
    pub(crate) skip: Vec<String>,
    /// What a compiler warning means.
    pub(crate) warnings: Warnings,
    /// The nextest profile, if it is not nextest's default.
    pub(crate) nextest_profile: Option<String>,
    /// Seconds that a stage may take.
    pub(crate) timeout_s: u64,
    /// Whether what is missing may be installed.
    pub(crate) setup: bool,
    /// Whether an xtask that carries windlass is built and tested like any other member.
    pub(crate) include_xtask: bool,
    /// `[[ci.step]]`: the workspace's own steps, in the order of the file; their needs are known and free of circles.
    pub(crate) steps: Vec<OwnStep>,
}

/// What a compiler warning means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Warnings {
    /// It fails its stage.
    #[default]
    Deny,
    /// It is shown.
    Allow,
}

/// A package that is left out, with its line in the file for messages of those who know the packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exclude {
    pub(crate) exclude: windlass_workspace::Exclude,
    pub(crate) line: usize,
}

impl Default for Ci {
    fn default() -> Self {
        Self {
            features: Features::Default,
            exclude: Vec::new(),
            skip: Vec::new(),
            warnings: Warnings::Deny,
            nextest_profile: None,
            timeout_s: DEFAULT_TIMEOUT_S,
            setup: true,
            include_xtask: false,
            steps: Vec::new(),
        }
    }
}

/// Reads the text of a config file; `file` is what messages call it.
///
/// # Errors
///
/// When the text is no TOML, or says something that windlass does not understand: all of it at once.
pub(crate) fn parse(text: &str, file: &str) -> Result<Config, Problems> {
    windlass_toml::read(file, text, read)
}

fn read(root: &Section<'_>, source: &mut Source<'_>) -> Config {
    root.only(&ROOT_KEYS, source);
    let ci = root.entry("ci", source).and_then(|ci| ci.section(source));
    let services = root.entry("services", source).and_then(|services| services.section(source));
    let ci = ci.map(|ci| read_ci(&ci, source)).unwrap_or_default();
    let services = services.map(|services| read_services(&services, &ci, source)).unwrap_or_default();
    let nix = root.entry("nix", source).and_then(|nix| nix.section(source));
    let nix = nix.map(|nix| self::nix::read(&nix, source)).unwrap_or_default();
    Config { ci, services, nix }
}

fn read_services(section: &Section<'_>, ci: &Ci, source: &mut Source<'_>) -> Vec<Definition> {
    let mut names: Vec<&str> = section.keys().collect();
    names.sort_unstable();
    let read = |name: &str| {
        let entry = section.entry(name, source)?;
        if !name.starts_with(|c: char| c.is_ascii_lowercase())
            || name.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        {
            let message = format!("`services.{name}` is no name of a service; use lower-case letters, digits and `-`");
            source.refuse(entry.line, message);
            return None;
        }
        if name == "windlass" {
            source.refuse(entry.line, "`services.windlass` is windlass's own; give the service another name");
            return None;
        }
        let section = entry.section(source)?;
        if windlass_services::shipped_names().all(|shipped| shipped != name) && section.keys().all(|key| key != "kind")
        {
            let hint = hint(name, windlass_services::shipped_names(), "there are");
            let message =
                format!("`services.{name}` is no service that comes with windlass, and has no `kind`; {hint}");
            source.refuse(entry.line, message);
            return None;
        }
        let known = STAGES.into_iter().chain(ci.steps.iter().map(|step| step.name.as_str()));
        let service = windlass_services::read(name, &section, source)?;
        let line = section.entry("needed-by", source).map_or(section.line, |entry| entry.line);
        for stage in service.needed_by.iter().filter(|stage| known.clone().all(|known| known != stage.as_str())) {
            let (key, hint) = (section.full("needed-by"), hint(stage, known.clone(), "there are"));
            source.refuse(line, format!("`{key}` names `{stage}`, which is no stage or step; {hint}"));
        }
        Some((section.line, service))
    };
    let services: Vec<(usize, Definition)> = names.into_iter().filter_map(read).collect();
    for (n, (line, service)) in services.iter().enumerate() {
        for (_, other) in &services[..n] {
            for variable in service.export.keys().filter(|variable| other.export.contains_key(*variable)) {
                let (name, other) = (&service.name, &other.name);
                let message = format!(
                    "`services.{name}.export` and `services.{other}.export` both set `{variable}`; give one another name"
                );
                source.refuse(*line, message);
            }
        }
    }
    services.into_iter().map(|(_, service)| service).collect()
}

/// The configuration of the workspace with that root.
///
/// # Errors
///
/// When the file cannot be read, or says something that windlass does not understand.
pub(crate) fn of(cx: &Context, root: &str) -> anyhow::Result<Config> {
    let text = cx.host.read_text(&Path::new(root).join(CONFIG)).map_err(|error| Usage(error.to_string()))?;
    Ok(parse(text.as_deref().unwrap_or_default(), CONFIG).map_err(|error| Usage(error.to_string()))?)
}

/// A value that was refused leaves its default behind: nobody sees it, since the whole is refused.
fn read_ci(section: &Section<'_>, source: &mut Source<'_>) -> Ci {
    section.only(&CI_KEYS, source);
    let mut ci = Ci::default();
    if let Some(entry) = section.entry("features", source) {
        ci.features = read_features(&entry, source);
    }
    if let Some(entry) = section.entry("exclude", source) {
        ci.exclude = entry.sections(source).iter().filter_map(|section| read_exclude(section, source)).collect();
    }
    if let Some(entry) = section.entry("warnings", source) {
        ci.warnings = entry.word(&[("deny", Warnings::Deny), ("allow", Warnings::Allow)], source).unwrap_or_default();
    }
    if let Some(entry) = section.entry("nextest-profile", source) {
        ci.nextest_profile = entry.string(source);
    }
    if let Some(entry) = section.entry("timeout-s", source) {
        ci.timeout_s = entry.seconds(source).unwrap_or(ci.timeout_s);
    }
    if let Some(entry) = section.entry("setup", source) {
        ci.setup = entry.boolean(source).unwrap_or(ci.setup);
    }
    if let Some(entry) = section.entry("include-xtask", source) {
        ci.include_xtask = entry.boolean(source).unwrap_or(ci.include_xtask);
    }
    if let Some(entry) = section.entry("step", source) {
        ci.steps = step::read(&entry.sections(source), ci.timeout_s, source);
    }
    if let Some(entry) = section.entry("skip", source) {
        let skip = entry.strings("a list of stages", source).unwrap_or_default();
        let known = || STAGES.into_iter().chain(ci.steps.iter().map(|step| step.name.as_str()));
        for (line, name) in skip.iter().filter(|(_, name)| !known().any(|known| known == *name)) {
            let hint = hint(name, known(), "there are");
            source.refuse(*line, format!("`ci.skip` names `{name}`, which is no stage; {hint}"));
        }
        ci.skip = texts(skip);
    }
    ci
}

fn read_features(entry: &Entry<'_>, source: &mut Source<'_>) -> Features {
    const WANTED: &str = "\"all\" or a list of features";
    match entry.text() {
        Some("all") => return Features::All,
        Some(other) => source.refuse(entry.line, format!("`ci.features` is \"{other}\"; it must be {WANTED}")),
        None => {
            let listed = entry.strings(WANTED, source).unwrap_or_default();
            if !listed.is_empty() {
                return Features::List(texts(listed));
            }
        }
    }
    Features::Default
}

fn read_exclude(section: &Section<'_>, source: &mut Source<'_>) -> Option<Exclude> {
    section.only(&EXCLUDE_KEYS, source);
    let package = section.required("package", "the package to leave out", source);
    let platform = section.entry("platform", source).and_then(|it| it.string(source));
    let reason = section.required("reason", "why the package is left out, for those who read the report", source);
    let exclude = windlass_workspace::Exclude { package: package?, platform, reason: reason? };
    Some(Exclude { exclude, line: section.line })
}

fn texts(strings: Vec<(usize, String)>) -> Vec<String> {
    strings.into_iter().map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests;
