# The packages of services, by the service's name; one that nixpkgs does not have is left to `windlass setup`.
{
  lib,
  pkgs,
  services,
}:
let
  definitions = import ./definitions.nix { inherit lib; };
  accepts = import ../version.nix { inherit lib; };
  find =
    name: service:
    let
      attribute = definitions.attribute service;
      package =
        pkgs.${attribute}
          or (throw "nixpkgs has no `${attribute}`, which `services.${name}.version` = \"${wanted}\" asks for");
      wanted = service.version;
    in
    if accepts wanted package.version then
      package
    else
      throw "`services.${name}.version` is \"${wanted}\", and nixpkgs has ${package.version} as `${attribute}`";
in
builtins.mapAttrs find (
  lib.filterAttrs (_: service: definitions.attribute service != null) services
)
