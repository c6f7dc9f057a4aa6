{
  description = "what windlass uses of rust-overlay, over the toolchain of this machine (see ../nixpkgs/default.nix)";

  # Not read. A flake says that this input follows its own nixpkgs, and Nix warns where there is none.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { ... }:
    let
      host = builtins.fromJSON (builtins.readFile ./host.json);
      inherit (host.rust) sysroot version;

      hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;

      toolchainFor =
        system:
        derivation {
          inherit sysroot system version;
          name = "rust-${version}";
          pname = "rust";
          builder = "/bin/bash";
          outputs = [ "out" ];
          PATH = builtins.concatStringsSep ":" host.path;
          args = [
            "-c"
            ''
              set -e
              mkdir -p $out/bin
              for program in cargo rustc rustdoc rustfmt cargo-fmt clippy-driver cargo-clippy; do
                if [ ! -x "$sysroot/bin/$program" ]; then
                  echo "host-pkgs: the toolchain in $sysroot has no \`$program\`: let rustup add its component" >&2
                  exit 1
                fi
                ln -s "$sysroot/bin/$program" $out/bin
              done
              exit 0
            ''
          ];
        }
        // {
          meta.mainProgram = "rustc";
        };
    in
    {
      overlays.default = _: prev: {
        rust-bin.fromRustupToolchainFile =
          file:
          let
            inherit (builtins.fromTOML (builtins.readFile file)) toolchain;
          in
          if toolchain.channel == version || hasPrefix "${toolchain.channel}." version then
            toolchainFor prev.stdenv.hostPlatform.system
          else
            throw "rust-toolchain.toml pins ${toolchain.channel}, this host has ${version}";
      };
    };
}
