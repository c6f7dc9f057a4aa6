# What the flake gives, output by output. `lib`, `templates` and `flakeModules` need no package set, and ask for none.
{
  self,
  nixpkgs,
  rust-overlay,
}:
let
  inherit (nixpkgs) lib;
  mkWorkspace = import ./workspace.nix { inherit nixpkgs rust-overlay; };
  services = {
    inherit (import ./services/definitions.nix { inherit lib; }) shipped declare declared;
    render = import ./services/render.nix { inherit lib; };
  };
  own = mkWorkspace {
    root = self.outPath;
    # Tests start each of these, whatever the configuration declares.
    services = lib.filterAttrs (_: service: service.package ? nix) services.shipped;
    # The others start cargo on workspaces, container engines and apt.
    nextestArgs = [
      "-E"
      "kind(lib) | package(windlass-nix) | package(windlass-services)"
    ];
    tools = pkgs: [ pkgs.shellcheck ];
  };
in
{
  # By name, so that who wants another output evaluates none of these.
  inherit (own)
    devShells
    apps
    formatter
    legacyPackages
    ;

  # The workspace's one program is `windlass`, with a feature that is not one of its own.
  packages = builtins.mapAttrs (_: packages: removeAttrs packages [ "default" ]) own.packages;

  checks = builtins.mapAttrs (
    system: checks:
    checks
    // import ./checks {
      inherit lib mkWorkspace;
      pkgs = own.legacyPackages.${system};
    }
  ) own.checks;

  overlays.default = import ./overlay.nix;

  templates = import ../templates;

  lib = {
    inherit mkWorkspace services;
    # Where a workspace has windlass's crates from that takes them from here.
    source = import ./source.nix ../.;
  };

  flakeModules.default = import ./flake-module.nix { inherit mkWorkspace; };
}
