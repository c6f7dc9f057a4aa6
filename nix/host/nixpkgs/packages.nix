# All packages and functions, before overlays.
{
  host,
  lib,
  system,
}:
let
  make = import ./stdenv.nix { inherit host lib system; };
  tools = import ./tools.nix { inherit host lib make; };
  write = import ./write.nix { inherit lib make tools; };
  rust = import ./rust.nix { inherit host lib make; };
  image = import ./image.nix {
    inherit
      lib
      make
      system
      write
      ;
  };
in
tools.packages
// write
// rust
// {
  inherit (make) mkShell runCommand;
  stdenv = {
    inherit (make) hostPlatform;
    inherit (tools) cc;
  };
  dockerTools = {
    inherit (image) buildLayeredImage;
  };
}
