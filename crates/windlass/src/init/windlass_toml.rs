//! `.config/windlass.toml`: every key with its default, as comments.

use super::edit::Edit;

/// The file, relative to the workspace's root.
pub(super) const PATH: &str = ".config/windlass.toml";

/// What is written: a file that says what there is to say, and changes nothing.
pub(crate) const TEXT: &str = include_str!("windlass.toml");

/// The change that adds the file; none where there is one.
pub(super) fn edit(before: Option<&str>) -> Option<Edit> {
    before.is_none().then(|| Edit {
        path: PATH.into(),
        before: None,
        after: Some(TEXT.into()),
        what: "the defaults, as comments",
    })
}

/// The change that removes the file; `Err` where somebody has written in it.
pub(super) fn removal(before: &str) -> Result<Edit, ()> {
    let edit = Edit { path: PATH.into(), before: Some(before.into()), after: None, what: "the defaults, as comments" };
    if before.replace("\r\n", "\n") == TEXT { Ok(edit) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Config};

    #[test]
    fn the_file_changes_nothing() {
        assert_eq!(config::parse(TEXT, PATH).ok(), Some(Config::default()));
        assert_eq!(edit(Some("")), None);
    }

    #[test]
    fn every_key_that_stands_there_as_a_comment_is_one() {
        let is_toml = |line: &str| line.starts_with("# [") || line.starts_with("# ") && line.contains(" = ");
        let lines = TEXT.lines().map(|line| if is_toml(line) { &line[2..] } else { line });
        let text = lines.collect::<Vec<_>>().join("\n");
        let config = config::parse(&text, PATH).map_err(|error| error.to_string()).unwrap();
        assert_eq!((config.ci.steps.len(), config.ci.exclude.len(), config.services.len()), (1, 1, 1));
        let Config { ci, services, nix } = Config::default();
        assert!(services.is_empty());
        assert_eq!((config.nix.reads, config.nix.slow), (nix.reads, nix.slow));
        assert_eq!((config.ci.skip, config.ci.warnings, config.ci.timeout_s), (ci.skip, ci.warnings, ci.timeout_s));
        assert_eq!((config.ci.setup, config.ci.include_xtask), (ci.setup, ci.include_xtask));
    }
}
