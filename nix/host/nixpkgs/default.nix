# A stand-in for nixpkgs where that cannot be had, as in CI without a network: its names over this machine's programs.
#
#   nix flake check --override-input nixpkgs path:DIR/nixpkgs \
#     --override-input rust-overlay path:DIR/rust-overlay
#
# DIR is a copy of nix/host into which `cargo xtask nix check` has written host.json: all that evaluation knows of the
# machine. It proves the logic of a flake: that it evaluates on each system, and that its shells, packages, checks and
# images do what they say. It does not prove the pins: builders are not sandboxed, find all that is on the machine's
# PATH, and build other bits elsewhere. A name outside the contract (`nix eval path:DIR/nixpkgs#contract`) is not there.
{
  system,
  overlays ? [ ],
  config ? { },
}:
let
  host = import ./host.nix;
  lib = import ./lib.nix;
  contract = import ./contract.nix host;
  base = {
    lib = contract.used "pkgs.lib" (contract.traced "lib" (contract.offered lib));
  }
  // contract.traced "pkgs" (import ./packages.nix { inherit host lib system; });
  final = builtins.foldl' (prev: overlay: prev // overlay final prev) base overlays;
in
builtins.seq config final
