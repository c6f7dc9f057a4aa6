//! Which cargo-nextest is wanted, which one is there, and how one gets it.

use semver::Version;
use windlass_plan::Command;

/// The version that is installed where there is none.
pub const PINNED: Version = Version::new(0, 9, 143);

/// The oldest version that will do: `--no-tests` came in 0.9.75, and since 0.9.77 a list says which binaries the profile's
/// `default-filter` leaves out.
pub const MINIMUM: Version = Version::new(0, 9, 77);

/// Why an answer holds no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`cargo nextest --version` answered `{answer}`, which names no version of cargo-nextest")]
pub struct VersionError {
    /// The first line of the answer.
    pub answer: String,
}

/// Compiles [`PINNED`] into `dir`; the binary is `dir/bin/cargo-nextest`. It runs in the root directory rather than in the
/// workspace, whose toolchain file may name a compiler that is too old for it, and builds in `dir/target` even where the user
/// has a target directory for everything.
pub fn install_command(dir: &str) -> Command {
    cargo(dir).args(["install", "--locked", &pinned(), "--root", dir])
}

/// The same with cargo-binstall, which downloads it where it can.
pub fn binstall_command(dir: &str) -> Command {
    cargo(dir).args(["binstall", "--no-confirm", "--locked", &pinned(), "--root", dir])
}

fn cargo(dir: &str) -> Command {
    Command::new("cargo", "/").env("CARGO_TARGET_DIR", format!("{dir}/target"))
}

fn pinned() -> String {
    format!("cargo-nextest@{PINNED}")
}

/// Reads what [`Nextest::version`](crate::Nextest::version) answers.
///
/// # Errors
///
/// When the first line is not `cargo-nextest VERSION …`.
pub fn parse_version(answer: &str) -> Result<Version, VersionError> {
    let line = answer.lines().next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let version = match (words.next(), words.next()) {
        (Some("cargo-nextest"), Some(version)) => Version::parse(version).ok(),
        _ => None,
    };
    version.ok_or_else(|| VersionError { answer: line.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_first_line() {
        let answer = "cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143\nhost: x86_64-unknown-linux-gnu\n";
        assert_eq!(parse_version(answer), Ok(PINNED));
        assert_eq!(parse_version("cargo-nextest 0.9.98-rc.1\n").unwrap().to_string(), "0.9.98-rc.1");
        let error = parse_version("error: no such command: `nextest`\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`cargo nextest --version` answered `error: no such command: `nextest``, which names no version of cargo-nextest"
        );
    }

    #[test]
    fn both_ways_to_install_pin_the_version_and_stay_in_the_directory() {
        assert_eq!(
            install_command("/cache/nextest").shell(),
            "cd / && CARGO_TARGET_DIR=/cache/nextest/target cargo install --locked cargo-nextest@0.9.143 \
             --root /cache/nextest"
        );
        assert_eq!(
            binstall_command("/cache/nextest").shell_here(),
            "CARGO_TARGET_DIR=/cache/nextest/target cargo binstall --no-confirm --locked cargo-nextest@0.9.143 \
             --root /cache/nextest"
        );
    }
}
