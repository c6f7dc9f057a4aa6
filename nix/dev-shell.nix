# The tools of `cargo xtask ci`: the toolchain that rust-toolchain.toml names, and nextest.
{ pkgs }:
pkgs.mkShell {
  packages = [
    (pkgs.rust-bin.fromRustupToolchainFile ../rust-toolchain.toml)
    pkgs.cargo-nextest
    pkgs.git
  ];
}
