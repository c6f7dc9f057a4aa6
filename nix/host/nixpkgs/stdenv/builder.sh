# The builder of every derivation.
# shellcheck shell=bash disable=SC1091,SC2154 # the variables are the derivation's
set -eo pipefail

# Servers refuse root. Where root runs Nix without a daemon, the build becomes nobody's, in a user namespace in which
# root's files are nobody's as well.
if [ "$EUID" = 0 ]; then
  nobody=(unshare --user --map-user=65534 --map-group=65534)
  if ! "${nobody[@]}" true; then
    echo "host-pkgs: root builds here, and user namespaces are forbidden: run Nix as an ordinary user" >&2
    exit 1
  fi
  exec "${nobody[@]}" "$BASH" "$0"
fi

umask 022
source "$stdenv/setup"
genericBuild

# Not left out: bash would run the last program in its own place, and Nix kill it for closing its output before it ends.
exit 0
