# The Rust toolchain that the workspace names in the file that rustup reads too.
{ pkgs, root }:
let
  files = builtins.filter builtins.pathExists [
    (root + "/rust-toolchain.toml")
    (root + "/rust-toolchain")
  ];
in
if files != [ ] then
  pkgs.rust-bin.fromRustupToolchainFile (builtins.head files)
else
  throw ''
    there is no rust-toolchain.toml in the workspace's root, by which Nix and rustup are to have the same Rust; such as
      [toolchain]
      channel = "1.95.0"
      components = ["clippy", "rustfmt"]''
