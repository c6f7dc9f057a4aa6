# Crates, built by the toolchain that is given and from the crates that CARGO_HOME holds already: nothing is vendored.
{
  host,
  lib,
  make,
}:
{
  makeRustPlatform =
    { cargo, rustc }:
    {
      # The arguments of nixpkgs that windlass uses; another is a mistake, not ignored.
      buildRustPackage =
        {
          pname,
          version,
          src,
          cargoLock,
          nativeBuildInputs ? [ ],
          buildInputs ? [ ],
          cargoBuildFlags ? [ ],
          # It says that it is `false`: a build that tests is not wanted of this.
          doCheck,
          meta ? { },
          buildPhase ? ''
            cargo build --release --offline --locked ${lib.escapeShellArgs cargoBuildFlags}
          '',
          installPhase ? ''
            mkdir -p $out/bin
            find "$CARGO_TARGET_DIR/release" -maxdepth 1 -type f -executable ! -name '*.so' -exec cp -t $out/bin {} +
          '',
        }:
        assert !doCheck;
        make.mkDerivation {
          inherit
            pname
            version
            src
            buildInputs
            meta
            buildPhase
            installPhase
            ;
          nativeBuildInputs = [
            cargo
            rustc
          ]
          ++ nativeBuildInputs;
          # Vendoring would read it here, so a file that is not there is a mistake there too.
          lockFile = builtins.hashFile "sha256" cargoLock.lockFile;
          # What was fetched, and not what was installed: cargo looks for its subcommands there before it looks on PATH.
          configurePhase = ''
            export CARGO_TARGET_DIR=$PWD/target CARGO_HOME=$TMPDIR/cargo-home
            mkdir "$CARGO_HOME"
            for part in registry git config.toml; do
              [ ! -e ${lib.escapeShellArg host.cargo-home}/$part ] ||
                ln -s ${lib.escapeShellArg host.cargo-home}/$part "$CARGO_HOME"
            done
          '';
        };
    };
}
