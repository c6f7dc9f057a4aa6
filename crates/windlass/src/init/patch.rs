//! The way from one version of a text to another, in few lines: for a place that has no room for either version.
//!
//! A step is `=N`, keep so many lines; `-N HASH`, drop so many, if they are still those; or `+LINE`, add one.

use similar::{Algorithm, DiffTag};

/// The steps that lead from `from` to `to`.
pub(super) fn between(from: &str, to: &str) -> Vec<String> {
    let (from, to) = (lines(from), lines(to));
    let mut steps = Vec::new();
    for op in similar::capture_diff_slices(Algorithm::Myers, &from, &to) {
        let (tag, old, new) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            steps.push(format!("={}", old.len()));
            continue;
        }
        if !old.is_empty() {
            steps.push(format!("-{} {}", old.len(), hash(&from[old])));
        }
        steps.extend(to[new].iter().map(|line| format!("+{line}")));
    }
    steps
}

/// Goes the steps, from a text that may have changed in the lines that are kept; `None` if they do not fit it.
pub(super) fn apply(steps: &[String], text: &str) -> Option<String> {
    let from = lines(text);
    let (mut rest, mut to) = (from.as_slice(), Vec::new());
    for step in steps {
        match step.split_at_checked(1)? {
            ("+", line) => to.push(line),
            ("=", n) => to.extend_from_slice(take(&mut rest, n)?),
            ("-", dropped) => {
                let (n, known) = dropped.split_once(' ')?;
                if hash(take(&mut rest, n)?) != known {
                    return None;
                }
            }
            _ => return None,
        }
    }
    rest.is_empty().then(|| to.join("\n"))
}

fn take<'a, 'b>(rest: &mut &'a [&'b str], n: &str) -> Option<&'a [&'b str]> {
    let (taken, left) = rest.split_at_checked(n.parse().ok()?)?;
    *rest = left;
    Some(taken)
}

/// Without the `\r` that git may have put there or taken away.
fn lines(text: &str) -> Vec<&str> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
}

/// FNV-1a in 64 bits, because the hashers of std promise no value that stays the same from one release to the next.
fn hash(lines: &[&str]) -> String {
    let bytes = lines.iter().flat_map(|line| line.bytes().chain([b'\n']));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Few different lines, so that there is something to keep.
    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof!["[a-d]", "[ -~]{0,8}", Just(String::new())];
        prop::collection::vec(line, 0..24).prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        #[test]
        fn the_steps_lead_back(before in text(), after in text()) {
            prop_assert_eq!(apply(&between(&after, &before), &after), Some(before));
        }

        #[test]
        fn no_steps_lead_back_from_a_text_that_has_a_line_more_or_less(before in text(), after in text()) {
            let steps = between(&after, &before);
            let more = format!("{after}\n");
            prop_assert_eq!(apply(&steps, &more), None);
            if let Some((less, _)) = after.rsplit_once('\n') {
                prop_assert_eq!(apply(&steps, less), None);
            }
        }
    }

    #[test]
    fn steps_fit_as_long_as_what_they_drop_is_the_same() {
        let steps = between("a\nnew\nb\n", "a\nold\nb\n");
        let cases = [
            ("a\nnew\nb\n", Some("a\nold\nb\n")),
            ("A\nnew\nB\n", Some("A\nold\nB\n")),
            ("a\r\nnew\r\nb\r\n", Some("a\nold\nb\n")),
            ("a\nnewer\nb\n", None),
            ("new\na\nb\n", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(apply(&steps, text).as_deref(), expected, "{text:?}");
        }
        for broken in ["", "=", "-1", "=x", "*1", "é"] {
            assert_eq!(apply(&[broken.to_owned()], "a"), None, "{broken}");
        }
        insta::assert_snapshot!(steps.join("\n"), @r"
        =1
        -1 e54954baa03a5941
        +old
        =2
        ");
    }
}
