# The tools of pins.toml, and of a workspace's own `nix/pins.toml` in their place, that are for this system, by name, each at least
# of its version.
{ pkgs, root }:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) isLinux isDarwin;
  read = file: (builtins.fromTOML (builtins.readFile file)).tools;
  own = root + "/nix/pins.toml";
  tools = read ./pins.toml // (if builtins.pathExists own then read own else { });
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
