//! What a flake gives, by name.

use std::collections::BTreeMap;

use serde_json::Value;

/// The outputs of a flake: what each is, by its name, such as `checks.x86_64-linux.fmt`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    kinds: BTreeMap<String, String>,
}

impl Outputs {
    /// Reads what `nix flake show --json` answers.
    ///
    /// # Errors
    ///
    /// When it is no JSON.
    pub fn parse(answer: &str) -> Result<Self, serde_json::Error> {
        let mut outputs = Self::default();
        outputs.add("", &serde_json::from_str(answer)?);
        Ok(outputs)
    }

    fn add(&mut self, name: &str, value: &Value) {
        let Some(object) = value.as_object() else { return };
        if let Some(kind) = object.get("type").and_then(Value::as_str) {
            self.kinds.insert(name.to_owned(), kind.to_owned());
            return;
        }
        for (key, value) in object {
            self.add(&if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, value);
        }
    }

    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Those of a kind, such as `checks`, that are for a system, by the last part of their names.
    pub fn of(&self, kind: &str, system: &str) -> Vec<&str> {
        let prefix = format!("{kind}.{system}.");
        self.names().filter_map(|name| name.strip_prefix(&prefix)).collect()
    }

    /// The templates, by name.
    pub fn templates(&self) -> Vec<&str> {
        self.names().filter_map(|name| name.strip_prefix("templates.")).collect()
    }

    /// A line for each, with what it is.
    pub fn text(&self) -> String {
        self.kinds.iter().map(|(name, kind)| format!("{name} {kind}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_found_by_what_they_are_for() {
        let recorded = r#"{
            "checks": { "x86_64-linux": { "fmt": { "name": "check-fmt-0", "type": "derivation" } } },
            "formatter": { "x86_64-linux": { "name": "nixfmt", "type": "derivation" } },
            "legacyPackages": { "x86_64-linux": {} },
            "lib": { "type": "unknown" },
            "templates": { "minimal": { "description": "d", "type": "template" } }
        }"#;
        let outputs = Outputs::parse(recorded).unwrap();
        insta::assert_snapshot!(outputs.text(), @"
        checks.x86_64-linux.fmt derivation
        formatter.x86_64-linux derivation
        lib unknown
        templates.minimal template
        ");
        assert_eq!(outputs.of("checks", "x86_64-linux"), ["fmt"]);
        assert_eq!(outputs.of("checks", "aarch64-darwin"), [""; 0]);
        assert_eq!(outputs.templates(), ["minimal"]);
    }
}
