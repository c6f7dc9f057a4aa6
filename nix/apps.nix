# `nix run .#ci` and `nix run .#up`: the tasks of that name, with what they need.
{
  lib,
  pkgs,
  program,
  toolchain,
  xtask,
  packages,
}:
let
  # An xtask is the workspace's own windlass.
  words = if program == null then xtask.words else lib.getExe program;
  app = task: description: {
    type = "app";
    program = lib.getExe (
      pkgs.writeShellApplication {
        name = "windlass-${task}";
        runtimeInputs = [
          toolchain
          pkgs.stdenv.cc
        ]
        ++ packages;
        text = ''exec ${words} ${task} "$@"'';
      }
    );
    meta = { inherit description; };
  };
in
{
  ci = app "ci" "Do everything that CI does";
  up = app "up" "Start the workspace's servers for development";
}
