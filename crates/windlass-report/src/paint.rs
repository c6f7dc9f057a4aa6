//! Colours of a terminal, and lines that never wrap.

use crate::columns::{columns, cut};

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hue {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
}

/// `text` in a colour, if colours are wanted.
pub(crate) fn paint(color: bool, hue: Hue, text: &str) -> String {
    let code = match hue {
        Hue::Plain => return text.to_owned(),
        Hue::Bold => "1",
        Hue::Dim => "2",
        Hue::Red => "1;31",
        Hue::Green => "32",
        Hue::Yellow => "33",
        Hue::Blue => "36",
    };
    if color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// One line of pieces, cut where `width` columns are full.
pub(crate) fn fit(pieces: &[(Hue, String)], width: usize, color: bool) -> String {
    let mut line = String::new();
    let mut room = width;
    for (hue, text) in pieces {
        if columns(text) > room {
            line.push_str(&paint(color, *hue, &cut(text, room)));
            break;
        }
        room -= columns(text);
        line.push_str(&paint(color, *hue, text));
    }
    line
}
