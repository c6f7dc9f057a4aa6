# Adds `windlass`, compiled by the toolchain of its own rust-toolchain.toml; rust-overlay has to stand before it.
final: _:
let
  toolchain = final.rust-bin.fromRustupToolchainFile ../rust-toolchain.toml;
  platform = final.makeRustPlatform {
    cargo = toolchain;
    rustc = toolchain;
  };
  manifest = builtins.fromTOML (builtins.readFile ../Cargo.toml);
in
{
  windlass = platform.buildRustPackage {
    pname = "windlass";
    inherit (manifest.workspace.package) version;
    src = import ./source.nix ../.;
    cargoLock.lockFile = ../Cargo.lock;
    cargoBuildFlags = [
      "--package=windlass"
      "--features=nix"
    ];
    # `checks` test it, with the servers that the tests want.
    doCheck = false;
    meta = {
      description = "A build toolkit for Cargo workspaces";
      mainProgram = "windlass";
    };
  };
}
