# The shells. They set no address of a service: `cargo xtask env` prints the live ones.
{
  pkgs,
  toolchain,
  pins,
  servers,
  programs,
  tools,
  nativeBuildInputs,
  buildInputs,
  shell,
}:
let
  inherit (pkgs) lib;
  linker = import ./linker.nix { inherit pkgs; };
  make =
    packages:
    pkgs.mkShell (
      linker.env
      // {
        inherit nativeBuildInputs buildInputs;
      }
      // shell
      // {
        packages = packages ++ (shell.packages or [ ]);
        # `nix develop` gives a directory that only this user may enter and that goes with the shell, which servers may outlive.
        shellHook = ''
          unset TMPDIR TMP TEMP TEMPDIR
          ${shell.shellHook or ""}
        '';
      }
    );
  slim = [
    toolchain
    pins.cargo-nextest
  ]
  ++ servers
  ++ programs;
in
{
  # What `ci` takes, and no more.
  ci = make slim;
  default = make (lib.unique (slim ++ builtins.attrValues pins ++ tools));
}
