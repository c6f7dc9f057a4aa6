{
  description = "A library, a program that uses it, and their tasks";
  inputs.windlass.url = "@windlass-flake@";
  inputs.nixpkgs.follows = "windlass/nixpkgs";
  outputs = { windlass, ... }: windlass.lib.mkWorkspace { root = ./.; };
}
