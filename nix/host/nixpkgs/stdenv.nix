# How something is built, and the shell in which one does it by hand.
{
  host,
  lib,
  system,
}:
let
  # A folder, as `nix develop` reads the file `setup` in the folder that the variable `stdenv` names.
  stdenv = "${./stdenv}";

  # What cargo calls it in the names of variables.
  cargoEnvVarTarget = {
    x86_64-linux = "X86_64_UNKNOWN_LINUX_GNU";
    aarch64-linux = "AARCH64_UNKNOWN_LINUX_GNU";
    x86_64-darwin = "X86_64_APPLE_DARWIN";
    aarch64-darwin = "AARCH64_APPLE_DARWIN";
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
    rust.cargoEnvVarTarget = cargoEnvVarTarget.${system};
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
        isShell = true;
        nativeBuildInputs = packages ++ nativeBuildInputs ++ inputs "nativeBuildInputs";
        buildInputs = buildInputs ++ inputs "buildInputs";
        shellHook = lib.concatStringsSep "\n" hooks;
        buildCommand = "export > $out";
      }
    );
}
