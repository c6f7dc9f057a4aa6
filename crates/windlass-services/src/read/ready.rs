//! What a table says of when a server is ready.

use windlass_toml::{Entry, Section, Source};

use super::parsed;
use crate::kind::{Kind, Probe};

const KEYS: [&str; 2] = ["probe", "deadline-s"];
/// How a service of no known protocol is asked.
const PROBES: &str = "\"tcp\", \"http /PATH\", \"line TEXT\" or a list of a program and its arguments";

/// What a server is asked until it is ready, and for how many seconds.
pub(super) fn read(section: &Section<'_>, kind: Kind, source: &mut Source<'_>) -> Option<(Probe, u64)> {
    section.only(&KEYS, source);
    let probe = section.required_entry("probe", "what is asked", source);
    let probe = probe.and_then(|probe| match kind {
        Kind::Generic => generic(&probe, source),
        _ => {
            let asked = probe.word(&Kind::WORDS, source)?;
            if kind != asked {
                let why = "is not what the `kind` speaks; it must be the same word";
                source.refuse(probe.line, format!("`{}` {why}", probe.key()));
            }
            Some(Probe::Protocol(kind))
        }
    });
    let deadline_s = section.entry("deadline-s", source).map_or(Some(30), |deadline| deadline.seconds(source));
    Some((probe?, deadline_s?))
}

/// What a service of no known protocol is asked.
fn generic(probe: &Entry<'_>, source: &mut Source<'_>) -> Option<Probe> {
    let Some(text) = probe.text() else {
        let words = probe.strings(PROBES, source)?;
        if words.is_empty() {
            source.refuse(probe.line, format!("`{}` names no program", probe.key()));
        }
        let words = words.into_iter().filter_map(|(line, text)| parsed(&text, &[], line, probe.key(), source));
        return Some(Probe::Command(words.collect()));
    };
    let read = match text.split_once(' ') {
        None if text == "tcp" => Some(Probe::Tcp),
        Some(("line", wanted)) if !wanted.trim().is_empty() => Some(Probe::Line(wanted.to_owned())),
        Some(("http", path)) if path.starts_with('/') && !path.contains(char::is_whitespace) => {
            return parsed(path, &[], probe.line, probe.key(), source).map(Probe::Http);
        }
        _ => None,
    };
    if read.is_none() {
        source.refuse(probe.line, format!("`{}` is \"{text}\"; it must be {PROBES}", probe.key()));
    }
    read
}
