#!/bin/sh
# Prepares the server of windlass's own image of PostgreSQL, and becomes it. It takes what the image of a registry takes:
# POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, arguments of the server, and what is in
# /docker-entrypoint-initdb.d. Its data are made already (but for an image that Nix has built), with the role and the database `postgres` and that word for a
# password, once where PGDATA is and once as an archive, for what is mounted there or set as PGDATA instead. What is wanted
# otherwise is changed at the first start.
set -eu

fail() {
  echo "windlass: $1" >&2
  exit 1
}

# Sets `quoted` to a text in quotes of SQL, as which they stand twice in it.
quote() {
  quoted=$2 rest=$1
  while :; do
    case $rest in
      *"$2"*) quoted=$quoted${rest%%"$2"*}$2$2 rest=${rest#*"$2"} ;;
      *) break ;;
    esac
  done
  quoted=$quoted$rest$2
}

# Runs what is in /docker-entrypoint-initdb.d with a server of these arguments that only its own scripts can talk to. It writes
# to a file: who waits for the line that it is ready is to wait for the real one.
run_scripts() {
  export POSTGRES_USER="$user" POSTGRES_DB="$database" PGHOST=/tmp PGPORT=5432
  postgres "$@" -c listen_addresses= -c unix_socket_directories=/tmp -c port=5432 > /tmp/windlass.log 2>&1 &
  server=$!
  until pg_isready -q; do
    if ! kill -0 "$server"; then
      cat /tmp/windlass.log >&2
      fail "the server of the scripts has ended"
    fi
    sleep 0.02
  done
  for file in /docker-entrypoint-initdb.d/*; do
    echo "windlass: running $file" >&2
    case $file in
      *.sh)
        if [ -x "$file" ]; then
          "$file"
        elif command -v bash > /dev/null; then
          bash -e "$file"
        else
          sh -e "$file"
        fi
        ;;
      *.sql) run_sql "$file" ;;
      *.sql.gz)
        gzip -dc "$file" > /tmp/windlass.sql
        run_sql /tmp/windlass.sql
        rm /tmp/windlass.sql
        ;;
      *) echo "windlass: $file is left out: it is neither *.sh nor *.sql nor *.sql.gz" >&2 ;;
    esac
  done
  kill -INT "$server"
  wait "$server" || fail "the server of the scripts did not end well"
  rm /tmp/windlass.log
  unset PGHOST PGPORT
}

run_sql() {
  psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password -U "$user" -d "$database" -f "$1"
}

if [ $# = 0 ] || [ "${1#-}" != "$1" ]; then
  set -- postgres "$@"
fi
case "$1 ${2-}" in
  "postgres --help" | "postgres -?" | "postgres --version" | "postgres -V" | "postgres --describe-config") exec "$@" ;;
  "postgres "*) shift ;;
  *) exec "$@" ;;
esac

# Whoever wants this container may hold the other end of a pipe: when that end is gone, so is the server. It may be gone already:
# to open a pipe for reading waits for one, to open it for both does not.
owned=
if [ -p /run/windlass/alive ]; then
  exec 8<> /run/windlass/alive 9< /run/windlass/alive 8>&-
  owned=1
fi

# Stands where the data are new.
new=$PGDATA/windlass.new
# Stands where they are being unpacked, or somebody was stopped in it.
part=$PGDATA/windlass.part
if [ ! -s "$PGDATA/PG_VERSION" ] || [ -e "$part" ]; then
  mkdir -p "$PGDATA"
  : > "$part"
  if [ -e /usr/lib/windlass/init.sh ]; then
    # An image that Nix builds is the same whenever it is built, which data are not: they are made here.
    rm -rf "$PGDATA/windlass.init"
    sh -eu /usr/lib/windlass/init.sh "$PGDATA/windlass.init" >&2
    chmod 700 "$PGDATA"
    mv "$PGDATA"/windlass.init/* "$PGDATA"
    rmdir "$PGDATA/windlass.init"
    : > "$new"
  else
    tar -xf /usr/lib/windlass/data.tar -C "$PGDATA"
  fi
  rm "$part"
fi

if [ -e "$new" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  password=${POSTGRES_PASSWORD:-}
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$password" ] && [ "$method" != trust ]; then
    fail "POSTGRES_PASSWORD is empty; set it, or POSTGRES_HOST_AUTH_METHOD=trust, which lets everybody in"
  fi
  printf '%s\n' "local all all trust" "local replication all trust" "host all all all $method" > "$PGDATA/pg_hba.conf"

  sql=
  end=';

'
  quote "$user" '"'
  role=$quoted
  quote "$user" "'"
  # A role cannot give itself another name in words of SQL: 10 is the one that the data were made for.
  [ "$user" = postgres ] || sql="UPDATE pg_authid SET rolname = $quoted WHERE oid = 10$end"
  quote "$password" "'"
  case $password in
    postgres) ;;
    '') sql="${sql}ALTER ROLE $role PASSWORD NULL$end" ;;
    *) sql="${sql}ALTER ROLE $role PASSWORD $quoted$end" ;;
  esac
  quote "$database" '"'
  if [ "$database" != postgres ]; then
    read -r major < "$PGDATA/PG_VERSION"
    # Older ones know no other way than to copy files, which is the faster one where nothing is forced to the disk.
    strategy=
    [ "$major" -lt 15 ] || strategy=" STRATEGY file_copy"
    sql="${sql}CREATE DATABASE $quoted$strategy$end"
  fi
  if [ -n "$sql" ]; then
    # A server without clients: some 50 ms, where one with clients takes several times as long.
    printf %s "$sql" | postgres --single -j -F -O -D "$PGDATA" -c exit_on_error=on -c log_checkpoints=off \
      postgres > /dev/null
  fi

  for file in /docker-entrypoint-initdb.d/*; do
    if [ -e "$file" ]; then
      run_scripts "$@"
      break
    fi
  done
  # Data that stays is to be on the disk before the server relies on it: so far nobody has seen to that.
  if [ -n "${WINDLASS_STOP:-}" ] && command -v sync > /dev/null; then
    sync
  fi
  rm "$new"
fi

if [ -n "$owned" ]; then
  # The first process of a container is not sent what it has made no provision for, as a server has not at once.
  ( (read -r _ || :; while kill -"${WINDLASS_STOP:-QUIT}" $$; do sleep 0.05; done) <&9 & )
  exec 9<&-
fi
# The server says so on standard error; who waits for a line on both waits for the real one by this.
echo "database system is ready to accept connections"
exec postgres -c listen_addresses='*' "$@"
