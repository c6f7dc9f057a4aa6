# link_tree FROM TO: the folders of FROM made anew below TO, and in them links to what else is in FROM.
# What TO has already stays.
# shellcheck shell=bash
link_tree() {
  local entry
  (cd "$1" && find . -mindepth 1 -type d -printf 'd%P\0' -o -mindepth 1 -printf 'l%P\0') | LC_ALL=C sort -z |
    while IFS= read -rd '' entry; do
      case $entry in
        d*) mkdir -p "$2/${entry:1}" ;;
        l*) [ -e "$2/${entry:1}" ] || [ -L "$2/${entry:1}" ] || ln -s "$1/${entry:1}" "$2/${entry:1}" ;;
      esac
    done
}
