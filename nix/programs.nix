# The programs of a workspace as packages: one for each crate that has any, and `default`, which is all of them.
{
  lib,
  pkgs,
  root,
  src,
  toolchain,
  nativeBuildInputs,
  buildInputs,
  xtask,
}:
let
  # Read off the manifests and the places where cargo itself looks for programs, as evaluation can start no cargo.
  manifestIn = dir: builtins.fromTOML (builtins.readFile (root + "${dir}/Cargo.toml"));
  top = manifestIn "";
  workspace = top.workspace or { };
  # A `*` stands for any part of a directory's name.
  below =
    part: dir:
    let
      pattern = builtins.replaceStrings [ "." "*" ] [ "[.]" ".*" ] part;
      found = lib.filterAttrs (name: type: type == "directory" && builtins.match pattern name != null) (
        if builtins.pathExists (root + "/${dir}") then builtins.readDir (root + "/${dir}") else { }
      );
    in
    if part == "." || part == "" then
      [ dir ]
    else if builtins.match ".*[*].*" part == null then
      [ "${dir}/${part}" ]
    else
      map (name: "${dir}/${name}") (builtins.attrNames found);
  expand =
    member:
    builtins.foldl' (dirs: part: builtins.concatMap (below part) dirs) [ "" ] (
      lib.splitString "/" member
    );
  excluded = map (dir: "/${dir}") (workspace.exclude or [ ]);
  isMember = dir: !builtins.elem dir excluded && builtins.pathExists (root + "${dir}/Cargo.toml");
  members = builtins.filter isMember (builtins.concatMap expand (workspace.members or [ ]));

  crate =
    dir:
    let
      manifest = manifestIn dir;
      inherit (manifest) package;
      version = package.version or "0.0.0";
      has = place: builtins.pathExists (root + "${dir}/src/${place}");
      hasPrograms = manifest ? bin || (package.autobins or true && (has "main.rs" || has "bin"));
    in
    lib.optional (hasPrograms && package.name != xtask.package or null) {
      inherit (package) name;
      version = if builtins.isString version then version else workspace.package.version or "0.0.0";
      main = package.default-run or (builtins.head (manifest.bin or [ package ])).name;
    };
  crates = builtins.concatMap crate (lib.unique (lib.optional (top ? package) "" ++ members));

  platform = pkgs.makeRustPlatform {
    cargo = toolchain;
    rustc = toolchain;
  };
  build =
    {
      name,
      version,
      names ? [ name ],
      meta ? { },
    }:
    platform.buildRustPackage {
      pname = name;
      inherit version src meta;
      cargoLock = {
        lockFile = root + "/Cargo.lock";
        # The lockfile has the commit of what comes from git, and that is enough.
        allowBuiltinFetchGit = true;
      };
      cargoBuildFlags = map (name: "--package=${name}") names;
      inherit nativeBuildInputs buildInputs;
      # `checks` test it, with the servers that the tests want.
      doCheck = false;
    };
  one =
    {
      name,
      version,
      main,
    }:
    lib.nameValuePair name (build {
      inherit name version;
      meta.mainProgram = main;
    });
  each = builtins.listToAttrs (map one crates);
in
if builtins.length crates == 1 then
  each // { default = each.${(builtins.head crates).name}; }
else if crates != [ ] then
  each
  // {
    default = build {
      name = "programs";
      version = "0";
      names = map (crate: crate.name) crates;
    };
  }
else
  { }
