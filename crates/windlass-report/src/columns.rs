//! How many columns of a terminal a text takes, near enough: letters of East Asia and emoji take two, marks that join the
//! letter before them none.

/// The columns of `text`.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(of_char).sum()
}

/// As much of `text` as fits in `room` columns, with `…` at its end if that is not all.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += of_char(c);
        if used > room {
            break;
        }
        kept.push(c);
    }
    if room > 0 {
        kept.push('…');
    }
    kept
}

fn of_char(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ if c.is_control() => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_says_so_and_fits() {
        let cases = [
            ("clippy", 6, "clippy"),
            ("clippy", 5, "clip…"),
            ("clippy", 1, "…"),
            ("clippy", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}te\u{301}", 3, "e\u{301}te\u{301}"),
        ];
        for (text, room, expected) in cases {
            assert_eq!(cut(text, room), expected, "{text} in {room}");
            assert!(columns(expected) <= room);
        }
    }
}
