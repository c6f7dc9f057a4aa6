# The functions of nixpkgs' lib that windlass uses, with the same meaning.
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    elem
    filter
    foldl'
    isAttrs
    isList
    isString
    listToAttrs
    mapAttrs
    match
    removeAttrs
    replaceStrings
    stringLength
    substring
    ;

  warn = builtins.warn or (message: value: builtins.trace "evaluation warning: ${message}" value);

  # The output of a package that holds its programs.
  binOf = package: package.bin or package.out or package;

  escapeRegex =
    let
      special = [
        "\\"
        "."
        "["
        "]"
        "{"
        "}"
        "("
        ")"
        "^"
        "$"
        "?"
        "*"
        "+"
        "|"
      ];
    in
    replaceStrings special (map (character: "\\${character}") special);
in
rec {
  inherit (builtins) concatStringsSep;

  nameValuePair = name: value: { inherit name value; };
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  filterAttrs = keep: set: removeAttrs set (filter (name: !keep name set.${name}) (attrNames set));
  mapAttrsToList = f: set: attrValues (mapAttrs f set);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  recursiveUpdate =
    left: right:
    left
    // mapAttrs (
      name: value:
      if isAttrs value && isAttrs (left.${name} or null) then
        recursiveUpdate left.${name} value
      else
        value
    ) right;

  optional = condition: value: if condition then [ value ] else [ ];
  optionalString = condition: string: if condition then string else "";
  optionalAttrs = condition: set: if condition then set else { };

  unique = foldl' (found: value: if elem value found then found else found ++ [ value ]) [ ];
  flatten = value: if isList value then concatMap flatten value else [ value ];

  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  hasPrefix = prefix: string: substring 0 (stringLength prefix) string == prefix;
  hasSuffix =
    suffix: string:
    let
      start = stringLength string - stringLength suffix;
    in
    start >= 0 && substring start (stringLength string) string == suffix;
  removePrefix =
    prefix: string:
    if hasPrefix prefix string then substring (stringLength prefix) (-1) string else string;
  removeSuffix =
    suffix: string:
    if hasSuffix suffix string then
      substring 0 (stringLength string - stringLength suffix) string
    else
      string;
  splitString =
    separator: string:
    let
      context = substring 0 0 (toString string);
    in
    map (part: context + part) (
      filter isString (builtins.split (escapeRegex (toString separator)) (toString string))
    );

  escapeShellArg =
    argument:
    let
      string = toString argument;
    in
    if match "[[:alnum:],._+:@%/-]+" string == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] string}'"
    else
      string;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;

  versionAtLeast = version: least: builtins.compareVersions version least != -1;

  makeBinPath =
    packages:
    concatMapStringsSep ":" (package: "${binOf package}/bin") (
      filter (package: package != null) packages
    );
  getExe =
    package:
    let
      name = package.pname or (builtins.parseDrvName package.name).name;
      guessed = warn "getExe: `${name}` has no meta.mainProgram: its name is taken" name;
    in
    "${binOf package}/bin/${package.meta.mainProgram or guessed}";

  systems.flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ];
}
