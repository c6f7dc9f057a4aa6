#!/bin/sh
# Prepares the server of windlass's own image of Redis, and becomes it. It takes what the image of a registry takes: arguments
# of the server, the first of which may be a file.
set -eu

if [ $# = 0 ] || [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
[ "$1" = redis-server ] || exec "$@"

# Whoever wants this container may hold the other end of a pipe: when that end is gone, so is the server. It may be gone already:
# to open a pipe for reading waits for one, to open it for both does not. The first process of a container is not sent what it has
# made no provision for, as a server has not at once, so that it is told again.
if [ -p /run/windlass/alive ]; then
  exec 8<> /run/windlass/alive 9< /run/windlass/alive 8>&-
  ( (read -r _ || :; while kill -"${WINDLASS_STOP:-TERM}" $$; do sleep 0.05; done) <&9 & )
  exec 9<&-
fi
# Who is outside of the container is let in, unless somebody says otherwise.
case "$*" in
  *protected-mode*) ;;
  *) grep -qs protected-mode "${2:-}" || set -- "$@" --protected-mode no ;;
esac
exec "$@"
