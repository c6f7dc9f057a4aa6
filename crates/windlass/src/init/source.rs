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

    /// The same of another of windlass's packages.
    pub(super) fn of_package(&self, package: &str) -> Self {
        match self {
            Self::Path(dir) => Self::Path(dir.with_file_name(package)),
            other => other.clone(),
        }
    }

    /// Where the value of a dependency in the manifest of a package in `dir` says that it comes from; a directory is absolute.
    pub(super) fn of_dependency(value: &str, dir: &Path) -> Option<Self> {
        let value: toml_edit::Value = value.parse().ok()?;
        let text = |key: &str| Some(value.as_inline_table()?.get(key)?.as_str()?.to_owned());
        let path = text("path").map(|path| Self::Path(dir.join(path)));
        let git = || text("git").map(|url| Self::Git { url, rev: text("rev") });
        let version = || value.as_str().map(str::to_owned).or_else(|| text("version")).map(Self::Version);
        path.or_else(git).or_else(version)
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

/// The value of a dependency on windlass with what it knows of Nix, unless it has features already.
pub(super) fn with_nix(dependency: &str) -> String {
    match dependency.trim_end().strip_suffix('}') {
        Some(_) if dependency.contains("features") => dependency.to_owned(),
        Some(table) => format!("{}, features = [\"nix\"] }}", table.trim_end()),
        None => format!("{{ version = {dependency}, features = [\"nix\"] }}"),
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
            let dependency = source.dependency(Path::new("/ws"));
            assert_eq!(dependency, expected);
            let back = Source::of_dependency(&dependency, Path::new("/ws/xtask")).unwrap();
            assert_eq!(back.dependency(Path::new("/ws")), expected.replace("../vendor", "../xtask/../vendor"));
        }
    }

    #[test]
    fn a_dependency_gets_what_windlass_knows_of_nix() {
        let cases = [
            (r#""0.1""#, r#"{ version = "0.1", features = ["nix"] }"#),
            (r#"{ path = "/w" }"#, r#"{ path = "/w", features = ["nix"] }"#),
            (r#"{ path = "/w", features = [] }"#, r#"{ path = "/w", features = [] }"#),
        ];
        for (dependency, expected) in cases {
            assert_eq!(with_nix(dependency), expected);
            assert_eq!(with_nix(expected), expected);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "latest", "path:", "git:", "https://example.org/w"] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
