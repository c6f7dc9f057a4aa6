{
  description = "A small HTTP service on PostgreSQL and Redis";
  inputs.windlass.url = "@windlass-flake@";
  inputs.nixpkgs.follows = "windlass/nixpkgs";
  outputs = { windlass, ... }: windlass.lib.mkWorkspace { root = ./.; };
}
