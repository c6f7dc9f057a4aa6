//! Servers that are compiled from crates.io.

use windlass_plan::Command;

/// Compiles a program into `DIR/root/bin`: its package with a version, and flags. It runs in the root directory rather than in
/// the workspace, whose toolchain file may name a compiler that is too old for it, and builds in `DIR/target`.
pub fn install_command(dir: &str, package: &[String]) -> Command {
    let command = Command::new("cargo", "/").env("CARGO_TARGET_DIR", format!("{dir}/target"));
    command.args(["install", "--locked"]).args(package).args(["--root", &format!("{dir}/root")])
}

#[cfg(test)]
mod tests {
    use super::install_command;

    #[test]
    fn a_server_is_compiled_within_its_directory() {
        let package = ["s3s-fs@0.14.1", "--features", "binary"].map(str::to_owned);
        assert_eq!(
            install_command("/cache/s3.part", &package).shell(),
            "cd / && CARGO_TARGET_DIR=/cache/s3.part/target cargo install --locked s3s-fs@0.14.1 --features binary \
             --root /cache/s3.part/root"
        );
    }
}
