# mold, for cargo alone and by the variable that cargo has for it: a library path or compiler flags would reach every program that is
# started in the shell.
{ pkgs }:
let
  inherit (pkgs) lib stdenv;
  # The compiler as linker, for it knows the libraries of the system; `-B` is where it looks for the `ld.mold` that it is told to use.
  # Last, for rustc may ask for a linker of its own, and the last word counts.
  linker = pkgs.writeShellScriptBin "cc-mold" ''
    exec ${stdenv.cc}/bin/cc "$@" -B${pkgs.mold}/bin -fuse-ld=mold
  '';
in
{
  env = lib.optionalAttrs stdenv.hostPlatform.isLinux {
    "CARGO_TARGET_${stdenv.hostPlatform.rust.cargoEnvVarTarget}_LINKER" = lib.getExe linker;
  };
}
