//! Lines without the escape sequences that color them.

use std::borrow::Cow;

/// A line without its escape sequences.
pub(crate) fn plain(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // `ESC [ parameters letter`
                Some('[') => drop(chars.find(|c| ('@'..='~').contains(c))),
                // `ESC ( set`, which rustfmt writes
                Some('(' | ')') => drop(chars.next()),
                _ => {}
            },
            c => text.push(c),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_stays() {
        let cases = [
            ("plain", "plain"),
            ("\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m\u{1b}[1m: no\u{1b}[0m", "error: no"),
            ("\u{1b}[31m-fn main() {\u{1b}(B\u{1b}[m", "-fn main() {"),
            ("cut \u{1b}[38;5", "cut "),
            ("cut \u{1b}", "cut "),
        ];
        for (line, expected) in cases {
            assert_eq!(plain(line), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_plain_line_has_no_escapes_and_stays_as_it_is(line in "(\u{1b}|\\[|m|\\PC){0,30}") {
            let once = plain(&line).into_owned();
            proptest::prop_assert!(!once.contains('\x1b'));
            proptest::prop_assert_eq!(plain(&once), once.as_str());
        }
    }
}
