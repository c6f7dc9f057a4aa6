//! TOML that older readers read too: version 1.0, and of that only what Nix's `fromTOML` takes.

use toml_parser::decoder::Encoding;
use toml_parser::parser::{Event, EventKind, parse_document};

use crate::Problems;

const LINE_BREAK: &str = "a line break within an inline table is TOML 1.1; it must be on one line, or a `[table]`";
const COMMENT: &str = "a comment within an inline table is TOML 1.1; it must stand before or after the table";
const LAST_COMMA: &str = "a comma after the last key of an inline table is TOML 1.1; it must go";
const ESCAPE: &str = r"`\e` is TOML 1.1; it must be `\u001b`";
const HEX: &str = r"`\xHH` is TOML 1.1; it must be `\u00HH`";
const DATE: &str = "Nix reads no dates or times; it must be a string";
const NUL: &str = "Nix has no strings with a NUL in them; it must go";

/// Looks for what is no TOML 1.0, or what Nix cannot read: dates and times, line breaks, comments and last commas within inline
/// tables, `\e` and `\xHH`, NULs. Messages call the text `file`.
///
/// # Errors
///
/// All of it at once, or that the text is no TOML of any version.
pub fn check_plain(file: &str, text: &str) -> Result<(), Problems> {
    crate::read(file, text, |_, source| {
        for (offset, message) in offences(text) {
            let line = source.line(offset);
            source.refuse(line, message);
        }
    })
}

/// Each with where it is, in bytes from 0. The text is TOML.
fn offences(text: &str) -> Vec<(usize, &'static str)> {
    let source = toml_parser::Source::new(text);
    let mut events: Vec<Event> = Vec::new();
    parse_document(&source.lex().into_vec(), &mut events, &mut ());

    let mut offences = Vec::new();
    // What is open, the innermost last: for an inline table where its last comma is if nothing has come after it.
    let mut open: Vec<Option<InlineTable>> = Vec::new();
    for event in events {
        let offset = event.span().start();
        let table = open.last_mut().and_then(Option::as_mut);
        match event.kind() {
            EventKind::Newline => {
                if let Some(table) = table
                    && !table.is_broken
                {
                    table.is_broken = true;
                    offences.push((offset, LINE_BREAK));
                }
            }
            EventKind::Comment if table.is_some() => offences.push((offset, COMMENT)),
            EventKind::Comment | EventKind::Whitespace => {}
            EventKind::ValueSep => table.into_iter().for_each(|table| table.last_comma = Some(offset)),
            EventKind::InlineTableOpen => open.push(Some(InlineTable::default())),
            EventKind::ArrayOpen => open.push(None),
            EventKind::InlineTableClose | EventKind::ArrayClose => {
                let closed = open.pop().flatten();
                offences.extend(closed.and_then(|table| Some((table.last_comma?, LAST_COMMA))));
            }
            EventKind::SimpleKey | EventKind::Scalar => {
                table.into_iter().for_each(|table| table.last_comma = None);
                offences.extend(in_value(event, source.get(event.span()).map_or("", |raw| raw.as_str())));
            }
            _ => {}
        }
    }
    offences
}

/// An inline table that is read.
#[derive(Default)]
struct InlineTable {
    is_broken: bool,
    /// Where its last comma is, if no key has followed.
    last_comma: Option<usize>,
}

/// What is wrong within a key or a value, each with where it is.
fn in_value(event: Event, raw: &str) -> Vec<(usize, &'static str)> {
    let start = event.span().start();
    match event.encoding() {
        Some(Encoding::BasicString | Encoding::MlBasicString) => {
            escapes(raw).filter_map(|(at, escaped)| Some((start + at, refused(escaped)?))).collect()
        }
        None if event.kind() == EventKind::Scalar && is_date(raw) => vec![(start, DATE)],
        _ => Vec::new(),
    }
}

/// What follows each backslash that escapes something, with where the backslash is.
fn escapes(raw: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let backslash = at + raw[at..].find('\\')?;
        let escaped = &raw[backslash + 1..];
        at = backslash + 1 + escaped.chars().next().map_or(0, char::len_utf8);
        Some((backslash, escaped))
    })
}

fn refused(escaped: &str) -> Option<&'static str> {
    match escaped.as_bytes() {
        [b'e', ..] => Some(ESCAPE),
        [b'x', ..] => Some(HEX),
        _ if escaped.starts_with("u0000") || escaped.starts_with("U00000000") => Some(NUL),
        _ => None,
    }
}

/// Whether a bare value is a date, a time or both: nothing else has digits and then a `-` or a `:`.
fn is_date(raw: &str) -> bool {
    let rest = raw.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < raw.len() && rest.starts_with(['-', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nix 2.26 reads those without an offence, and refuses the others.
    #[test]
    fn a_text_is_plain_or_each_offence_has_its_line() {
        let cases: [(&str, &[(usize, &str)]); 24] = [
            ("a.b = 1\n[c]\nd = [\n  1, # one\n  2,\n]\n", &[]),
            ("a = { b = [1, # one\n  2,\n], c = '''\n'''}\n", &[]),
            ("a = [{ b = 1 }, { b = 2 },]", &[]),
            ("a = {}\nb = { }", &[]),
            ("a = -1\nb = 1e-3\nc = +0.0", &[]),
            (r#"a = "\\e \\x41 \\u0000 \u0065""#, &[]),
            (r"a = '\e \x41 \u0000'", &[]),
            ("a = '''\n\\e'''", &[]),
            ("a = { b = 1,\n c = 2 }", &[(1, LINE_BREAK)]),
            ("a = {\n  b = 1,\n  c = 2\n}\nd = { e = 1\n}", &[(1, LINE_BREAK), (5, LINE_BREAK)]),
            ("a = {\n # why\n b = 1 }", &[(1, LINE_BREAK), (2, COMMENT)]),
            ("x = 1\na = { b = 1, }", &[(2, LAST_COMMA)]),
            ("a = {\n  b = 1,\n}", &[(1, LINE_BREAK), (2, LAST_COMMA)]),
            ("a = { b = [{ c = 1, }] }", &[(1, LAST_COMMA)]),
            ("a = [\n  { b = { c = 1,\n } },\n]", &[(2, LINE_BREAK), (2, LAST_COMMA)]),
            (r#"a = "\e[0m""#, &[(1, ESCAPE)]),
            ("a = \"\"\"\nx\n\\\\\\e\n\"\"\"", &[(3, ESCAPE)]),
            (r#""\x41" = 1"#, &[(1, HEX)]),
            (r#"a = "é\x41\\\x42""#, &[(1, HEX), (1, HEX)]),
            (r#"a = "\u0000 \U00000000""#, &[(1, NUL), (1, NUL)]),
            ("a = 1979-05-27", &[(1, DATE)]),
            ("a = 1979-05-27T07:32Z", &[(1, DATE)]),
            ("a = [\n  07:32:00,\n  07:32,\n]", &[(2, DATE), (3, DATE)]),
            ("a = { b = 1979-05-27 07:32:00.5 }", &[(1, DATE)]),
        ];
        for (text, expected) in cases {
            let found = check_plain("x.toml", text).err().map_or(Vec::new(), |problems| problems.problems);
            let found: Vec<(usize, &str)> = found.iter().map(|it| (it.line, it.message.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_toml_at_all_has_its_place() {
        let problems = check_plain("x.toml", "a = 1\nb = c").unwrap_err();
        assert_eq!(problems.to_string(), "x.toml:2:5: string values must be quoted, expected literal string");
    }
}
