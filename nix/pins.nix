# The tools of pins.toml that are for this system, by name, each at least of its version.
{ pkgs }:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) isLinux isDarwin;
  inherit (builtins.fromTOML (builtins.readFile ./pins.toml)) tools;
  isForThis =
    pin: (pin.only or "linux" == "linux" && isLinux) || (pin.only or "darwin" == "darwin" && isDarwin);
  find =
    name: pin:
    let
      attribute = pin.nix or name;
      package =
        pkgs.${attribute} or (throw "nixpkgs has no `${attribute}`, which is `${name}` in nix/pins.toml");
      least = lib.removePrefix ">=" (pin.version or ">=0");
    in
    if lib.versionAtLeast package.version least then
      package
    else
      throw "nix/pins.toml wants `${name}` ${pin.version}, and nixpkgs has ${package.version} as `${attribute}`";
in
builtins.mapAttrs find (lib.filterAttrs (_: isForThis) tools)
