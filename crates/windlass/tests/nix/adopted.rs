//! The flake that `init` writes, in a workspace of somebody else's.

use crate::fixture::Fixture;
use crate::real::{call, copy, said_by, windlass};

#[test]
fn its_shells_have_the_toolchain_the_linker_and_the_servers_that_the_configuration_names() {
    let ours = copy();
    // This puts what stands in for nixpkgs below the target directory.
    let opened = windlass(ours.path(), &["develop", "--shell", "ci", "--", "true"]);
    assert_eq!(opened.code, Some(0), "{}", opened.stderr);

    let it = Fixture::app();
    it.shell("git init -q").exits(0);
    let source = format!("path:{}/crates/windlass", ours.path().display());
    it.windlass(&["init", "--nix", "--source", &source]).exits(0);
    // What a shell is made of: of the servers that stand in for nixpkgs', those that are installed nowhere are not on its PATH.
    let line = "command -v cargo | grep -c '^/.*/store/.*-rust-'; \
                for it in cargo-nextest redis postgresql windlass; do printenv nativeBuildInputs | grep -c -- -$it-; done; \
                printenv | grep -c '^CARGO_TARGET_.*_LINKER=.*mold'";
    let in_shell = |shell: &str| {
        it.shell("git add -A").exits(0);
        let mut develop = call(&["develop", shell, "--no-write-lock-file"]);
        for input in ["nixpkgs", "rust-overlay"] {
            let stand_in = format!("path:{}/target/windlass/nix/stand-in/{input}", ours.path().display());
            develop.args(["--override-input", &format!("windlass/{input}"), &stand_in]);
        }
        said_by(develop.args(["-c", "sh", "-c", line]).current_dir(it.root()))
    };
    // The xtask carries windlass: there is no other.
    it.file(".config/windlass.toml", "[services.redis]\n");
    for shell in [".#ci", ".#default"] {
        assert_eq!(in_shell(shell), "1\n1\n1\n0\n0\n1", "{shell}");
    }
    it.file(".config/windlass.toml", "[services.postgres]\n");
    assert_eq!(in_shell(".#ci"), "1\n1\n0\n1\n0\n1");
}
