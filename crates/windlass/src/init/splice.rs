//! Insertions into a text that leave every other byte as it is, and the cuts that undo them.
//!
//! Each insertion is one-to-one, so that its cut restores the very text that was there: a text without a newline at its end
//! has none afterwards, and a text with CRLF gets CRLF.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

/// The line ending of a text.
pub(super) fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The line that holds the byte at `at`, with its line ending.
pub(super) fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i + 1);
    start..end
}

/// `text` with a line of its own behind the line that holds the byte at `at`.
pub(super) fn insert_line_after(text: &str, at: usize, line: &str) -> String {
    let nl = newline(text);
    let end = line_at(text, at).end;
    let (before, after) = text.split_at(end);
    if before.ends_with('\n') { format!("{before}{line}{nl}{after}") } else { format!("{before}{nl}{line}{after}") }
}

/// `text` without the line that holds the byte at `at`.
pub(super) fn cut_line(text: &str, at: usize) -> String {
    let line = line_at(text, at);
    let (before, after) = (&text[..line.start], &text[line.end..]);
    // The last line takes the line ending before it along where it has none itself.
    let before = if text[line].ends_with('\n') { before } else { trim_newline(before) };
    format!("{before}{after}")
}

/// `text` with lines at its end. `lines` has `\n` between its lines and none at its end.
pub(super) fn append_lines(text: &str, lines: &str) -> String {
    let nl = newline(text);
    let lines = lines.replace('\n', nl);
    if text.ends_with('\n') { format!("{text}{lines}{nl}") } else { format!("{text}{nl}{lines}") }
}

/// The text of a new file with just these lines.
pub(super) fn new_file(lines: &str) -> String {
    format!("{}\n", lines.trim_start_matches('\n'))
}

/// `text` without the lines that [`append_lines`] or [`new_file`] wrote, wherever they stand now; `None` where they do not.
pub(super) fn cut_lines(text: &str, lines: &str) -> Option<String> {
    let nl = newline(text);
    let lines = lines.replace('\n', nl);
    let first = lines.trim_start_matches(nl);
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with(nl);
    if let Some(rest) = text.strip_prefix(first).filter(|rest| is_end(rest)) {
        return Some(rest.strip_prefix(nl).unwrap_or(rest).to_owned());
    }
    let is_start = |at: usize| at > 0 && text[..at].ends_with('\n');
    let mut places = text.match_indices(&lines).map(|(at, _)| at);
    let start = places.find(|at| is_start(*at) && is_end(&text[at + lines.len()..]))?;
    let (before, after) = (&text[..start], &text[start + lines.len()..]);
    Some(match after.strip_prefix(nl) {
        Some(after) => format!("{before}{after}"),
        None => trim_newline(before).to_owned(),
    })
}

fn trim_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// `text` with the key `table.key`, which it does not have yet: behind the table's header, beside its dotted keys, or with a
/// new table at the end, under `comment`; there `line` may be several. `None` where the table is written in a way that takes no line of its own.
pub(super) fn insert_key(text: &str, table: &str, line: &str, comment: &str) -> Option<String> {
    let doc = Document::parse(text).ok()?;
    match doc.get(table) {
        None => Some(append_lines(text, &new_table(table, line, comment))),
        Some(Item::Table(found)) if found.is_dotted() => {
            let (_, first) = found.iter().next()?;
            Some(insert_line_after(text, end_of(first)?, &format!("{table}.{line}")))
        }
        Some(Item::Table(found)) if found.is_implicit() => Some(append_lines(text, &new_table(table, line, comment))),
        Some(Item::Table(found)) => Some(insert_line_after(text, found.span()?.end, line)),
        Some(_) => None,
    }
}

/// `text` without the key that [`insert_key`] added; `None` where the table does not have it.
pub(super) fn cut_key(text: &str, table: &str, key: &str, line: &str, comment: &str) -> Option<String> {
    let doc = Document::parse(text).ok()?;
    let found = doc.get(table)?.as_table_like()?;
    let at = found.key(key)?.span()?.start;
    if found.iter().filter(|(_, item)| !is_table_with_header(item)).count() == line.lines().count()
        && let Some(cut) = cut_lines(text, &new_table(table, line, comment))
    {
        return Some(cut);
    }
    let text_line = text[line_at(text, at)].trim();
    (text_line == line || text_line == format!("{table}.{line}")).then(|| cut_line(text, at))
}

fn new_table(table: &str, line: &str, comment: &str) -> String {
    format!("\n{comment}\n[{table}]\n{line}")
}

fn is_table_with_header(item: &Item) -> bool {
    item.is_array_of_tables() || item.as_table().is_some_and(|table| !table.is_dotted())
}

/// Where the first value of an item that dotted keys may have made ends.
fn end_of(item: &Item) -> Option<usize> {
    match item {
        Item::Table(table) if table.is_dotted() => end_of(TableLike::iter(table).next()?.1),
        item => Some(item.span()?.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMENT: &str = "# ours";

    fn check(before: &str, after: &str) {
        assert_eq!(insert_key(before, "alias", "x = \"y\"", COMMENT).as_deref(), Some(after), "{before:?}");
        assert_eq!(cut_key(after, "alias", "x", "x = \"y\"", COMMENT).as_deref(), Some(before), "{after:?}");
    }

    #[test]
    fn a_cut_restores_what_was_before_the_insertion() {
        check("", "\n\n# ours\n[alias]\nx = \"y\"");
        check("\n", "\n\n# ours\n[alias]\nx = \"y\"\n");
        check("# only\n", "# only\n\n# ours\n[alias]\nx = \"y\"\n");
        check("# only", "# only\n\n# ours\n[alias]\nx = \"y\"");
        check("a = 1\r\n", "a = 1\r\n\r\n# ours\r\n[alias]\r\nx = \"y\"\r\n");
        check("[alias]", "[alias]\nx = \"y\"");
        check("[alias]\n", "[alias]\nx = \"y\"\n");
        check("[alias] # of mine\nb = 'c'\n", "[alias] # of mine\nx = \"y\"\nb = 'c'\n");
        check("[alias]\r\nb = 'c'", "[alias]\r\nx = \"y\"\r\nb = 'c'");
        check("alias.b = 'c' # d\nz = 1\n", "alias.b = 'c' # d\nalias.x = \"y\"\nz = 1\n");
        check("alias.b = [\n'c'\n]", "alias.b = [\n'c'\n]\nalias.x = \"y\"");
        check("[alias.b]\nc = 1\n", "[alias.b]\nc = 1\n\n# ours\n[alias]\nx = \"y\"\n");
    }

    #[test]
    fn what_was_added_later_stays() {
        let text = "a = 1\n\n# ours\n[alias]\nx = \"y\"\nmine = 'z'\n\n[b]\n";
        let cut = cut_key(text, "alias", "x", "x = \"y\"", COMMENT);
        assert_eq!(cut.as_deref(), Some("a = 1\n\n# ours\n[alias]\nmine = 'z'\n\n[b]\n"));
        let text = "a = 1\n\n# ours\n[alias]\nx = \"y\"\n\n[b]\n";
        assert_eq!(cut_key(text, "alias", "x", "x = \"y\"", COMMENT).as_deref(), Some("a = 1\n\n[b]\n"));
    }

    #[test]
    fn lines_at_the_end_go_and_leave_the_rest() {
        for before in ["", "\n", "a", "a\n", "a\n\n", "a\r\n", "a\r\nb"] {
            for lines in ["# c\nd", "\n# c\nd"] {
                assert_eq!(
                    cut_lines(&append_lines(before, lines), lines).as_deref(),
                    Some(before),
                    "{before:?} {lines:?}"
                );
            }
        }
        assert_eq!(cut_lines(&new_file("\na"), "\na").as_deref(), Some(""));
        assert_eq!(cut_lines("d # c\nd\nd\n", "d\nd\nd"), None);
    }

    #[test]
    fn a_changed_line_is_not_ours() {
        assert_eq!(cut_key("[alias]\nx = \"z\"\n", "alias", "x", "x = \"y\"", COMMENT), None);
    }
}
