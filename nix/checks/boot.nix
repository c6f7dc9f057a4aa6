# Each of these services is started as process-compose would start it, by what its file says: the command, the probe until it answers,
# and in the end the signal. In between it is asked for something that only it knows.
{
  lib,
  pkgs,
  services,
}:
let
  servers = import ../services/packages.nix { inherit lib pkgs services; };
  inherit
    (import ../services/exports.nix {
      inherit
        lib
        pkgs
        services
        servers
        ;
    })
    processes
    scripts
    ;
  # What a person would ask; the addresses are those that the service exports.
  questions = {
    postgres = ''test "$(psql "$DATABASE_URL" -Atc 'select 6 * 7')" = 42'';
    # Some versions of its client take a URL without a user for one with an empty name.
    redis = ''
      url=''${REDIS_URL/:\/\/:/:\/\/default:}
      redis-cli -u "$url" set answer 42
      test "$(redis-cli -u "$url" get answer)" = 42
    '';
    haproxy = ''curl -sSf "$HAPROXY_URL/healthz"'';
    prometheus = ''curl -sSf "$PROMETHEUS_URL/-/healthy"'';
  };
  boot =
    name: question:
    let
      process = processes.${name};
      # By a shell, as process-compose does it.
      shell = command: "bash -c ${lib.escapeShellArgs [ command ]}";
      start = shell process.command;
      ready = shell process.readiness_probe.exec.command;
      stop = "kill -${toString process.shutdown.signal} $server";
    in
    pkgs.runCommand "service-${name}"
      {
        nativeBuildInputs = [
          servers.${name}
          pkgs.curl
        ];
      }
      ''
        export HOME=$TMPDIR WINDLASS_STATE="$TMPDIR/a state" XDG_RUNTIME_DIR=$TMPDIR/run
        mkdir "$XDG_RUNTIME_DIR"
        # Others may build at the same time, and where nothing keeps builds apart they have the same ports.
        for attempt in 1 2 3 4 5; do
          export WINDLASS_PORT=$((20000 + RANDOM % 12000))
          ${start} > log 2>&1 &
          server=$!
          for i in $(seq 300); do
            if ${ready} 2> ready; then break 2; fi
            kill -0 $server 2> /dev/null || break
            sleep 0.1
          done
          kill $server 2> /dev/null || true
        done
        trap 'kill $server 2> /dev/null || true' EXIT
        if ! ${ready}; then
          cat ready log
          echo "${name} does not answer" >&2
          exit 1
        fi
        eval "$(${scripts.${name}.env})"
        ${question}
        grep -qx '[*]' "$WINDLASS_STATE/.gitignore"
        ${stop}
        for i in $(seq 300); do
          kill -0 $server 2> /dev/null || break
          sleep 0.1
        done
        if kill -0 $server 2> /dev/null; then
          cat log
          echo "${name} does not stop" >&2
          exit 1
        fi
        touch $out
      '';
in
builtins.mapAttrs boot (lib.filterAttrs (name: _: servers ? ${name}) questions)
