# Each template as a workspace of its own: filled as `windlass init --nix` fills it, then its format, lints, tests and
# documentation, and its programs.
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
      find $out -name Cargo.toml -exec \
        sed -i 's|^\([a-z-]*\) = { git = "@windlass-git@"|\1 = { path = "${windlass}/crates/\1"|' {} +
    '';
  checks =
    name: _:
    let
      root = ../../templates + "/${name}";
      workspace = mkWorkspace {
        inherit root;
        src = filled name;
        systems = [ system ];
      };
      inherit (pkgs.stdenv.hostPlatform) system;
      programs = lib.filterAttrs (name: _: name == "default") workspace.packages.${system};
    in
    pkgs.linkFarm "template-${name}" (
      lib.mapAttrsToList (check: path: {
        name = check;
        inherit path;
      }) (workspace.checks.${system} // programs)
    );
in
builtins.mapAttrs checks (import ../../templates)
