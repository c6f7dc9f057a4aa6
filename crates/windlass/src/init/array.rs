//! One string more, or one less, in an array of a TOML text; every other byte stays.

use toml_edit::{Array, Value};

use super::splice::{cut_line, insert_line_after, line_at, newline};

/// `text` with `word` at the end of `array`, on a line of its own where the array's last element has one. `None` for an
/// array without position.
pub(super) fn push(text: &str, array: &Array, word: &str) -> Option<String> {
    let span = array.span()?;
    let (open, close) = (span.start + 1, span.end - 1);
    let quoted = format!("\"{word}\"");
    let insert = |at: usize, new: &str| format!("{}{new}{}", &text[..at], &text[at..]);

    let Some(last) = array.iter().last() else {
        let nl = newline(text);
        let several_lines = text[open..close].contains('\n');
        return Some(insert(open, &if several_lines { format!("{nl}    {quoted},") } else { quoted }));
    };
    let last = last.span()?;
    let Some((rest_of_line, _)) = text[last.end..close].split_once('\n') else {
        return Some(insert(last.end, &format!(", {quoted}")));
    };

    let line = &text[line_at(text, last.start)];
    let indent = &line[..line.len() - line.trim_start().len()];
    let indent = if line_at(text, last.start).contains(&span.start) { "    " } else { indent };
    let comma_here = rest_of_line.trim_start().starts_with(',');
    let comma_below = !comma_here && has_comma(&text[last.end..close]);
    Some(if comma_here {
        insert_line_after(text, last.end, &format!("{indent}{quoted},"))
    } else if comma_below {
        insert(last.end, &format!(", {quoted}"))
    } else {
        insert_line_after(&insert(last.end, ","), last.end, &format!("{indent}{quoted}"))
    })
}

/// `text` without `word` in `array`; `None` where the array does not have it.
pub(super) fn cut(text: &str, array: &Array, word: &str) -> Option<String> {
    let at = array.iter().position(|value| value.as_str() == Some(word))?;
    let span = array.get(at)?.span()?;
    let remove = |start: usize, end: usize| format!("{}{}", &text[..start], &text[end..]);
    let end_of_previous = at.checked_sub(1).and_then(|i| array.get(i)).and_then(Value::span).map(|span| span.end);
    let start_of_next = array.get(at + 1).and_then(Value::span).map(|span| span.start);
    let with_comma = span.end + usize::from(text[span.end..].starts_with(','));

    let line = text[line_at(text, span.start)].trim();
    let alone = line.trim_end_matches(',') == &text[span.clone()];
    Some(match (end_of_previous, start_of_next) {
        (None, None) => {
            let open = array.span()?.start + 1;
            let own_line = text[open..span.start] == format!("{}    ", newline(text)) && with_comma > span.end;
            remove(if own_line { open } else { span.start }, with_comma)
        }
        (_, Some(_)) if alone => cut_line(text, span.start),
        (Some(_), None) if alone && line.ends_with(',') => cut_line(text, span.start),
        (Some(previous), None) if alone && text[previous..].starts_with(',') => {
            let cut = cut_line(text, span.start);
            format!("{}{}", &cut[..previous], &cut[previous + 1..])
        }
        (_, Some(next)) => remove(span.start, next),
        (Some(previous), None) => remove(previous, span.end),
    })
}

/// Whether a comma stands in this text outside of comments.
fn has_comma(text: &str) -> bool {
    text.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains(',')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml_edit::Document;

    use super::*;

    fn members<R>(text: &str, act: impl FnOnce(&Array) -> R) -> R {
        let doc = Document::parse(text).expect("the text is TOML");
        act(doc["m"].as_array().expect("`m` is an array"))
    }

    fn check(before: &str, after: &str) {
        assert_eq!(members(before, |array| push(before, array, "x")).as_deref(), Some(after), "{before:?}");
        assert_eq!(members(after, |array| cut(after, array, "x")).as_deref(), Some(before), "{after:?}");
    }

    #[test]
    fn a_cut_restores_the_array_that_was() {
        check("m = []", r#"m = ["x"]"#);
        check("m = [ ]\n", "m = [\"x\" ]\n");
        check("m = [\n]\n", "m = [\n    \"x\",\n]\n");
        check("m = [ # none\n  # yet\n]\n", "m = [\n    \"x\", # none\n  # yet\n]\n");
        check(r#"m = ["a"]"#, r#"m = ["a", "x"]"#);
        check(r#"m = [ "a" , ] # c"#, r#"m = [ "a", "x" , ] # c"#);
        check("m = [\n  \"a\",\n  'b', # b\n]\n", "m = [\n  \"a\",\n  'b', # b\n  \"x\",\n]\n");
        check("m = [\n\t\"a\",\n\t\"b\" # b\n]\n", "m = [\n\t\"a\",\n\t\"b\", # b\n\t\"x\"\n]\n");
        check("m = [\r\n  \"a\",\r\n]\r\n", "m = [\r\n  \"a\",\r\n  \"x\",\r\n]\r\n");
        check("m = [\"a\",\n  \"b\"]\n", "m = [\"a\",\n  \"b\", \"x\"]\n");
        check("m = [\"a\", # one, two\n]\n", "m = [\"a\", # one, two\n    \"x\",\n]\n");
        check("m = [\n  \"a\" # one, two\n  , # three\n]\n", "m = [\n  \"a\", \"x\" # one, two\n  , # three\n]\n");
        check("m = [\n  \"a\",\n  # \"b\",\n]\n", "m = [\n  \"a\",\n  \"x\",\n  # \"b\",\n]\n");
    }

    #[test]
    fn a_word_that_somebody_moved_is_cut_all_the_same() {
        let cases = [
            (r#"m = ["x", "a"]"#, r#"m = ["a"]"#),
            (r#"m = ["a", "x", "b"]"#, r#"m = ["a", "b"]"#),
            ("m = [\n  \"x\", # ours\n  \"a\",\n]", "m = [\n  # ours\n  \"a\",\n]"),
            ("m = [\n  \"x\",\n  \"a\",\n]", "m = [\n  \"a\",\n]"),
        ];
        for (text, expected) in cases {
            let cut = members(text, |array| cut(text, array, "x")).expect("the word is there");
            members(&cut, |array| assert!(array.iter().all(|value| value.as_str() != Some("x"))));
            if !text.contains('#') {
                assert_eq!(cut, expected);
            }
        }
    }

    proptest! {
        #[test]
        fn a_push_is_undone_by_its_cut(
            words in proptest::collection::vec("[abc]{1,3}", 0..4),
            gaps in proptest::collection::vec(prop_oneof![
                Just(""), Just(" "), Just("\n"), Just("\n  "), Just(" # c, d\n\t"), Just("\r\n  "), Just("\n\n")
            ], 9),
            trailing: bool,
        ) {
            let mut text = String::from("m = [");
            for (i, word) in words.iter().enumerate() {
                let comma = if i + 1 < words.len() || trailing { "," } else { "" };
                text += &format!("{}\"{word}\"{}{comma}", gaps[2 * i], gaps[2 * i + 1]);
            }
            text += &format!("{}]\n", gaps[8]);
            let pushed = members(&text, |array| push(&text, array, "x")).expect("the array has a place");
            members(&pushed, |array| {
                let found: Vec<_> = array.iter().filter_map(Value::as_str).collect();
                let expected: Vec<_> = words.iter().map(String::as_str).chain(["x"]).collect();
                assert_eq!(found, expected);
            });
            prop_assert_eq!(members(&pushed, |array| cut(&pushed, array, "x")), Some(text));
        }
    }
}
