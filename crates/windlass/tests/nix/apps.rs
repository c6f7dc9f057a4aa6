//! The apps of a flake, which L2 runs.

use crate::fixture::{Fixture, clean, ended};
use crate::real::nix;

/// A flake with an app of windlass's name that does what a script says, and one of somebody else's.
const FLAKE: &str = r##"{
  outputs =
    _:
    let
      script =
        name: text:
        derivation {
          inherit name text;
          system = "SYSTEM";
          builder = "/bin/sh";
          PATH = "/usr/bin:/bin";
          args = [
            "-c"
            "printf '%s\n' \"$text\" > $out && chmod +x $out"
          ];
        };
      app = name: text: {
        type = "app";
        program = "${script name text}";
      };
    in
    {
      apps.SYSTEM = {
        ci = app "windlass-ci" "#!/bin/sh\nSCRIPT";
        up = app "upwards" "#!/bin/sh\necho \"up $*\" >> ran";
      };
    };
}
"##;

#[test]
fn an_app_of_windlass_is_run_without_doing_anything_and_no_other_is() {
    let it = Fixture::app();
    let system = format!("{}-linux", std::env::consts::ARCH);
    let path = format!("{}:{}", nix().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let check = |script: &str| {
        it.file("flake.nix", &FLAKE.replace("SYSTEM", &system).replace("SCRIPT", script));
        let mut command = clean(env!("CARGO_BIN_EXE_windlass"));
        ended(command.args(["nix", "check", "--level", "L2"]).env("PATH", &path).current_dir(it.root()))
    };
    let said = check(r#"echo \"ci $*\" >> ran"#).exits(0).stdout;
    assert!(said.contains("0 shells open, 0 packages are built, 1 apps run\nreached  L2\n"), "{said}");
    assert_eq!(it.read("ran"), "ci --dry-run --no-setup\n");

    let said = check("echo no toolchain >&2; exit 3").exits(1).stdout;
    assert!(said.contains("the app `ci` does not run:\nno toolchain\nL2       failed"), "{said}");
    assert!(said.ends_with("\nreached  L1\n"), "{said}");
}
