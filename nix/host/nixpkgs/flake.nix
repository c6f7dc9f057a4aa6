{
  description = "host-pkgs: what windlass uses of nixpkgs, over the programs of this machine (see default.nix)";

  outputs =
    { ... }:
    let
      host = import ./host.nix;
      lib = import ./lib.nix;
      contract = import ./contract.nix host;
    in
    {
      lib = contract.traced "lib" (contract.offered lib);
      legacyPackages = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ] (system: import ./. { inherit system; });

      # Every name that there is. What a flake uses beyond it, this stand-in cannot speak for.
      contract = contract.held {
        lib = contract.names "" (contract.offered lib);
        pkgs = [
          "lib"
        ]
        ++ contract.names "" (
          # `nix develop` asks for this one, whatever the flake.
          removeAttrs (import ./packages.nix {
            inherit host lib;
            inherit (host) system;
          }) [ "bashInteractive" ]
        );
      };
    };
}
