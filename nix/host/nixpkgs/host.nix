# What is known of this machine.
if builtins.pathExists ./host.json then
  builtins.fromJSON (builtins.readFile ./host.json)
else
  throw "host-pkgs: there is no host.json here: `cargo xtask nix check` makes a copy of nix/host that has one"
