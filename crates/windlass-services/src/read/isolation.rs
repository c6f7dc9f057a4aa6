//! What a table says of how a test gets a service of its own.

use windlass_toml::{Section, Source};

use crate::kind::{Kind, Mode};

const KEYS: [&str; 1] = ["modes"];

/// What a test can be given; all that the kind can, unless the table says otherwise.
pub(super) fn read(section: &Section<'_>, kind: Kind, source: &mut Source<'_>) -> Option<Vec<Mode>> {
    let Some(isolation) = section.entry("isolation", source) else { return Some(kind.modes().to_vec()) };
    let isolation = isolation.section(source)?;
    isolation.only(&KEYS, source);
    let entry = isolation.required_entry("modes", "what a test can be given, the usual one first", source)?;
    let can_give = kind.modes();
    let wanted = can_give.iter().map(|mode| format!("\"{}\"", mode.as_str())).collect::<Vec<_>>().join(", ");
    let mut modes = Vec::new();
    let listed = entry.strings(&format!("a list of {wanted}"), source)?;
    if listed.is_empty() {
        source.refuse(entry.line, format!("`{}` gives a test nothing; there are {wanted}", entry.key()));
    }
    for (line, text) in listed {
        match can_give.iter().find(|mode| mode.as_str() == text) {
            Some(mode) if !modes.contains(mode) => modes.push(*mode),
            Some(_) => source.refuse(line, format!("`{}` says \"{text}\" twice", entry.key())),
            None => {
                let why = format!("which such a service cannot give; there are {wanted}");
                source.refuse(line, format!("`{}` says \"{text}\", {why}", entry.key()));
            }
        }
    }
    Some(modes)
}
