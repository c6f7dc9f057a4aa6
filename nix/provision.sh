#!/usr/bin/env bash
# Puts Nix into a private prefix for machines that have none: nix-bin of Debian trixie with its libraries, unpacked.
# No root, no daemon, no /nix. The last line on stdout is the folder of its programs; all else goes to stderr.
# It is for checks. Whoever wants Nix to work with installs it from its own installer.
set -euo pipefail

suite=trixie
series=2.26
recipe=1 # counted up when what this script makes changes, so that old prefixes are made anew

cache=${XDG_CACHE_HOME:-${HOME:?neither XDG_CACHE_HOME nor HOME is set}/.cache}/windlass
prefix=$cache/nix
part=$prefix.part

say() { echo "nix/provision.sh: $*" >&2; }
fail() {
  say "$1"
  say "where this cannot work, install Nix from its own installer (2.18 or newer) and put it on PATH"
  exit 1
}

# The prefix is complete when its key, written last, says so. The place belongs to it: the programs name it.
complete() {
  local key
  [ -r "$prefix/key" ] && key=$(< "$prefix/key") && [[ $key == "$recipe $suite $series."*" $prefix" ]]
}

if complete; then
  echo "$prefix/bin"
  exit 0
fi

for tool in apt-get dpkg dpkg-deb flock; do
  command -v "$tool" > /dev/null || fail "this machine has no \`$tool\`: Nix is taken from Debian's packages"
done
arch=$(dpkg --print-architecture)
case $arch in
  amd64 | arm64) ;;
  *) fail "the architecture \`$arch\` is not supported: only amd64 and arm64 are" ;;
esac
keyring=
for candidate in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
  [ ! -r "$candidate" ] || keyring=$candidate
done
[ -n "$keyring" ] || fail "no keyring of Debian in /usr/share/keyrings: install the package debian-archive-keyring"

mkdir -p "$cache"
exec 9> "$prefix.lock"
flock 9
if complete; then
  echo "$prefix/bin"
  exit 0
fi
trap 'rm -rf "$part"' EXIT
rm -rf "$part"
mkdir -p "$part"/{bin,lib,libexec,etc} "$part"/apt/{lists,archives}/partial "$part/root"

# apt with a state of its own: it takes nothing on this machine for installed, and so fetches every library.
: > "$part/apt/status"
cat > "$part/apt/conf" << END
Dir::State "$part/apt";
Dir::State::status "$part/apt/status";
Dir::State::lists "$part/apt/lists";
Dir::Cache "$part/apt";
Dir::Cache::archives "$part/apt/archives";
Dir::Etc::SourceList "$part/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
END
private_apt() { apt-get -c "$part/apt/conf" -qq -y "$@" 9>&- 1>&2; }

# The mirrors are those that this machine's own packages come from.
# shellcheck disable=SC2016 # $(SITE) is apt's
mapfile -t mirrors < <(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
  awk '!/-security\/?$/ && !seen[$0]++')
[ "${#mirrors[@]}" -gt 0 ] || fail "apt has no source of packages: /etc/apt/sources.list and sources.list.d name none"
found=
for mirror in "${mirrors[@]}"; do
  echo "deb [arch=$arch signed-by=$keyring] $mirror $suite main" > "$part/apt/sources.list"
  if private_apt -o APT::Update::Error-Mode=any update; then
    found=$mirror
    break
  fi
  say "no $suite at $mirror"
done
[ -n "$found" ] || fail "no mirror in apt's sources has Debian $suite, or none can be reached: tried ${mirrors[*]}"
private_apt install --download-only --no-install-recommends nix-bin \
  || fail "apt could not fetch nix-bin of Debian $suite"

deb=$(find "$part/apt/archives" -name 'nix-bin_*.deb')
version=$(dpkg-deb --field "$deb" Version)
[[ $version == "$series."* ]] || fail "Debian $suite has nix-bin $version, this script expects $series"
for deb in "$part/apt/archives"/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$part/root" --no-same-owner --keep-directory-symlink
done

# What runs is the one program (the others are names of it), its libraries and their loader; the rest is dropped.
case $arch in
  amd64) triple=x86_64-linux-gnu ;;
  arm64) triple=aarch64-linux-gnu ;;
esac
loader=$(find "$part/root" -type f -name 'ld-linux-*.so.*' -print -quit)
[ -n "$loader" ] || fail "the unpacked libc6 has no loader"
cp "$loader" "$part/libexec/loader"
cp "$part/root/usr/bin/nix" "$part/libexec/nix"
(
  cd "$part"
  libexec/loader --library-path "root/usr/lib/$triple:root/lib/$triple" --list libexec/nix > apt/libraries
  while read -r name _ path _; do
    case $path in root/*) cp -L "$path" "lib/${name##*/}" ;; esac
  done < apt/libraries
) || fail "the unpacked Nix does not find its libraries"
"$part/libexec/loader" --library-path "$part/lib" "$part/libexec/nix" --version >&2 \
  || fail "the unpacked Nix does not run on this machine"

cat > "$part/etc/nix.conf" << 'END'
experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
accept-flake-config = false
allow-import-from-derivation = false
END

# Where the caller names no store and /nix is not ours to write, the store lies in the cache too.
# NIX_BIN_DIR, because Nix asks the system for its own file to run its build hook, and would be told the loader.
for program in "$part/root/usr/bin"/nix{,-*}; do
  name=${program##*/}
  cat > "$part/bin/$name" << END
#!/bin/sh
export NIX_CONF_DIR='$prefix/etc' NIX_BIN_DIR='$prefix/bin'
if [ ! -w /nix ] && [ -z "\${NIX_STORE_DIR-}\${NIX_STATE_DIR-}\${NIX_LOG_DIR-}" ]; then
  own=\${XDG_CACHE_HOME:-\$HOME/.cache}/windlass/nix-store
  export NIX_STORE_DIR="\$own/store" NIX_STATE_DIR="\$own/state" NIX_LOG_DIR="\$own/log"
fi
exec '$prefix/libexec/loader' --argv0 $name --library-path '$prefix/lib' '$prefix/libexec/nix' "\$@"
END
  chmod +x "$part/bin/$name"
done

rm -rf "$part/root" "$part/apt"
rm -rf "$prefix"
echo "$recipe $suite $version $prefix" > "$part/key"
mv "$part" "$prefix"
echo "$prefix/bin"
