# The part of a workspace that cargo is to see: what else changes compiles nothing anew.
root:
builtins.path {
  path = root;
  name = "source";
  filter =
    path: type:
    let
      name = baseNameOf path;
    in
    !(
      (type == "directory" && (name == "target" || name == ".git"))
      || (type == "symlink" && name == "result")
      || name == "flake.nix"
      || name == "flake.lock"
    );
}
