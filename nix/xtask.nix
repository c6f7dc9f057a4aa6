# The package that carries windlass in a workspace, and the words that run it, as `init` makes them; null where there is none.
root:
let
  places = [
    {
      dir = "xtask";
      words = "cargo xtask";
    }
    {
      dir = "xtask-windlass";
      words = "cargo windlass";
    }
  ];
  read =
    { dir, words }:
    let
      file = root + "/${dir}/Cargo.toml";
      manifest = if builtins.pathExists file then builtins.fromTOML (builtins.readFile file) else { };
    in
    if (manifest.dependencies or { }) ? windlass then
      [
        {
          inherit words;
          package = manifest.package.name;
        }
      ]
    else
      [ ];
  found = builtins.concatMap read places;
in
if found == [ ] then null else builtins.head found
