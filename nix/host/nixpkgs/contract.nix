# The names that there are, and which of them are used: with `"trace": true` in host.json each says so, on stderr.
host:
let
  # A set of names, not something that is built.
  isNested = value: builtins.isAttrs value && value.type or "" != "derivation";
in
rec {
  # What only the stand-in itself uses is not there for others.
  offered =
    lib:
    removeAttrs lib [
      "escapeShellArg"
      "flatten"
      "hasSuffix"
      "optionals"
    ];

  used = path: value: if host.trace then builtins.trace "contract: ${path}" value else value;

  traced =
    path: set:
    builtins.mapAttrs (
      name: value:
      let
        here = "${path}.${name}";
      in
      used here (if isNested value then traced here value else value)
    ) set;

  names =
    prefix: set:
    builtins.concatMap (
      name:
      let
        value = set.${name};
      in
      [ "${prefix}${name}" ] ++ (if isNested value then names "${prefix}${name}." value else [ ])
    ) (builtins.attrNames set);
}
