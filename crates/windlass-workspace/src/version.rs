//! The versions of the toolchain's programs.

use semver::Version;
use windlass_plan::Command;

/// What rustc says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rustc {
    /// Its version.
    pub release: Version,
    /// The target triple it compiles for when nobody says otherwise.
    pub host: String,
}

/// Why an answer holds no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{tool}` answered `{answer}` when asked for its version")]
pub struct VersionError {
    /// The program.
    pub tool: &'static str,
    /// The first line of its answer.
    pub answer: String,
}

/// Asks the rustc of the workspace.
pub fn rustc_version_command(root: &str) -> Command {
    Command::new("rustc", root).arg("-vV")
}

/// Reads what `cargo --version` answers.
///
/// # Errors
///
/// When the answer is not `cargo VERSION …`.
pub fn parse_cargo_version(answer: &str) -> Result<Version, VersionError> {
    let mut words = answer.split_whitespace();
    let named = words.next() == Some("cargo");
    let version = words.next().filter(|_| named).and_then(|version| Version::parse(version).ok());
    version.ok_or_else(|| error("cargo", answer))
}

/// Reads what [`rustc_version_command`] answers.
///
/// # Errors
///
/// When the answer has no `release: VERSION` or no `host: TRIPLE`.
pub fn parse_rustc_version(answer: &str) -> Result<Rustc, VersionError> {
    let field = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let release = field("release:").and_then(|release| Version::parse(release).ok());
    let host = field("host:").map(str::to_owned);
    let rustc = release.zip(host).map(|(release, host)| Rustc { release, host });
    rustc.ok_or_else(|| error("rustc", answer))
}

fn error(tool: &'static str, answer: &str) -> VersionError {
    VersionError { tool, answer: answer.lines().next().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_releases_and_nightlies_are_read() {
        assert_eq!(parse_cargo_version("cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n").unwrap(), Version::new(1, 95, 0));
        assert_eq!(parse_cargo_version("cargo 1.97.0-nightly (4d1f98451 2026-05-15)").unwrap().minor, 97);
        let rustc = parse_rustc_version(include_str!("../tests/fixtures/rustc-version.txt")).unwrap();
        assert_eq!(rustc, Rustc { release: Version::new(1, 95, 0), host: "x86_64-unknown-linux-gnu".into() });
    }

    #[test]
    fn an_answer_without_a_version_is_quoted() {
        let error = parse_cargo_version("error: toolchain 'x' is not installed\nhelp: …").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`cargo` answered `error: toolchain 'x' is not installed` when asked for its version"
        );
        assert!(parse_cargo_version("rustc 1.95.0").is_err());
        assert!(parse_rustc_version("rustc 1.95.0 (59807616e 2026-04-14)").is_err());
    }
}
