# What CI asks of a Cargo workspace, as checks: format, lints, tests and documentation.
{
  lib,
  pkgs,
  root,
  src,
  toolchain,
  packages,
  nextestArgs,
  nativeBuildInputs,
  buildInputs,
  xtask,
  hasServices,
}:
let
  # As `ci` has it: features, packages that are left out, whether warnings are errors, and whether the xtask is looked at.
  file = root + "/.config/windlass.toml";
  config = if builtins.pathExists file then builtins.fromTOML (builtins.readFile file) else { };
  ci = config.ci or { };
  features = ci.features or [ ];
  featureArgs =
    if features == "all" then
      [ "--all-features" ]
    else
      lib.optional (features != [ ]) "--features=${lib.concatStringsSep "," features}";
  ownXtask = lib.optional (xtask != null && !(ci.include-xtask or false)) xtask.package;
  # What is left out on one platform only may be built here.
  excluded =
    ownXtask ++ map (it: it.package) (builtins.filter (it: !(it ? platform)) (ci.exclude or [ ]));
  selection = lib.escapeShellArgs (
    [ "--workspace" ] ++ map (name: "--exclude=${name}") excluded ++ featureArgs
  );
  denies = (ci.warnings or "deny") == "deny";
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
      cargoLock = {
        lockFile = root + "/Cargo.lock";
        # The lockfile has the commit of what comes from git, and that is enough.
        allowBuiltinFetchGit = true;
      };
      nativeBuildInputs = programs ++ nativeBuildInputs;
      inherit buildInputs;
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
      "cargo clippy ${selection} --all-targets --offline --locked${lib.optionalString denies " -- --deny warnings"}";
  test =
    check "test" (packages ++ lib.optional hasServices pkgs.windlass)
      "${withServices}cargo nextest run ${selection} --offline --locked --no-tests=pass ${lib.escapeShellArgs nextestArgs}";
  doc =
    check "doc" packages
      "${lib.optionalString denies "RUSTDOCFLAGS='--deny warnings' "}cargo doc ${selection} --no-deps --offline --locked";
}
