# A dynamically linked program that mold has linked runs, in the environment of the shells and with no library path.
{ pkgs }:
let
  toolchain = pkgs.rust-bin.fromRustupToolchainFile ../../rust-toolchain.toml;
  linker = import ../linker.nix { inherit pkgs; };
in
pkgs.runCommand "linker"
  (
    linker.env
    // {
      nativeBuildInputs = [ toolchain ];
    }
  )
  ''
    export HOME=$TMPDIR CARGO_HOME=$TMPDIR/cargo
    cargo new --quiet --vcs none hello
    cd hello
    cargo build --quiet --offline
    test "$(./target/debug/hello)" = "Hello, world!"
    # It says in itself who linked it.
    if ! grep -aq 'mold [0-9]' target/debug/hello; then
      echo "the program was linked by another linker than mold" >&2
      exit 1
    fi
    # A static program would run whatever the environment lacks. Only that of another has a loader, which says by this what it loads.
    LD_TRACE_LOADED_OBJECTS=1 ./target/debug/hello | tee loaded
    if ! grep -q 'libc[.]so' loaded; then
      echo "the program is not dynamically linked" >&2
      exit 1
    fi
    test -z "''${LD_LIBRARY_PATH:-}"
    touch $out
  ''
