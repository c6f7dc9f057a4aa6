//! A service from its file, or from `[services.NAME]` on top of the one that is shipped.

mod container;
mod image;
mod isolation;
mod ready;

use std::collections::BTreeMap;

use toml_edit::{Item, Table, TableLike};
use windlass_toml::{Entry, Section, Source, Wanted};

use crate::content;
use crate::definition::{Argument, Definition, Package, Process, Root, Settings, Signal};
use crate::kind::Kind;
use crate::shipped;
use crate::template::Template;

const KEYS: [&str; 15] = [
    "schema",
    "kind",
    "version",
    "port",
    "url",
    "package",
    "backend",
    "process",
    "container",
    "image",
    "ready",
    "isolation",
    "export",
    "settings",
    "needed-by",
];
const PACKAGE_KEYS: [&str; 9] = ["nix", "nix-major", "debian", "cargo", "find", "probe", "or", "client", "client-env"];
const PROCESS_KEYS: [&str; 8] = ["root", "init", "command", "setting", "env", "files", "stop", "die"];
/// Where such a service is, unless its table says otherwise.
const URL: &str = "tcp://{host}:{port}";
/// What services are for unless somebody says otherwise.
const NEEDED_BY: [&str; 2] = ["test", "doctest"];
const LAYERS: [&str; 3] = ["base", "test", "dev"];

const SIGNALS: [(&str, Signal); 4] =
    [("INT", Signal::Int), ("QUIT", Signal::Quit), ("TERM", Signal::Term), ("KILL", Signal::Kill)];
const ROOTS: [(&str, Root); 2] = [("allows", Root::Allows), ("refuses", Root::Refuses)];

/// The service of a user's table: what it does not say, the shipped service of that name says. Lists are replaced, tables
/// are joined key by key. `None` where something was refused.
pub fn read(name: &str, user: &Section<'_>, source: &mut Source<'_>) -> Option<Definition> {
    let is_started_as_shipped = ["process", "settings"].iter().all(|key| !user.table().contains_key(key));
    let started = |it| Definition { is_started_as_shipped, ..it };
    let Some(text) = shipped::text(name) else {
        return whole(name, user, source).map(started);
    };
    let shipped = text.parse::<toml_edit::DocumentMut>().expect("a test reads every file that is shipped");
    let mut merged = shipped.as_table().clone();
    join(&mut merged, user.table());
    whole(name, &user.with(&merged), source).map(started)
}

fn join(table: &mut Table, user: &dyn TableLike) {
    for (key, item) in user.iter() {
        let shipped = table.remove(key).and_then(|item| item.into_table().ok());
        let item = match (shipped, item.as_table_like()) {
            (Some(mut shipped), Some(user)) => {
                join(&mut shipped, user);
                Item::Table(shipped)
            }
            _ => item.clone(),
        };
        if let Some((key, _)) = user.get_key_value(key) {
            // Not just its text: a key knows its line.
            table.insert_formatted(key, item);
        }
    }
}

/// A service that is all in one table.
pub(crate) fn whole(name: &str, section: &Section<'_>, source: &mut Source<'_>) -> Option<Definition> {
    section.only(&[&KEYS[..], &content::KEYS].concat(), source);
    let kind = section.required_entry("kind", "whose protocol it speaks", source);
    let kind = kind.and_then(|kind| kind.word(&Kind::WORDS, source));
    let is_generic = kind == Some(Kind::Generic);
    let version = unless_generic(section, "version", "which versions will do", is_generic, source);
    let version = match version {
        None if is_generic => Some(Wanted::Any),
        version => version.and_then(|version| version.wanted(source)),
    };
    let port = section.required_entry("port", "the port that such servers have by custom", source);
    let port = port.and_then(|port| port.port(source));
    let url = match unless_generic(section, "url", "where a user of it connects", is_generic, source) {
        None if is_generic => Template::parse(URL, &[]).ok(),
        url => url.and_then(|url| template(&url, source)),
    };
    let package = unless_generic(section, "package", "where its programs come from", is_generic, source);
    let process = section.required_entry("process", "how it runs", source);
    let process = process.and_then(|process| read_process(&process.section(source)?, source));
    let places = container::read(section, source);
    let package = match package {
        Some(package) => package.section(source).and_then(|it| read_package(&it, process.as_ref(), is_generic, source)),
        None if is_generic => process.as_ref().map(Package::on_path),
        None => None,
    };
    let ready = section.required_entry("ready", "when it is ready", source);
    let ready = ready.and_then(|ready| ready::read(&ready.section(source)?, kind?, source));
    let modes = kind.and_then(|kind| isolation::read(section, kind, source));
    let export = section.entry("export", source).map(|export| read_variables(&export, source)).unwrap_or_default();
    let settings = section.entry("settings", source).and_then(|settings| settings.section(source));
    let settings = settings.map(|settings| read_settings(&settings, source)).unwrap_or_default();
    let needed_by = match section.entry("needed-by", source) {
        None => NEEDED_BY.map(str::to_owned).to_vec(),
        some => texts(some, source),
    };
    let content = content::read(section, kind, source);
    let (probe, deadline_s) = ready?;
    let (backend, container, image) = places?;
    let process = process?;
    let mut arguments = process.command.iter().chain(container.iter().flat_map(|it| &it.command));
    if !settings.own.is_empty() && !arguments.any(|it| *it == Argument::Settings) {
        let line = section.entry("settings", source).map_or(section.line, |entry| entry.line);
        let (settings, command) = (section.full("settings"), section.full("process.command"));
        source.refuse(line, format!("`{settings}` is told to no server: there is no `{{settings}}` in `{command}`"));
    }
    Some(Definition {
        name: name.to_owned(),
        kind: kind?,
        version: version?,
        port: port?,
        url: url?,
        package: package?,
        backend,
        process,
        container,
        image,
        probe,
        deadline_s,
        modes: modes?,
        export,
        settings,
        needed_by,
        content,
        is_started_as_shipped: true,
    })
}

/// What stands under a key that only a service of no known protocol can do without.
fn unless_generic<'a>(
    section: &Section<'a>,
    key: &str,
    why: &str,
    is_generic: bool,
    source: &mut Source<'_>,
) -> Option<Entry<'a>> {
    if is_generic { section.entry(key, source) } else { section.required_entry(key, why, source) }
}

fn read_package(
    section: &Section<'_>,
    process: Option<&Process>,
    is_generic: bool,
    source: &mut Source<'_>,
) -> Option<Package> {
    section.only(&PACKAGE_KEYS, source);
    let nix = section.entry("nix", source).and_then(|nix| nix.string(source));
    let nix_major = section.entry("nix-major", source).and_then(|entry| template(&entry, source));
    let mut list = |key| texts(section.entry(key, source), source);
    let (debian, cargo, find, or) = (list("debian"), list("cargo"), list("find"), list("or"));
    let probe = match section.entry("probe", source) {
        None if is_generic => Package::on_path(process?).probe,
        None => texts(section.required_entry("probe", "what says the version", source), source),
        Some(probe) => {
            let words = texts(Some(probe), source);
            if words.is_empty() {
                source.refuse(section.line, format!("`{}` names no program", section.full("probe")));
            }
            words
        }
    };
    let client = templates(section.entry("client", source), &[], source);
    let client_env = section.entry("client-env", source).map(|env| read_variables(&env, source)).unwrap_or_default();
    let package = Package { nix, nix_major, debian, cargo, pip: Vec::new(), find, probe, or, client, client_env };
    Some(package).filter(|it| !it.probe.is_empty())
}

fn read_process(section: &Section<'_>, source: &mut Source<'_>) -> Option<Process> {
    section.only(&PROCESS_KEYS, source);
    let root = section.entry("root", source).map_or(Some(Root::Allows), |root| root.word(&ROOTS, source));
    let init = templates(section.entry("init", source), &[], source);
    let setting = templates(section.entry("setting", source), &["key", "value"], source);
    let command = section.required_entry("command", "the server and its arguments", source);
    let is_there = command.is_some();
    let command = arguments(command, source);
    if is_there && !matches!(command.first(), Some(Argument::One(_))) {
        source.refuse(section.line, format!("`{}` has to begin with the server's program", section.full("command")));
    }
    let env = section.entry("env", source).map(|env| read_variables(&env, source)).unwrap_or_default();
    let files = section.entry("files", source).map(|files| read_files(&files, source)).unwrap_or_default();
    let mut signal = |key| section.entry(key, source).map_or(Some(Signal::Term), |it| it.word(&SIGNALS, source));
    let (stop, die) = (signal("stop"), signal("die"));
    Some(Process { root: root?, init, command, setting, env, files, stop: stop?, die: die? })
}

fn read_files(entry: &Entry<'_>, source: &mut Source<'_>) -> Vec<(Template, Template)> {
    let files = entry.entries(source).into_iter();
    let read = |(path, text): (&str, Entry<'_>)| {
        let path = parsed(path, &[], text.line, entry.key(), source);
        Some((path?, template(&text, source)?))
    };
    files.filter_map(read).collect()
}

fn read_variables(entry: &Entry<'_>, source: &mut Source<'_>) -> BTreeMap<String, Template> {
    let mut variables = BTreeMap::new();
    for (name, value) in entry.entries(source) {
        if windlass_toml::is_variable(name) {
            variables.extend(template(&value, source).map(|value| (name.to_owned(), value)));
        } else {
            let (key, hint) = (entry.key(), "use letters, digits and `_`");
            source.refuse(value.line, format!("`{key}` sets `{name}`, which no shell could set; {hint}"));
        }
    }
    variables
}

/// Tables of the names of the layers, and beside them what the user sets.
fn read_settings(section: &Section<'_>, source: &mut Source<'_>) -> Settings {
    let mut layer = |key| section.entry(key, source).and_then(|layer| layer.pairs(source)).unwrap_or_default();
    let [base, test, dev] = LAYERS.map(&mut layer);
    let mut own = BTreeMap::new();
    for key in section.keys().filter(|key| !LAYERS.contains(key)) {
        let value = section.entry(key, source).and_then(|entry| entry.any_string(source));
        own.extend(value.map(|value| (key.to_owned(), value)));
    }
    Settings { base, test, dev, own }
}

/// The elements of a command line, one of which may be the settings.
fn arguments(entry: Option<Entry<'_>>, source: &mut Source<'_>) -> Vec<Argument> {
    let texts = texts_with_lines(entry, source).into_iter();
    let argument = |(line, key, text): (usize, String, String)| match text.as_str() {
        "{settings}" => Some(Argument::Settings),
        _ => parsed(&text, &[], line, &key, source).map(Argument::One),
    };
    texts.filter_map(argument).collect()
}

fn template(entry: &Entry<'_>, source: &mut Source<'_>) -> Option<Template> {
    parsed(&entry.string(source)?, &[], entry.line, entry.key(), source)
}

pub(crate) fn templates(entry: Option<Entry<'_>>, more: &[&str], source: &mut Source<'_>) -> Vec<Template> {
    let texts = texts_with_lines(entry, source).into_iter();
    texts.filter_map(|(line, key, text)| parsed(&text, more, line, &key, source)).collect()
}

pub(crate) fn texts(entry: Option<Entry<'_>>, source: &mut Source<'_>) -> Vec<String> {
    texts_with_lines(entry, source).into_iter().map(|(_, _, text)| text).collect()
}

fn texts_with_lines(entry: Option<Entry<'_>>, source: &mut Source<'_>) -> Vec<(usize, String, String)> {
    let Some(entry) = entry else { return Vec::new() };
    let strings = entry.strings("a list of strings", source).unwrap_or_default();
    strings.into_iter().map(|(line, text)| (line, entry.key().to_owned(), text)).collect()
}

fn parsed(text: &str, more: &[&str], line: usize, key: &str, source: &mut Source<'_>) -> Option<Template> {
    match Template::parse(text, more) {
        Ok(template) => Some(template),
        Err(error) => {
            let known = crate::template::NAMES.into_iter().chain(more.iter().copied());
            let hint = windlass_toml::hint(&error.0, known, "known here:");
            source.refuse(line, format!("`{key}`: {error}; {hint}"));
            None
        }
    }
}
