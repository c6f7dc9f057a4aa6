//! Durations, as people read them.

/// `0.42 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`.
pub fn text(ms: u64) -> String {
    if ms < 995 {
        return format!("0.{:02} s", (ms + 5) / 10);
    }
    if ms < 59_950 {
        let tenths = (ms + 50) / 100;
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let s = (ms + 500) / 1000;
    if s < 3600 {
        return format!("{} min {:02} s", s / 60, s % 60);
    }
    let min = (s + 30) / 60;
    format!("{} h {:02} min", min / 60, min % 60)
}

/// The same for what is only expected, without digits that promise too much: `~0.4 s`, `~12 s`, `~2 min 05 s`.
pub fn rough(ms: u64) -> String {
    match ms {
        0..950 => format!("~0.{} s", ((ms + 50) / 100).max(1)),
        950..59_500 => format!("~{} s", (ms + 500) / 1000),
        _ => format!("~{}", text(ms.max(60_000))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits_the_length_and_rounding_never_shows_sixty() {
        let cases = [
            (0, "0.00 s"),
            (4, "0.00 s"),
            (420, "0.42 s"),
            (994, "0.99 s"),
            (995, "1.0 s"),
            (12_345, "12.3 s"),
            (59_949, "59.9 s"),
            (59_950, "1 min 00 s"),
            (125_000, "2 min 05 s"),
            (3_599_499, "59 min 59 s"),
            (3_599_500, "1 h 00 min"),
            (3_720_000, "1 h 02 min"),
            (90_000_000, "25 h 00 min"),
        ];
        for (ms, expected) in cases {
            assert_eq!(text(ms), expected, "{ms} ms");
        }
    }

    #[test]
    fn what_is_expected_is_rounded() {
        let cases = [(3, "~0.1 s"), (420, "~0.4 s"), (950, "~1 s"), (12_345, "~12 s"), (59_500, "~1 min 00 s")];
        for (ms, expected) in cases {
            assert_eq!(rough(ms), expected, "{ms} ms");
        }
    }
}
