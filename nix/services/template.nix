# Fills a text in which `{name}` stands for a value, in one pass: what a value contains is not looked at again.
values: text:
let
  fill =
    part:
    if builtins.isString part then
      part
    else
      let
        name = builtins.head part;
      in
      values.${name} or (throw "`{${name}}` stands for nothing in: ${text}");
in
builtins.concatStringsSep "" (map fill (builtins.split "[{]([a-z_]+)[}]" text))
