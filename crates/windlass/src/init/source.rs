//! Where an xtask takes windlass from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// `path:DIR`, `git:URL`, `git:URL#REV` or a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A directory: the crate `windlass`, or a checkout that has it in `crates/windlass`.
    Path(PathBuf),
    /// A git repository, at one revision or at the head of its default branch.
    Git {
        /// Its URL.
        url: String,
        /// The revision.
        rev: Option<String>,
    },
    /// A published version, or a requirement on it.
    Version(String),
}

impl Source {
    /// Where this program was built from, if it is a release build from a git repository with a URL.
    pub(super) fn built_from() -> Option<Self> {
        option_env!("WINDLASS_SOURCE")?.parse().ok()
    }

    /// The value of the dependency in the manifest of the package in `root/package`. `Path` must be absolute by now.
    pub(super) fn dependency(&self, root: &Path) -> String {
        match self {
            // A directory of this workspace moves with it; any other is where it is.
            Self::Path(dir) => match dir.strip_prefix(root) {
                Ok(below) => format!("{{ path = {} }}", quoted(&Path::new("..").join(below).to_string_lossy())),
                Err(_) => format!("{{ path = {} }}", quoted(&dir.to_string_lossy())),
            },
            Self::Git { url, rev: None } => format!("{{ git = {} }}", quoted(url)),
            Self::Git { url, rev: Some(rev) } => format!("{{ git = {}, rev = {} }}", quoted(url), quoted(rev)),
            Self::Version(version) => quoted(version),
        }
    }
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("path", dir)) if !dir.is_empty() => Ok(Self::Path(dir.into())),
            Some(("git", url)) if !url.is_empty() => Ok(match url.rsplit_once('#') {
                Some((url, rev)) => Self::Git { url: url.into(), rev: Some(rev.into()) },
                None => Self::Git { url: url.into(), rev: None },
            }),
            None if text
                .trim_start_matches(['=', '^', '~', '>', '<', ' '])
                .starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Ok(Self::Version(text.into()))
            }
            _ => Err("write `path:DIR`, `git:URL`, `git:URL#REV` or a version such as `0.1`".into()),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(dir) => write!(f, "path:{}", dir.display()),
            Self::Git { url, rev: None } => write!(f, "git:{url}"),
            Self::Git { url, rev: Some(rev) } => write!(f, "git:{url}#{rev}"),
            Self::Version(version) => f.write_str(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_becomes_a_dependency() {
        let cases = [
            ("path:/ws/vendor/windlass", r#"{ path = "../vendor/windlass" }"#),
            ("path:/else/where", r#"{ path = "/else/where" }"#),
            ("git:https://example.org/w", r#"{ git = "https://example.org/w" }"#),
            ("git:ssh://git@example.org/w#4f2", r#"{ git = "ssh://git@example.org/w", rev = "4f2" }"#),
            ("0.1", r#""0.1""#),
            (">=0.1, <0.3", r#"">=0.1, <0.3""#),
        ];
        for (text, expected) in cases {
            let source: Source = text.parse().unwrap();
            assert_eq!(source.to_string(), text);
            assert_eq!(source.dependency(Path::new("/ws")), expected);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "latest", "path:", "git:", "https://example.org/w"] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
