# The names that there are, as contract.txt has them, and which of them are used: with `"trace": true` in host.json each says so, on stderr.
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

  # The lists of names, if they are those that are written down: a name that is put in, or taken away, is to be seen there.
  held =
    lists:
    let
      there = builtins.concatMap (of: map (name: "${of}.${name}") lists.${of}) (builtins.attrNames lists);
      written = builtins.filter (line: builtins.isString line && line != "") (
        builtins.split "\n" (builtins.readFile ./contract.txt)
      );
      marked =
        mark: names: others:
        map (name: mark + name) (builtins.filter (name: !builtins.elem name others) names);
      differences = marked "+" there written ++ marked "-" written there;
    in
    if differences == [ ] then
      lists
    else
      throw "host-pkgs: contract.txt is to have the names that there are: ${toString differences}";
}
