//! References to what services give.

use std::collections::BTreeMap;

/// A reference to what no service gives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no service gives `{{{0}}}`")]
pub struct UnknownReference(pub String);

/// A text in which `{service.name}` stands for what services give, replaced in one pass. What else is in braces is text.
///
/// # Errors
///
/// When it refers to what is not given.
pub fn fill(text: &str, given: &BTreeMap<String, String>) -> Result<String, UnknownReference> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let behind = &rest[open + 1..];
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let n = behind.find(|c| !is_part(c)).unwrap_or(behind.len());
        let name = &behind[..n];
        if !name.contains('.') || !behind[n..].starts_with('}') {
            filled.push_str(&rest[..=open]);
            rest = behind;
            continue;
        }
        filled.push_str(&rest[..open]);
        filled.push_str(given.get(name).ok_or_else(|| UnknownReference(name.to_owned()))?);
        rest = &behind[n + 1..];
    }
    Ok(filled + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_once_and_other_braces_stay() {
        let given = [("db.url", "postgres://{db.url}"), ("my-cache.port", "1")];
        let given = given.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let cases = [
            ("{db.url}?a={my-cache.port}", Ok("postgres://{db.url}?a=1")),
            ("{{db.url}}", Ok("{postgres://{db.url}}")),
            ("{port} {db.url {DB.URL} {}", Ok("{port} {db.url {DB.URL} {}")),
            ("{db.uri}", Err("no service gives `{db.uri}`")),
        ];
        for (text, expected) in cases {
            let filled = fill(text, &given).map_err(|error| error.to_string());
            assert_eq!(filled, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }
}
