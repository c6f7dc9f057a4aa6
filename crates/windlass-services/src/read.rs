//! A service from its file, or from `[services.NAME]` on top of the one that is shipped.

use std::collections::BTreeMap;

use toml_edit::{Item, Table, TableLike};
use windlass_toml::{Entry, Section, Source};

use crate::content;
use crate::definition::{Argument, Definition, Kind, Mode, Package, Process, Root, Settings, Signal};
use crate::shipped;
use crate::template::Template;
use crate::version::Wanted;

const KEYS: [&str; 11] =
    ["schema", "kind", "version", "port", "url", "package", "process", "ready", "export", "settings", "needed-by"];
const PACKAGE_KEYS: [&str; 6] = ["nix", "nix-major", "debian", "find", "probe", "client"];
const PROCESS_KEYS: [&str; 7] = ["root", "init", "command", "setting", "files", "stop", "die"];
const READY_KEYS: [&str; 2] = ["probe", "deadline-s"];
/// What services are for unless somebody says otherwise.
const NEEDED_BY: [&str; 2] = ["test", "doctest"];
const LAYERS: [&str; 3] = ["base", "test", "dev"];

const SIGNALS: [(&str, Signal); 4] =
    [("INT", Signal::Int), ("QUIT", Signal::Quit), ("TERM", Signal::Term), ("KILL", Signal::Kill)];
const KINDS: [(&str, Kind); 2] = [("postgres", Kind::Postgres), ("redis", Kind::Redis)];
const ROOTS: [(&str, Root); 2] = [("allows", Root::Allows), ("refuses", Root::Refuses)];

/// The service of a user's table: what it does not say, the shipped service of that name says. Lists are replaced, tables
/// are joined key by key. `None` where something was refused.
pub fn read(name: &str, user: &Section<'_>, source: &mut Source<'_>) -> Option<Definition> {
    let Some(text) = shipped::text(name) else {
        return whole(name, user, source);
    };
    let shipped = text.parse::<toml_edit::DocumentMut>().expect("a test reads every file that is shipped");
    let mut merged = shipped.as_table().clone();
    join(&mut merged, user.table());
    whole(name, &user.with(&merged), source)
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
    let kind = kind.and_then(|kind| kind.word(&KINDS, source));
    let version = section.required_entry("version", "which versions will do", source);
    let version = version.and_then(|version| wanted(&version, source));
    let port = section.required_entry("port", "the port that such servers have by custom", source);
    let port = port.and_then(|port| port.port(source));
    let url = section.required_entry("url", "where a user of it connects", source);
    let url = url.and_then(|url| template(&url, source));
    let package = section.required_entry("package", "where its programs come from", source);
    let package = package.and_then(|package| read_package(&package.section(source)?, source));
    let process = section.required_entry("process", "how it runs", source);
    let process = process.and_then(|process| read_process(&process.section(source)?, source));
    let ready = section.required_entry("ready", "when it is ready", source);
    let deadline_s = ready.and_then(|ready| read_ready(&ready.section(source)?, kind, source));
    let export = section.entry("export", source).map(|export| read_export(&export, source)).unwrap_or_default();
    let settings = section.entry("settings", source).and_then(|settings| settings.section(source));
    let settings = settings.map(|settings| read_settings(&settings, source)).unwrap_or_default();
    let needed_by = match section.entry("needed-by", source) {
        None => NEEDED_BY.map(str::to_owned).to_vec(),
        some => texts(some, source),
    };
    let content = content::read(section, kind, source);
    Some(Definition {
        name: name.to_owned(),
        kind: kind?,
        version: version?,
        port: port?,
        url: url?,
        package: package?,
        process: process?,
        deadline_s: deadline_s?,
        export,
        settings,
        needed_by,
        content,
        modes: match kind? {
            Kind::Postgres => vec![Mode::Clone, Mode::Server, Mode::Shared],
            Kind::Redis => vec![Mode::Server, Mode::Shared],
        },
    })
}

fn wanted(entry: &Entry<'_>, source: &mut Source<'_>) -> Option<Wanted> {
    let text = entry.string(source)?;
    let wanted = Wanted::parse(&text);
    if wanted.is_none() {
        source.refuse(
            entry.line,
            format!("`{}` is \"{text}\"; it must be like \"16\", \"15.18\" or \">=13\"", entry.key()),
        );
    }
    wanted
}

fn read_package(section: &Section<'_>, source: &mut Source<'_>) -> Option<Package> {
    section.only(&PACKAGE_KEYS, source);
    let nix = section.required("nix", "its attribute in nixpkgs", source);
    let nix_major = section.entry("nix-major", source).and_then(|entry| template(&entry, source));
    let mut list = |key| texts(section.entry(key, source), source);
    let (debian, find) = (list("debian"), list("find"));
    let probe = section.required_entry("probe", "what says the version", source);
    let probe = probe.and_then(|probe| {
        let words = texts(Some(probe), source);
        if words.is_empty() {
            source.refuse(section.line, format!("`{}` names no program", section.full("probe")));
        }
        Some(words).filter(|words| !words.is_empty())
    });
    let client = templates(section.entry("client", source), &[], source);
    Some(Package { nix: nix?, nix_major, debian, find, probe: probe?, client })
}

fn read_process(section: &Section<'_>, source: &mut Source<'_>) -> Option<Process> {
    section.only(&PROCESS_KEYS, source);
    let root = section.entry("root", source).map_or(Some(Root::Allows), |root| root.word(&ROOTS, source));
    let init = templates(section.entry("init", source), &[], source);
    let setting = templates(section.entry("setting", source), &["key", "value"], source);
    let command = section.required_entry("command", "the server and its arguments", source);
    let is_there = command.is_some();
    let command = texts_with_lines(command, source).into_iter().filter_map(|(line, key, text)| match text.as_str() {
        "{settings}" => Some(Argument::Settings),
        _ => parsed(&text, &[], line, &key, source).map(Argument::One),
    });
    let command = command.collect::<Vec<_>>();
    if is_there && !matches!(command.first(), Some(Argument::One(_))) {
        source.refuse(section.line, format!("`{}` has to begin with the server's program", section.full("command")));
    }
    let files = section.entry("files", source).map(|files| read_files(&files, source)).unwrap_or_default();
    let mut signal = |key| section.entry(key, source).map_or(Some(Signal::Term), |it| it.word(&SIGNALS, source));
    let (stop, die) = (signal("stop"), signal("die"));
    Some(Process { root: root?, init, command, setting, files, stop: stop?, die: die? })
}

fn read_ready(section: &Section<'_>, kind: Option<Kind>, source: &mut Source<'_>) -> Option<u64> {
    section.only(&READY_KEYS, source);
    let probe = section.required_entry("probe", "what is asked", source);
    let probe = probe?;
    let asked = probe.word(&KINDS, source)?;
    if kind.is_some_and(|kind| kind != asked) {
        source.refuse(probe.line, format!("`{}` is not what the `kind` speaks; it must be the same word", probe.key()));
    }
    section.entry("deadline-s", source).map_or(Some(30), |deadline| deadline.seconds(source))
}

fn read_files(entry: &Entry<'_>, source: &mut Source<'_>) -> Vec<(Template, Template)> {
    let files = entry.entries(source).into_iter();
    let read = |(path, text): (&str, Entry<'_>)| {
        let path = parsed(path, &[], text.line, entry.key(), source);
        Some((path?, template(&text, source)?))
    };
    files.filter_map(read).collect()
}

fn read_export(entry: &Entry<'_>, source: &mut Source<'_>) -> BTreeMap<String, Template> {
    let mut export = BTreeMap::new();
    for (name, value) in entry.entries(source) {
        if windlass_toml::is_variable(name) {
            export.extend(template(&value, source).map(|value| (name.to_owned(), value)));
        } else {
            let (key, hint) = (entry.key(), "use letters, digits and `_`");
            source.refuse(value.line, format!("`{key}` sets `{name}`, which no shell could set; {hint}"));
        }
    }
    export
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
