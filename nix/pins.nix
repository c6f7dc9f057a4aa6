# The tools of pins.toml, and of a workspace's own `nix/pins.toml` in their place, that are for this system, by name, each at least
# of its version.
{ pkgs, root }:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) isLinux isDarwin;
  accepts = import ./version.nix { inherit lib; };
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
    in
    if accepts (pin.version or ">=0") package.version then
      package
    else
      throw "nix/pins.toml wants `${name}` ${pin.version}, and nixpkgs has ${package.version} as `${attribute}`";
in
builtins.mapAttrs find (lib.filterAttrs (_: isForThis) tools)
