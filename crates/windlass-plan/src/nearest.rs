//! What a name that is not known may have been meant to be.

/// The most similar of `known` names, if one is similar enough to be a slip of the finger.
pub fn nearest(name: &str, known: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(name, known.as_ref()), known));
    let similar = scored.filter(|(score, _)| *score > 0.75);
    similar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_a_slip_of_the_finger_has_a_nearest_name() {
        let cases = [("clipy", Some("clippy")), ("tset", Some("test")), ("zzz", None), ("", None)];
        for (name, expected) in cases {
            assert_eq!(nearest(name, ["clippy", "test", "doc"]).as_deref(), expected, "{name}");
        }
    }
}
