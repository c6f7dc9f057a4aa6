//! nextest's configuration: what windlass adds below the user's own, and where the JUnit file is in the end.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Value};

/// The JUnit file's name where the workspace does not name one, below the store directory and the profile's name.
const JUNIT: &str = "junit.xml";

/// Why the place of the JUnit file is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The workspace's configuration of nextest is not TOML.
    #[error("`.config/nextest.toml` is not TOML: {reason}")]
    NotToml {
        /// What the parser says.
        reason: String,
    },
    /// A key of it has a value of another kind.
    #[error("`.config/nextest.toml` has something other than a string in `{key}`")]
    NotAString {
        /// The key, with dots.
        key: String,
    },
}

/// What windlass adds, as the text of a tool config file: nextest gives it a lower priority than the workspace's own file.
///
/// `store_dir` is absolute. Without it nextest writes to `target/nextest` below the workspace's root even where cargo's target
/// directory is another.
pub fn tool_config(store_dir: &str) -> String {
    format!(
        "# Written by windlass; what the workspace's .config/nextest.toml says goes before it.\n\
         [store]\n\
         dir = {}\n\
         \n\
         [profile.default.junit]\n\
         path = \"{JUNIT}\"\n",
        Value::from(store_dir)
    )
}

/// Where nextest writes the JUnit file of a run with [`tool_config`]`(store_dir)`.
///
/// `config` is the text of the workspace's `.config/nextest.toml`, if it has one. `profile` is the one in force: nextest also
/// takes it from `NEXTEST_PROFILE`, else it is `default`.
///
/// # Errors
///
/// When `config` is not TOML, or has no string where nextest wants one.
pub fn junit_path(root: &str, config: Option<&str>, store_dir: &str, profile: &str) -> Result<String, ConfigError> {
    let config: DocumentMut = config.unwrap_or_default().parse().map_err(|error: toml_edit::TomlError| {
        ConfigError::NotToml { reason: error.to_string().trim_end().to_owned() }
    })?;
    let store =
        string(&config, &["store", "dir"])?.map_or(Path::new(store_dir).to_owned(), |dir| Path::new(root).join(dir));
    let file = junit_file(&config, profile)?.unwrap_or(JUNIT);
    Ok(store.join(profile).join(file).to_string_lossy().into_owned())
}

/// What a profile, one that it inherits from, or the default profile says, in this order.
fn junit_file<'a>(config: &'a DocumentMut, profile: &str) -> Result<Option<&'a str>, ConfigError> {
    let mut name = profile;
    let mut seen = Vec::new();
    // nextest refuses profiles that inherit from each other in a circle; here they only must not last forever.
    while !seen.contains(&name) {
        if let Some(path) = string(config, &["profile", name, "junit", "path"])? {
            return Ok(Some(path));
        }
        seen.push(name);
        name = string(config, &["profile", name, "inherits"])?.unwrap_or("default");
    }
    Ok(None)
}

fn string<'a>(config: &'a DocumentMut, key: &[&str]) -> Result<Option<&'a str>, ConfigError> {
    let mut item: &Item = config.as_item();
    for part in key {
        let Some(inner) = item.as_table_like().and_then(|table| table.get(part)) else { return Ok(None) };
        item = inner;
    }
    item.as_str().map(Some).ok_or_else(|| ConfigError::NotAString { key: key.join(".") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_config_quotes_its_path() {
        insta::assert_snapshot!(tool_config(r#"/w s/"x"/target/nextest"#), @r##"
        # Written by windlass; what the workspace's .config/nextest.toml says goes before it.
        [store]
        dir = '/w s/"x"/target/nextest'

        [profile.default.junit]
        path = "junit.xml"
        "##);
    }

    /// As nextest 0.9.143 does, profile by profile.
    #[test]
    fn the_user_s_own_place_goes_before_ours() {
        let config = "
            profile.ci.fail-fast = false
            profile.own.junit.path = 'a b/own.xml'
            profile.child.inherits = 'own'
            profile.grandchild.inherits = 'child'
            profile.a.inherits = 'b'
            profile.b.inherits = 'a'
        ";
        let default = "profile.default.junit = { path = 'mine.xml' }";
        let store = "store.dir = 'out/nextest'";
        let cases = [
            (None, "default", "/t/nextest/default/junit.xml"),
            (Some(config), "ci", "/t/nextest/ci/junit.xml"),
            (Some(config), "own", "/t/nextest/own/a b/own.xml"),
            (Some(config), "grandchild", "/t/nextest/grandchild/a b/own.xml"),
            (Some(config), "a", "/t/nextest/a/junit.xml"),
            (Some(default), "ci", "/t/nextest/ci/mine.xml"),
            (Some(store), "default", "/ws/out/nextest/default/junit.xml"),
            (Some("store.dir = '/abs'"), "default", "/abs/default/junit.xml"),
        ];
        for (config, profile, expected) in cases {
            assert_eq!(
                junit_path("/ws", config, "/t/nextest", profile).as_deref(),
                Ok(expected),
                "{config:?} {profile}"
            );
        }
    }

    #[test]
    fn a_config_that_nextest_would_refuse_is_an_error() {
        let error = junit_path("/ws", Some("store = ["), "/t", "default").unwrap_err();
        assert!(error.to_string().starts_with("`.config/nextest.toml` is not TOML: "), "{error}");
        let error = junit_path("/ws", Some("profile.default.junit.path = 1"), "/t", "default").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`.config/nextest.toml` has something other than a string in `profile.default.junit.path`"
        );
    }
}
