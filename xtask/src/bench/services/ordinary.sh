#!/bin/sh
# What the entrypoint of a registry's image of PostgreSQL does at each start, as far as time goes: it makes the data, starts a server
# for its own scripts, stops it, and becomes the server.
set -eu
export PGDATA=/tmp/ordinary
echo postgres > /tmp/password
initdb -U postgres --pwfile=/tmp/password --auth-local=trust --auth-host=trust
echo "host all all all trust" >> "$PGDATA/pg_hba.conf"
pg_ctl -o "-c listen_addresses='' -p 5432 -k /tmp" -w start
psql -h /tmp -U postgres -d postgres --no-psqlrc -c "select 1"
pg_ctl -m fast -w stop
exec postgres -c listen_addresses='*' "$@"
