# What services there are: the files that Rust reads too, and on top of them what a workspace's `.config/windlass.toml` says.
{ lib }:
let
  dir = ../../crates/windlass-services/services;
  read = file: builtins.fromTOML (builtins.readFile (dir + "/${file}"));
in
rec {
  # Those that come with windlass, by name.
  shipped = lib.mapAttrs' (file: _: lib.nameValuePair (lib.removeSuffix ".toml" file) (read file)) (
    builtins.readDir dir
  );

  # What a service is called and how it is when the table `[services.NAME]` says `table`: lists are replaced, tables are joined
  # key by key.
  declare = name: table: defaults // lib.recursiveUpdate (shipped.${name} or { }) table;

  # Those that a configuration file declares, by name; none where there is no file.
  declared =
    file:
    let
      config = if builtins.pathExists file then builtins.fromTOML (builtins.readFile file) else { };
    in
    builtins.mapAttrs declare (config.services or { });

  # The attribute in nixpkgs that has its programs: that of a major version where one is wanted; null if there is none.
  attribute =
    service:
    let
      major = lib.optionalString (!lib.hasPrefix ">=" wanted) (
        builtins.head (lib.splitString "." wanted)
      );
      wanted = service.version;
      package = service.package or { };
    in
    if major != "" && package ? nix-major then
      builtins.replaceStrings [ "{major}" ] [ major ] package.nix-major
    else
      package.nix or null;

  # What a table need not say.
  defaults = {
    version = ">=0";
    url = "tcp://{host}:{port}";
  };
}
