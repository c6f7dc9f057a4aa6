# An adapter for flake-parts: its option `windlass` takes what `lib.mkWorkspace` takes.
{ mkWorkspace }:
{
  # By these two a module that is imported twice counts once, and errors say where they come from.
  key = "windlass";
  _file = ./flake-module.nix;

  imports = [
    (
      { config, lib, ... }:
      {
        options.windlass = lib.mkOption {
          type = lib.types.lazyAttrsOf lib.types.raw;
          description = "The arguments of windlass's `lib.mkWorkspace`: at least `root`.";
        };
        config.flake = mkWorkspace (config.windlass // { inherit (config) systems; });
      }
    )
  ];
}
