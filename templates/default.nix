# Workspaces to begin with: `nix flake init --template URL#NAME`.
{
  minimal = {
    path = ./minimal;
    description = "One library, its tests, and `windlass ci`";
  };
  workspace = {
    path = ./workspace;
    description = "A library, a program that uses it, and an xtask";
  };
  services = {
    path = ./services;
    description = "A small HTTP service, tested on a real PostgreSQL and Redis";
  };
}
