{
  description = "windlass: a build toolkit for Cargo workspaces";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  # Table of contents: nix/default.nix.
  outputs = inputs: import ./nix inputs;
}
