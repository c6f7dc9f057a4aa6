# The part of a workspace that cargo is to see: what else changes in its root compiles nothing anew.
root:
let
  leftOut = map (name: "${toString root}/${name}") [
    ".git"
    "flake.lock"
    "flake.nix"
    "result"
    "target"
  ];
in
builtins.path {
  path = root;
  name = "source";
  filter = path: _: !builtins.elem path leftOut;
}
