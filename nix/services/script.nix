# A service as one program that makes what it needs and becomes the server, for those without windlass: its data is below
# `$WINDLASS_STATE` (`.windlass` where it is started), with a password that is made once. `$WINDLASS_PORT` is another port than the
# one that such servers have by custom.
{
  lib,
  pkgs,
  name,
  service,
  package,
}:
let
  render = import ./render.nix { inherit lib; };
  # What only a run knows is a word that no file has, and a variable in the end.
  variables = {
    "@data@" = "data";
    "@run@" = "run";
    "@password@" = "password";
    "@port@" = "port";
  };
  rendered = render {
    inherit service;
    use = "dev";
    values = {
      data = "@data@";
      run = "@run@";
      prefix = "${package}";
      host = "127.0.0.1";
      port = "@port@";
      user = "windlass";
      password = "@password@";
      # The one that is there from the start.
      database =
        {
          postgres = "postgres";
          redis = "0";
        }
        .${service.kind} or "windlass";
      version = package.version;
      id = "windlass-${name}";
    };
  };
  quote =
    text:
    "'"
    + builtins.replaceStrings ([ "'" ] ++ builtins.attrNames variables) (
      [ "'\\''" ] ++ map (variable: "'\"$" + variable + "\"'") (builtins.attrValues variables)
    ) text
    + "'";
  words = lib.concatMapStringsSep " " quote;
  write = path: text: "printf %s ${quote text} > ${quote path}";
  files =
    isOfData:
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList write (
        lib.filterAttrs (path: _: lib.hasPrefix "@data@" path == isOfData) rendered.files
      )
    );
  env = lib.concatStringsSep "\n" (
    lib.mapAttrsToList (variable: value: "export ${variable}=${quote value}") rendered.process-env
  );
  make = lib.optionalString (rendered.init != [ ]) "${words rendered.init} >&2";
  # Where it is.
  place = ''
    set -eu
    umask 077
    state=''${WINDLASS_STATE:-$PWD/.windlass}/${name}
    port=''${WINDLASS_PORT:-${toString service.port}}
    data=$state/data
    # A socket's path may have some hundred characters, which a directory of the state may have used up.
    base=''${XDG_RUNTIME_DIR:-/tmp}/windlass-$(id -u)
    run=$base/$(printf %s "$state" | cksum | cut -d ' ' -f 1)
    export PATH=${
      lib.makeBinPath [
        package
        pkgs.coreutils
        pkgs.curl
        pkgs.gnugrep
      ]
    }''${PATH:+:$PATH}
    ${env}
  '';
  # Who it lets in; nobody before it has been started once.
  known = ''
    ${place}
    password=$(cat "$state/password")
  '';
  protocols = {
    postgres = "PGPASSWORD=$password psql -h 127.0.0.1 -p \"$port\" -U windlass -d postgres -Atc 'select 1'";
    redis = "REDISCLI_AUTH=$password redis-cli -h 127.0.0.1 -p \"$port\" ping | grep -qx PONG";
  };
  inherit (rendered) probe;
  asks =
    if builtins.isList probe then
      words probe
    else if lib.hasPrefix "http " probe then
      "curl -sSf -o /dev/null \"http://127.0.0.1:$port\"${quote (lib.removePrefix "http " probe)}"
    else if lib.hasPrefix "line " probe then
      throw "`services.${name}` is ready when it writes a line, which no command asks"
    else
      protocols.${probe} or "(exec 3<> \"/dev/tcp/127.0.0.1/$port\")";
in
{
  # Becomes the server.
  start = pkgs.writeShellScript "${name}-start" ''
    ${place}
    if [ ! -d "''${state%/*}" ]; then
      mkdir -p "''${state%/*}"
      # Nobody is to commit what is in it, a password among it.
      echo '*' > "''${state%/*}/.gitignore"
    fi
    mkdir -p "$state" "$run"
    if [ ! -O "$base" ] || [ -L "$base" ]; then
      echo "${name}: $base is somebody else's" >&2
      exit 1
    fi
    if [ ! -s "$state/password" ]; then
      head -c 18 /dev/urandom | base64 | tr -dc a-zA-Z0-9 > "$state/password"
    fi
    password=$(cat "$state/password")
    ${files false}
    if [ ! -e "$state/complete" ]; then
      rm -rf "$data"
      mkdir "$data"
      ${files true}
      ${make}
      touch "$state/complete"
    fi
    exec ${words rendered.command}
  '';

  # Passes if the server answers.
  ready = pkgs.writeShellScript "${name}-ready" ''
    ${known}
    ${asks} > /dev/null
  '';

  # Says what the service gives to those who use it, as a shell reads it.
  env = pkgs.writeShellScript "${name}-env" ''
    ${known}
    ${lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        variable: value: "printf 'export %s=%q\\n' ${variable} ${quote value}"
      ) rendered.env
    )}
  '';
}
