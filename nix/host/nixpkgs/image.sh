# Makes a docker-archive: sourced by the builder of an image, in a folder with nothing but the graphs of references.
# shellcheck shell=bash disable=SC1090,SC2154 # the variables and files are the derivation's
libraries=$PWD/layers/libraries
layers=("$libraries")
declare -A placed

fail() {
  echo "host-pkgs: $*" >&2
  exit 1
}

# place PATH: that file, link or tree of the host, and what it needs to run, at its path in $layer; once in an image.
place() {
  local path=$1 target file
  [[ $path != "$NIX_STORE"/* && -z ${placed[$path]-} ]] || return 0
  placed[$path]=1
  mkdir -p "$layer${path%/*}"
  if [ -L "$path" ]; then
    cp -P "$path" "$layer$path"
    target=$(readlink "$path")
    [[ $target == /* ]] || target=${path%/*}/$target
    place "$(realpath -ms "$target")"
  elif [ -d "$path" ]; then
    cp -r "$path" "$layer${path%/*}"
    for file in "${leave_out[@]}"; do
      find "$layer$path" -name "$file" -prune -exec rm -r {} +
    done
    while IFS= read -rd '' file; do needs "$file"; done < <(find "$layer$path" -type f -print0)
  elif [ -e "$path" ]; then
    cp "$path" "$layer$path"
    needs "$path"
  else
    fail "the image needs $path, which is not there"
  fi
}

# needs FILE: places the libraries and the loader of a program, the interpreter of a script.
needs() {
  local magic line word
  # The libraries of a library are among those of the program.
  [ "$layer" != "$libraries" ] || return 0
  LC_ALL=C IFS= read -rN 4 magic < "$1" || return 0
  case $magic in
    $'\x7fELF')
      while IFS= read -r line; do
        case $line in
          *"not found"*) fail "$1 needs a library that is not there: $line" ;;
          *" => /"*" (0x"*) line=${line#*" => "} ;;
          *"/"*" (0x"*) line=${line#"${line%%[![:space:]]*}"} ;;
          *) continue ;;
        esac
        layer=$libraries place "${line%" (0x"*}"
      done < <(LD_LIBRARY_PATH=$library_path ldd "$1" 2> /dev/null || true)
      ;;
    '#!'*)
      IFS= read -r line < "$1"
      for word in ${line#"#!"}; do
        [[ $word == /* ]] || word=$(type -P "$word") || break
        place "$word"
        [[ $word == */env ]] || break
      done
      ;;
  esac
}

# store_paths GRAPH: its store paths, which its other lines only refer to.
store_paths() {
  local path count
  while IFS= read -r path; do
    echo "$path"
    IFS= read -r _
    IFS= read -r count
    while [ "$count" -gt 0 ]; do
      IFS= read -r _
      count=$((count - 1))
    done
  done < "$1"
}

# add STORE_PATH: it, the files of the host that its links lead to, and those that it names.
add() {
  local path=$1 file
  local library_path= leave_out=()
  [ -z "${placed[$path]-}" ] || return 0
  placed[$path]=1
  mkdir -p "$layer$NIX_STORE"
  cp -rP "$path" "$layer$NIX_STORE"
  [ ! -e "$path/nix-support/host-libraries" ] || library_path=$(tr '\n' : < "$path/nix-support/host-libraries")
  [ ! -e "$path/nix-support/host-leave-out" ] || mapfile -t leave_out < "$path/nix-support/host-leave-out"
  while IFS= read -rd '' file; do
    if [ -L "$file" ]; then
      file=$(readlink "$file")
      [[ $file != /* ]] || place "$file"
    else
      needs "$file"
    fi
  done < <(find "$path" \( -type f -o -type l \) -print0 | LC_ALL=C sort -z)
  for file in host-programs host-trees; do
    [ -e "$path/nix-support/$file" ] || continue
    while IFS= read -r file; do place "$file"; done < "$path/nix-support/$file"
  done
}

mkdir -p "$libraries" image
for graph in $graphs graph-config; do
  layer=$PWD/layers/$graph
  layers+=("$layer")
  mkdir "$layer"
  for path in $(store_paths "$graph"); do
    [ "$path" = "$configFile" ] || add "$path"
  done
done

layer=$PWD/layers/root
layers+=("$layer")
mkdir "$layer"
for content in $contents; do
  [ ! -d "$content" ] || link_tree "$content" "$layer"
done
rm -rf "$layer/nix-support"
(cd "$layer" && source "$extraCommandsPath")

names=
sums=
for layer in "${layers[@]}"; do
  [ -n "$(ls -A "$layer")" ] || continue
  tar -c --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner -C "$layer" -f layer.tar .
  sum=$(sha256sum layer.tar)
  sum=${sum%% *}
  names+=,\"$sum/layer.tar\"
  sums+=,\"sha256:$sum\"
  mkdir -p "image/$sum"
  mv layer.tar "image/$sum"
done

printf '{"architecture":"%s","config":%s,"created":"%s","os":"linux","rootfs":{"diff_ids":[%s],"type":"layers"}}' \
  "$architecture" "$(< "$configFile")" "$created" "${sums#,}" > config.json
sum=$(sha256sum config.json)
mv config.json "image/${sum%% *}.json"
printf '[{"Config":"%s.json","Layers":[%s],"RepoTags":["%s:%s"]}]' \
  "${sum%% *}" "${names#,}" "$imageName" "$imageTag" > image/manifest.json
tar -c --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner -C image . | gzip -n -1 > "$out"
