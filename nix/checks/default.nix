# What is checked of this flake besides the code: services that start as they are rendered, the linker, and the templates.
{
  lib,
  pkgs,
  mkWorkspace,
}:
let
  inherit (import ../services/definitions.nix { inherit lib; }) shipped;
  booted = import ./boot.nix {
    inherit lib pkgs;
    services = shipped;
  };
in
lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
  linker = import ./linker.nix { inherit pkgs; };
}
// lib.mapAttrs' (name: lib.nameValuePair "service-${name}") booted
// lib.mapAttrs' (name: lib.nameValuePair "template-${name}") (
  import ./templates.nix { inherit lib pkgs mkWorkspace; }
)
