# How something is built, and the shell in which one does it by hand.
{
  host,
  lib,
  system,
}:
let
  # A folder, as `nix develop` reads the file `setup` in the folder that the variable `stdenv` names.
  stdenv = "${./stdenv}";

  # What autoconf calls the system, and Rust: not the same on one of the four.
  config = {
    x86_64-linux = "x86_64-unknown-linux-gnu";
    aarch64-linux = "aarch64-unknown-linux-gnu";
    x86_64-darwin = "x86_64-apple-darwin";
    aarch64-darwin = "arm64-apple-darwin";
  };
  rustcTarget = config // {
    aarch64-darwin = "aarch64-apple-darwin";
  };

  mkDerivation =
    attrs:
    let
      environment = builtins.removeAttrs attrs [
        "env"
        "meta"
        "nativeCheckInputs"
        "passthru"
      ];
      built = derivation (
        environment
        // attrs.env or { }
        // {
          inherit stdenv system;
          name = attrs.name or "${attrs.pname}-${attrs.version}";
          # `nix develop` wants a builder of this name, and its outputs said.
          builder = "/bin/bash";
          outputs = [ "out" ];
          args = [ "${stdenv}/builder.sh" ];
          PATH = lib.concatStringsSep ":" host.path;
          nativeBuildInputs =
            attrs.nativeBuildInputs or [ ]
            ++ lib.optionals (attrs.doCheck or false) (attrs.nativeCheckInputs or [ ]);
        }
      );
    in
    built // attrs.passthru or { } // { meta = attrs.meta or { }; };
in
{
  inherit mkDerivation;

  hostPlatform = {
    inherit system;
    config = config.${system};
    rust.rustcTarget = rustcTarget.${system};
    isLinux = lib.hasSuffix "-linux" system;
    isDarwin = lib.hasSuffix "-darwin" system;
  };

  runCommand =
    name: attrs: buildCommand:
    mkDerivation (
      attrs
      // {
        inherit name buildCommand;
        passAsFile = attrs.passAsFile or [ ] ++ [ "buildCommand" ];
      }
    );

  mkShell =
    {
      name ? "nix-shell",
      packages ? [ ],
      inputsFrom ? [ ],
      nativeBuildInputs ? [ ],
      buildInputs ? [ ],
      shellHook ? "",
      ...
    }@attrs:
    let
      inputs =
        field:
        builtins.filter (input: !builtins.elem input inputsFrom) (
          lib.flatten (builtins.catAttrs field inputsFrom)
        );
      # As in nixpkgs, the hook of the last shell comes first.
      hooks = builtins.foldl' (hooks: input: lib.optional (input ? shellHook) input.shellHook ++ hooks) [
        shellHook
      ] inputsFrom;
    in
    mkDerivation (
      builtins.removeAttrs attrs [
        "packages"
        "inputsFrom"
      ]
      // {
        inherit name;
        nativeBuildInputs = packages ++ nativeBuildInputs ++ inputs "nativeBuildInputs";
        buildInputs = buildInputs ++ inputs "buildInputs";
        shellHook = lib.concatStringsSep "\n" hooks;
        buildCommand = "export > $out";
      }
    );
}
