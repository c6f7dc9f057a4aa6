# Files from text, and trees of links.
{
  lib,
  make,
  tools,
}:
let
  inherit (make) runCommand;
  inherit (tools.packages) bash;
  shebang = "#!${bash}/bin/bash\n";

  # At `place` below the output, which may be the output itself; `check` looks at the file `$target`.
  writeFile =
    {
      name,
      text,
      place ? "",
      executable ? false,
      check ? "",
      meta ? { },
    }:
    runCommand name
      {
        inherit text meta;
        passAsFile = [ "text" ];
      }
      ''
        target=$out${lib.escapeShellArg place}
        mkdir -p "$(dirname "$target")"
        cp "$textPath" "$target"
        ${lib.optionalString executable "chmod +x \"$target\""}
        ${check}
      '';

  # bash reads a script without running it.
  parse = "bash -n -O extglob \"$target\"\n";
  program =
    name: text: check:
    writeFile {
      inherit name text;
      place = "/bin/${name}";
      executable = true;
      check = parse + check;
      meta.mainProgram = name;
    };
in
rec {
  writeText = name: text: writeFile { inherit name text; };

  writeShellScript =
    name: text:
    writeFile {
      inherit name;
      text = shebang + text + "\n";
      executable = true;
      check = parse;
    };

  writeShellScriptBin = name: text: program name (shebang + text + "\n") "";

  # Without a shellcheck on this machine, the script is only parsed.
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
    }:
    program name
      ''
        ${shebang}set -o errexit
        set -o nounset
        set -o pipefail
        ${lib.optionalString (runtimeInputs != [ ]) ''

          export PATH="${lib.makeBinPath runtimeInputs}:$PATH"
        ''}
        ${text}
      ''
      (
        lib.optionalString (tools.has "shellcheck") "${lib.getExe tools.packages.shellcheck} \"$target\"\n"
      );

  linkFarm =
    name: entries:
    runCommand name { } ''
      mkdir -p $out
      cd $out
      ${lib.concatMapStringsSep "\n" (entry: ''
        mkdir -p "$(dirname ${lib.escapeShellArg entry.name})"
        ln -s ${lib.escapeShellArg "${entry.path}"} ${lib.escapeShellArg entry.name}
      '') entries}
    '';

  formats.json =
    { }:
    {
      generate = name: value: writeText name (builtins.toJSON value);
    };
}
