{
  description = "A library";
  inputs.windlass.url = "@windlass-flake@";
  inputs.nixpkgs.follows = "windlass/nixpkgs";
  outputs = { windlass, ... }: windlass.lib.mkWorkspace { root = ./.; };
}
