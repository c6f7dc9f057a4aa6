//! Texts with placeholders.

use std::fmt;

/// What a placeholder may name, besides `key` and `value` in the pattern of a setting.
pub(crate) const NAMES: [&str; 12] =
    ["data", "run", "prefix", "host", "port", "url", "user", "password", "database", "version", "major", "id"];

/// A text in which `{name}` stands for a value. What else is in braces is text, and a value is not looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// A placeholder that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{{{0}}}` stands for nothing")]
pub struct UnknownName(pub String);

impl Template {
    /// Reads a text whose placeholders are those of every text, and `more`.
    ///
    /// # Errors
    ///
    /// When it has another one.
    pub fn parse(text: &str, more: &[&str]) -> Result<Self, UnknownName> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let behind = &rest[open + 1..];
            let n = behind.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(behind.len());
            if n == 0 || !behind[n..].starts_with('}') {
                plain.push_str(&rest[..=open]);
                rest = behind;
                continue;
            }
            let name = &behind[..n];
            if !NAMES.contains(&name) && !more.contains(&name) {
                return Err(UnknownName(name.to_owned()));
            }
            plain.push_str(&rest[..open]);
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Name(name.to_owned()));
            rest = &behind[n + 1..];
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self { parts })
    }

    /// What its placeholders name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Name(name) => Some(name.as_str()),
        })
    }

    /// The text with its values, in one pass.
    pub(crate) fn render<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        let text = |part: &'_ Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => value(name).unwrap_or_default().to_owned(),
        };
        self.parts.iter().map(text).collect()
    }
}

impl Template {
    /// The text with each placeholder `{name}` as `{service.name}`.
    pub(crate) fn of_service(&self, service: &str) -> String {
        let text = |part: &'_ Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => format!("{{{service}.{name}}}"),
        };
        self.parts.iter().map(text).collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Name(name) => write!(f, "{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(text: &str) -> Result<String, String> {
        let value = |name: &str| match name {
            "port" => Some("5432"),
            "password" => Some("{port}{"),
            _ => Some(""),
        };
        Ok(Template::parse(text, &[]).map_err(|error| error.to_string())?.render(value))
    }

    #[test]
    fn placeholders_are_replaced_once_and_other_braces_stay() {
        let cases = [
            ("{port}", Ok("5432")),
            ("a{port}b{port}c", Ok("a5432b5432c")),
            ("{password}", Ok("{port}{")),
            ("{{port}}", Ok("{5432}")),
            ("authorization { user: x } {}", Ok("authorization { user: x } {}")),
            ("{PORT} {port", Ok("{PORT} {port")),
            ("", Ok("")),
            ("{prot}", Err("`{prot}` stands for nothing")),
            ("{settings}", Err("`{settings}` stands for nothing")),
        ];
        for (text, expected) in cases {
            assert_eq!(rendered(text), expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_template_is_shown_as_it_was_written(text in "[a-z{} ]{0,20}|\\{port\\}[a-z{} ]{0,9}\\{id\\}") {
            if let Ok(template) = Template::parse(&text, &[]) {
                prop_assert_eq!(template.to_string(), text);
            }
        }
    }
}
