# Services for those without windlass: a file of process-compose, and images.
{
  lib,
  pkgs,
  services,
  # Their packages, by name: what nixpkgs does not have cannot be exported.
  servers,
}:
let
  script =
    name: package:
    import ./script.nix {
      inherit
        lib
        pkgs
        name
        package
        ;
      service = services.${name};
    };
  scripts = builtins.mapAttrs script servers;
  readyWhen =
    ready: script:
    if builtins.isString ready.probe && lib.hasPrefix "line " ready.probe then
      { ready_log_line = lib.removePrefix "line " ready.probe; }
    else
      {
        readiness_probe = {
          exec.command = "${script.ready}";
          period_seconds = 1;
          failure_threshold = ready.deadline-s or 30;
        };
      };
  process =
    name: script:
    let
      inherit (services.${name}) ready;
    in
    readyWhen ready script
    // {
      command = "${script.start}";
      shutdown.signal =
        {
          INT = 2;
          QUIT = 3;
          KILL = 9;
        }
        .${services.${name}.process.stop or "TERM"} or 15;
      availability.restart = "no";
    };
  processes = builtins.mapAttrs process scripts;
  compose = (pkgs.formats.json { }).generate "process-compose.json" {
    version = "0.5";
    inherit processes;
  };
  # What the services give, for `eval "$(result/bin/services-env)"`.
  env = pkgs.writeShellScript "services-env" (
    "set -e\n" + lib.concatStringsSep "\n" (lib.mapAttrsToList (_: script: "${script.env}") scripts)
  );
  image =
    name: package:
    import ./image.nix {
      inherit
        lib
        pkgs
        name
        package
        ;
      service = services.${name};
    };
  withImage = lib.filterAttrs (
    name: _: pkgs.stdenv.hostPlatform.isLinux && services.${name} ? image
  ) servers;
in
{
  # The checks start these very processes.
  inherit processes scripts;
  packages =
    lib.optionalAttrs (scripts != { }) {
      process-compose = pkgs.linkFarm "process-compose" [
        {
          name = "process-compose.json";
          path = compose;
        }
        {
          name = "bin/services-env";
          path = env;
        }
      ];
    }
    // lib.mapAttrs' (name: package: lib.nameValuePair "image-${name}" (image name package)) withImage;
}
