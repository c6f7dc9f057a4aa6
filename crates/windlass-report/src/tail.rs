//! The end of a long text.

use crate::ansi;

/// The last lines of `text`, without escape sequences: at most `lines` of them, none longer than `columns` characters.
pub(crate) fn tail(text: &str, lines: usize, columns: usize) -> Vec<String> {
    let text = ansi::strip(text);
    let mut kept: Vec<String> = text.trim_end().lines().rev().take(lines).map(|line| clip(line, columns)).collect();
    kept.reverse();
    kept
}

/// `text` if it has at most `chars` characters, else its beginning and `…`.
pub(crate) fn clip(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `text` on one line, without escape sequences.
pub(crate) fn one_line(text: &str) -> String {
    ansi::strip(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_the_end_in_order() {
        assert_eq!(tail("a\nb\n\u{1b}[31mlong\u{1b}[0m line\n\n", 2, 4), ["b", "long…"]);
        assert_eq!(tail("", 3, 10), Vec::<String>::new());
    }
}
