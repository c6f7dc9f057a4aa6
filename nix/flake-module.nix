# An adapter for flake-parts: its option `windlass` takes what `lib.mkWorkspace` takes.
{ mkWorkspace }:
{
  # By these two a module that is imported twice counts once, and errors say where they come from.
  key = "windlass";
  _file = ./flake-module.nix;

  imports = [
    (
      { config, lib, ... }:
      let
        # What the user's own modules set goes before it.
        byDefault = builtins.mapAttrs (_: lib.mkDefault);
        outputs = mkWorkspace (config.windlass // { inherit (config) systems; });
      in
      {
        options.windlass = lib.mkOption {
          type = lib.types.lazyAttrsOf lib.types.raw;
          description = "The arguments of windlass's `lib.mkWorkspace`: at least `root`.";
        };
        config.flake =
          builtins.mapAttrs (_: builtins.mapAttrs (_: byDefault)) (
            removeAttrs outputs [
              "formatter"
              "legacyPackages"
            ]
          )
          // {
            formatter = byDefault outputs.formatter;
            legacyPackages = builtins.mapAttrs (_: byDefault) outputs.legacyPackages;
          };
      }
    )
  ];
}
