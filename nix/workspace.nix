# `lib.mkWorkspace`: what a flake gives for a Cargo workspace. It reads the workspace's own rust-toolchain.toml, Cargo.toml and
# `.config/windlass.toml`, so that nothing is said twice.
{ nixpkgs, rust-overlay }:
{
  # The workspace's root: `./.` in its flake.nix.
  root,
  # Its services by name, each as the table `[services.NAME]`; those that `.config/windlass.toml` declares unless it is said.
  services ? null,
  # More packages for the shell, of the package set that it is given.
  tools ? _: [ ],
  # More variables and arguments of `mkShell`.
  shell ? { },
  # What the shell's `windlass` is: the package unless the workspace has an xtask that carries windlass.
  windlass ? null,
  # What the check of the tests tells `cargo nextest run`, such as which tests to leave out: builds may have no network.
  nextestArgs ? [ ],
  # Where cargo builds from, if that is not all of `root`.
  src ? import ./source.nix root,
  # What the workspace needs to be compiled, such as `pkgs: [ pkgs.pkg-config ]`, for the shells, the packages and the checks.
  nativeBuildInputs ? _: [ ],
  # What it links, such as `pkgs: [ pkgs.openssl ]`.
  buildInputs ? _: [ ],
  # Further overlays of nixpkgs, and its configuration.
  overlays ? [ ],
  config ? { },
  # Those of the four that nixpkgs still has.
  systems ? builtins.filter (system: builtins.elem system nixpkgs.lib.systems.flakeExposed) [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ],
}:
let
  inherit (nixpkgs) lib;
  definitions = import ./services/definitions.nix { inherit lib; };
  declared = definitions.declared (root + "/.config/windlass.toml");
  wanted = if services == null then declared else builtins.mapAttrs definitions.declare services;
  xtask = import ./xtask.nix root;

  of =
    system:
    let
      pkgs = import nixpkgs {
        inherit system config;
        overlays = [
          rust-overlay.overlays.default
          (import ./overlay.nix)
        ]
        ++ overlays;
      };
      toolchain = import ./toolchain.nix { inherit pkgs root; };
      pins = import ./pins.nix { inherit pkgs root; };
      servers = import ./services/packages.nix {
        inherit lib pkgs;
        services = wanted;
      };
      program =
        if windlass != null then
          windlass
        else if xtask != null then
          null
        else
          pkgs.windlass;
      shells = import ./shells.nix {
        inherit
          pkgs
          toolchain
          pins
          shell
          ;
        servers = builtins.attrValues servers;
        programs = lib.optional (program != null) program;
        tools = tools pkgs;
        nativeBuildInputs = nativeBuildInputs pkgs;
        buildInputs = buildInputs pkgs;
      };
      exports = import ./services/exports.nix {
        inherit lib pkgs servers;
        services = wanted;
      };
      # What all that cargo compiles here is made of.
      compiled = {
        inherit
          lib
          pkgs
          root
          src
          toolchain
          xtask
          ;
        nativeBuildInputs = nativeBuildInputs pkgs;
        buildInputs = buildInputs pkgs;
      };
    in
    {
      devShells = shells;
      packages =
        import ./programs.nix compiled
        // {
          inherit (pkgs) windlass;
        }
        // exports.packages;
      checks = import ./cargo-checks.nix (
        compiled
        // {
          inherit nextestArgs;
          packages = [ pins.cargo-nextest ] ++ builtins.attrValues servers;
          hasServices = declared != { };
        }
      );
      apps = import ./apps.nix {
        inherit
          lib
          pkgs
          program
          toolchain
          xtask
          ;
        packages = [ pins.cargo-nextest ] ++ builtins.attrValues servers;
      };
      formatter = pkgs.nixfmt-tree;
      legacyPackages = pkgs;
    };
  every = lib.genAttrs systems of;
  output = name: builtins.mapAttrs (_: outputs: outputs.${name}) every;
in
lib.genAttrs [
  "devShells"
  "packages"
  "checks"
  "apps"
  "formatter"
  "legacyPackages"
] output
