# A package of this host's programs: links to them, sourced by the builder.
# shellcheck shell=bash disable=SC2016,SC2154 # the variables are the derivation's, or the script's

# Programs that are unpacked, not installed, are run by a script that says where their libraries are. What links do not
# tell an image is in nix-support, a path a line.
note() {
  mkdir -p "$out/nix-support"
  echo "$2" >> "$out/nix-support/$1"
}

# A shell has the directories of the machine itself: what looks at a program there is to see that, and no link or script of this. What is
# unpacked in windlass's cache windlass finds without.
mkdir -p "$out/nix-support"
: > "$out/nix-support/host-dirs"

mkdir -p "$out/bin"
while IFS=$'\t' read -r name path; do
  if [ ! -x "$path" ]; then
    echo "host-pkgs: \`$name\` of \`$attribute\` is gone, it was $path: run \`cargo xtask nix check\` again" >&2
    exit 1
  elif [ -z "$libraries" ]; then
    ln -s "$path" "$out/bin/$name"
    grep -qxF "${path%/*}" "$out/nix-support/host-dirs" || note host-dirs "${path%/*}"
  else
    printf '#!%s/bin/bash\nexport LD_LIBRARY_PATH=%q${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\nexec %q "$@"\n' \
      "$bash" "${libraries//$'\n'/:}" "$path" > "$out/bin/$name"
    chmod +x "$out/bin/$name"
    note host-programs "$path"
  fi
done <<< "$programs"
[ -z "$libraries" ] || note host-libraries "$libraries"
[ -z "$trees" ] || note host-trees "$trees"
[ -z "$leaveOut" ] || note host-leave-out "$leaveOut"
