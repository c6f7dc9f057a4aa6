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
        "meta"
      ];
      built = derivation (
        environment
        // {
          inherit stdenv system;
          name = attrs.name or "${attrs.pname}-${attrs.version}";
          # `nix develop` wants a builder of this name, and its outputs said.
          builder = "/bin/bash";
          outputs = [ "out" ];
          args = [ "${stdenv}/builder.sh" ];
          PATH = lib.concatStringsSep ":" host.path;
          nativeBuildInputs = attrs.nativeBuildInputs or [ ];
        }
      );
    in
    built // { meta = attrs.meta or { }; };
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
      packages ? [ ],
      nativeBuildInputs ? [ ],
      buildInputs ? [ ],
      shellHook ? "",
      ...
    }@attrs:
    # It would be taken for a variable.
    assert !attrs ? inputsFrom;
    mkDerivation (
      builtins.removeAttrs attrs [ "packages" ]
      // {
        inherit buildInputs shellHook;
        name = "nix-shell";
        isShell = true;
        nativeBuildInputs = packages ++ nativeBuildInputs;
        buildCommand = "export > $out";
      }
    );
}
