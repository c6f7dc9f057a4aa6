//! Terminal output as text that is safe to show anywhere else.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

const ESC: char = '\u{1b}';
const BEL: char = '\u{7}';
/// ESC `[` in one character.
const CSI: char = '\u{9b}';

/// `text` without escape sequences and without control characters other than tabs and line feeds. A carriage return at the
/// end of a line is dropped, and one within a line, with which a tool draws over what it wrote, becomes a line feed.
///
/// No line feed is ever taken for a part of a sequence, so a sequence that is cut short costs at most its own line.
pub fn strip(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unwanted) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ESC => skip_sequence(&mut rest),
            CSI => skip_to_final(&mut rest, '\u{40}'..='\u{7e}'),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' => kept.push('\n'),
            c if is_unwanted(c) => {}
            c => kept.push(c),
        }
    }
    Cow::Owned(kept)
}

fn is_unwanted(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

/// Skips what follows an ESC: a control sequence, a string that ends at ST or BEL, or a short escape.
fn skip_sequence(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_to_final(rest, '\u{40}'..='\u{7e}');
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = rest.next_if(|c| *c != '\n') {
                if c == BEL || c == ESC && rest.next_if_eq(&'\\').is_some() {
                    break;
                }
            }
        }
        _ => skip_to_final(rest, '\u{30}'..='\u{7e}'),
    }
}

/// Skips parameters and intermediates, and the final character if it stands behind them.
fn skip_to_final(rest: &mut Peekable<Chars<'_>>, last: std::ops::RangeInclusive<char>) {
    while rest.next_if(|c| ('\u{20}'..='\u{3f}').contains(c) && !last.contains(c)).is_some() {}
    rest.next_if(|c| last.contains(c));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sequences_and_control_characters_are_removed() {
        let cases = [
            ("plain\ttext\n", "plain\ttext\n"),
            ("\u{1b}[1;31merror\u{1b}[0m: no", "error: no"),
            ("\u{1b}[38;2;1;2;3mrgb\u{1b}[K", "rgb"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}]8;;https://example.com\u{1b}\\link\u{1b}]8;;\u{7}", "link"),
            ("\u{1b}(Bset\u{1b}7saved", "setsaved"),
            ("\u{1b}]0;never ended\nnext", "\nnext"),
            ("\u{1b}[12\nnext", "\nnext"),
            ("10%\r20%\r\ndone", "10%\n20%\ndone"),
            ("bell\u{7} null\0 back\u{8}", "bell null back"),
            ("\u{1b}", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(strip(text), expected, "{text:?}");
        }
        assert!(matches!(strip("nothing to do\n"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_stripped_holds_no_control_character_and_every_line_feed(text in "[\u{1b}\\[\\]0-9;m\u{9b}\u{7}\\\\a\n]{0,40}") {
            let stripped = strip(&text);
            prop_assert!(!stripped.chars().any(is_unwanted));
            prop_assert_eq!(stripped.matches('\n').count(), text.matches('\n').count());
        }
    }
}
