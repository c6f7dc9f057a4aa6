# What a server runs and gives, once its values are known: the same as `Definition::rendered` in Rust, with which a test of nextest's
# profile `nix` compares it. `use` is "test" or "dev".
{ lib }:
let
  template = import ./template.nix;
in
{
  service,
  values,
  use,
}:
let
  known = values // {
    port = toString values.port;
    major = builtins.head (lib.splitString "." values.version);
  };
  all = known // {
    url = template known service.url;
  };
  fill = template all;
  fillAll = map fill;
  fillValues = builtins.mapAttrs (_: fill);
  fillFiles = lib.mapAttrs' (path: text: lib.nameValuePair (fill path) (fill text));

  layers = service.settings or { };
  settings =
    (layers.base or { })
    // (layers.${use} or { })
    // removeAttrs layers [
      "base"
      "test"
      "dev"
    ];
  setting = key: value: map (template { inherit key value; }) (process.setting or [ ]);
  arguments = builtins.concatMap (
    word:
    if word == "{settings}" then
      builtins.concatLists (lib.mapAttrsToList setting settings)
    else
      [ (fill word) ]
  );

  inherit (service) process;
  inherit (service.ready) probe;
  package = service.package or { };
  container = service.container or null;
in
{
  files = fillFiles (process.files or { });
  init = fillAll (process.init or [ ]);
  command = arguments process.command;
  process-env = fillValues (process.env or { });
  env = fillValues (service.export or { });
  inherit (all) url;
  probe =
    if builtins.isList probe then
      fillAll probe
    else if lib.hasPrefix "http " probe then
      fill probe
    else
      probe;
  client = fillAll (package.client or [ ]);
  client-env = fillValues (package.client-env or { });
  container =
    if container == null then
      null
    else
      {
        env = fillValues (container.env or { });
        command = arguments (container.command or [ ]);
        files = fillFiles (container.files or { });
      };
}
