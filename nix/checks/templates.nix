# Each template as a workspace of its own: filled as `windlass init --nix` fills it, then its format, lints, tests and documentation.
{
  lib,
  pkgs,
  mkWorkspace,
}:
let
  windlass = import ../source.nix ../../.;
  filled =
    name:
    pkgs.runCommand "template-${name}" { } ''
      cp -r ${../../templates + "/${name}"} $out
      chmod -R u+w $out
      for file in $(grep -rl '@windlass-git@' $out || true); do
        sed -i 's|git = "@windlass-git@"|path = "${windlass}/crates/WINDLASS"|; s|^\([a-z-]*\)\(.*\)crates/WINDLASS|\1\2crates/\1|' "$file"
      done
    '';
  checks =
    name: _:
    let
      root = ../../templates + "/${name}";
      workspace = mkWorkspace {
        inherit root;
        src = filled name;
        systems = [ pkgs.stdenv.hostPlatform.system ];
      };
    in
    pkgs.linkFarm "template-${name}" (
      lib.mapAttrsToList (check: path: {
        name = check;
        inherit path;
      }) workspace.checks.${pkgs.stdenv.hostPlatform.system}
    );
in
builtins.mapAttrs checks (import ../../templates)
