# What CI asks of a Cargo workspace, as checks: format, lints, tests and documentation.
{
  lib,
  pkgs,
  root,
  src,
  toolchain,
  packages,
  nextestArgs,
  hasServices,
}:
let
  platform = pkgs.makeRustPlatform {
    cargo = toolchain;
    rustc = toolchain;
  };
  check =
    name: programs: command:
    platform.buildRustPackage {
      pname = "check-${name}";
      version = "0";
      inherit src;
      cargoLock.lockFile = root + "/Cargo.lock";
      nativeBuildInputs = programs;
      buildPhase = ''
        runHook preBuild
        export HOME=$TMPDIR XDG_RUNTIME_DIR=$TMPDIR/run
        mkdir -m 700 "$XDG_RUNTIME_DIR"
        ${command}
        runHook postBuild
      '';
      doCheck = false;
      installPhase = "touch $out";
    };
  # Tests that want servers have them by windlass, in the build too.
  withServices = lib.optionalString hasServices "windlass with -- ";
in
{
  fmt = check "fmt" [ ] "cargo fmt --all --check";
  clippy =
    check "clippy" packages
      "cargo clippy --workspace --all-targets --offline --locked -- --deny warnings";
  test =
    check "test" (packages ++ lib.optional hasServices pkgs.windlass)
      "${withServices}cargo nextest run --workspace --offline --locked --no-tests=pass ${lib.escapeShellArgs nextestArgs}";
  doc =
    check "doc" packages
      ''RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --offline --locked'';
}
