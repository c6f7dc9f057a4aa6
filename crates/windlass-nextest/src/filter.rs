//! Expressions of nextest's filter language that name binaries and tests exactly.

use std::fmt::Write;

/// The tests of one binary.
pub fn only_binary(binary_id: &str) -> String {
    format!("binary_id(={})", escaped(binary_id))
}

/// One test of one binary.
pub fn rerun_filter(binary_id: &str, test: &str) -> String {
    format!("{} & test(={})", only_binary(binary_id), escaped(test))
}

/// All tests but those of the binaries named; no expression if none is named. nextest refuses an id that the build does not
/// have.
pub fn without_binaries<'a>(binary_ids: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let named: Vec<String> = binary_ids.into_iter().map(only_binary).collect();
    (!named.is_empty()).then(|| format!("not ({})", named.join(" | ")))
}

/// A name as nextest's `=` operator reads it back: it ends at `)` and `,`, takes `\` as an escape, and drops white space at
/// both ends.
fn escaped(name: &str) -> String {
    let inner = name.trim();
    let start = name.len() - name.trim_start().len();
    let mut text = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        let outer = at < start || at >= start + inner.len();
        match c {
            '\\' | ')' | ',' => text.extend(['\\', c]),
            c if outer || c.is_control() => {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each of these was given to nextest 0.9.143, and selected exactly the test of that name.
    #[test]
    fn odd_names_are_escaped_as_nextest_reads_them() {
        let cases = [
            ("case::a_1", "case::a_1"),
            ("foo::<T>", "foo::<T>"),
            ("a, b (c)", r"a\, b (c\)"),
            ("with space", "with space"),
            (r"back\slash", r"back\\slash"),
            ("sla/sh", "sla/sh"),
            ("#hash", "#hash"),
            ("=e", "=e"),
            ("u{1}", "u{1}"),
            ("a) | test(b", r"a\) | test(b"),
            ("λ", "λ"),
            ("*star*?[x]", "*star*?[x]"),
            (" lead", r"\u{20}lead"),
        ];
        for (name, expected) in cases {
            assert_eq!(escaped(name), expected);
        }
    }

    #[test]
    fn binaries_are_left_out_by_name_and_none_needs_no_filter() {
        assert_eq!(without_binaries([]), None);
        assert_eq!(
            without_binaries(["app::custom", "app::bin/tool"]).as_deref(),
            Some("not (binary_id(=app::custom) | binary_id(=app::bin/tool))")
        );
    }

    /// What nextest makes of the inside of `test(=…)`.
    fn read_back(text: &str) -> String {
        let mut name = String::new();
        let mut chars = text.trim().chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('u') => {
                        let digits: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                        name.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                    }
                    other => name.extend(other),
                },
                ')' | ',' => break,
                c => name.push(c),
            }
        }
        name
    }

    proptest! {
        #[test]
        fn every_name_reads_back_as_itself(name in any::<String>()) {
            prop_assert_eq!(read_back(&escaped(&name)), name);
        }
    }
}
