#!/bin/sh
# Prepares the server of windlass's own image of Redis, and becomes it. It takes what the image of a registry takes: arguments
# of the server, the first of which may be a file.
set -eu

if [ $# = 0 ] || [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
[ "$1" = redis-server ] || exec "$@"

# Whoever wants this container may hold the other end of a pipe: when that end is gone, so is the server.
if [ -p /run/windlass/alive ]; then
  exec 9< /run/windlass/alive
  ( (read -r _ || :; kill -TERM $$) <&9 & )
  exec 9<&-
fi
# Who is outside of the container is let in, unless somebody says otherwise.
case "$*" in
  *protected-mode*) ;;
  *) grep -qs protected-mode "${2:-}" || set -- "$@" --protected-mode no ;;
esac
exec "$@"
