# An image of a service, of the table `image` in its file: a layer for each package, the same whenever it is made, its server not run
# by root. What prepares the server is the script that `windlass services image` puts in too.
{
  lib,
  pkgs,
  name,
  service,
  package,
}:
let
  inherit (service) image container;
  template = import ./template.nix;
  major = builtins.head (lib.splitString "." package.version);
  uid = "999";
  # Below what may be mounted there, and made by the server's user itself: the directory has to be its own.
  data = "${container.data}/data";
  entrypoint = builtins.readFile (../../crates/windlass-services/images + "/${name}.sh");
  # PostgreSQL's data are never the same twice: this makes them at the first start.
  init = lib.optionalString (image ? init) ''
    printf %s ${image.user} > /tmp/password
    ${lib.escapeShellArgs (
      map (template {
        data = "@data@";
        run = "/tmp";
        inherit (image) user;
      }) image.init
    )}
    rm /tmp/password
  '';
in
pkgs.dockerTools.buildLayeredImage {
  inherit (image) name;
  tag = "${major}-nix";
  # A date that everybody has: with that of the day every image would be another one.
  created = "1970-01-01T00:00:01Z";
  contents = [
    package
    pkgs.bash
    pkgs.coreutils
    pkgs.gnugrep
    pkgs.gnused
    pkgs.gnutar
    pkgs.gzip
  ];
  extraCommands = ''
    mkdir -p etc run var usr/local/bin usr/lib/windlass .${container.data}
    ln -s ../run var/run
    mkdir -m 1777 tmp
    echo 'root:x:0:0:root:/:/bin/sh
    ${image.user}:x:${uid}:${uid}:${image.user}:/tmp:/bin/sh' > etc/passwd
    echo 'root:x:0:
    ${image.user}:x:${uid}:' > etc/group
    chmod 1777 .${container.data}
    for dir in ${lib.escapeShellArgs (image.dirs or [ ])}; do
      mkdir -p ".$dir"
      chmod 1777 ".$dir"
    done
    cp ${pkgs.writeText "entrypoint" entrypoint} usr/local/bin/windlass-entrypoint
    chmod 755 usr/local/bin/windlass-entrypoint
  ''
  + lib.optionalString (init != "") ''
    cp ${
      pkgs.writeText "init" (builtins.replaceStrings [ "@data@" ] [ "\"$1\"" ] init)
    } usr/lib/windlass/init.sh
  '';
  config = {
    User = "${uid}:${uid}";
    Entrypoint = [ "/usr/local/bin/windlass-entrypoint" ];
    Cmd = image.command;
    WorkingDir = container.data;
    ExposedPorts."${toString service.port}/tcp" = { };
    Env = [ "PATH=/bin:/usr/bin" ] ++ lib.optional (service.kind == "postgres") "PGDATA=${data}";
  };
}
