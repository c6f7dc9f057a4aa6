//! Text that cannot become markup.

use windlass_record::{Record, StepRecord};

use crate::ansi;

/// Text for the inside of an element or of a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let text = ansi::strip(text);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The same where backticks mark code, as they do in the messages of tools.
pub(super) fn marked(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escaped).collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.clone() })
        .collect()
}

/// Where the failure of a step stands on the page.
pub(super) fn anchor(record: &Record, step: &StepRecord) -> String {
    let place = record.steps.iter().position(|other| other.name == step.name);
    format!("failure-{}", place.unwrap_or_default())
}

/// JSON for the inside of a `script` element: it cannot end the element, nor open a comment in it.
pub(super) fn json(value: &serde_json::Value) -> String {
    value.to_string().replace('<', r"\u003c").replace('>', r"\u003e").replace('&', r"\u0026")
}

/// A path for an `href`, relative to the page whatever it looks like.
pub(super) fn link(path: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    format!("./{}", path.bytes().map(byte).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_mark_code_if_they_come_in_pairs() {
        assert_eq!(marked("unneeded `<T>` here"), "unneeded <code>&lt;T&gt;</code> here");
        assert_eq!(marked("a stray ` <"), "a stray ` &lt;");
    }

    #[test]
    fn a_link_stays_below_the_page() {
        assert_eq!(link("logs/a b.log"), "./logs/a%20b.log");
        assert_eq!(link("javascript:alert(1)"), "./javascript%3Aalert%281%29");
    }
}
