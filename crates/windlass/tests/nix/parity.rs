//! `nix parity`: what drifts.

use crate::fixture::{clean, ended};
use crate::real::copy;

#[test]
fn what_is_not_as_it_is_wanted_is_a_row_that_drifts_and_the_others_are_still_compared() {
    let copy = copy();
    let channel = windlass_nix::toolchain_channel(include_str!("../../../../rust-toolchain.toml")).unwrap();
    let parity = || {
        let mut command = clean(env!("CARGO_BIN_EXE_windlass"));
        // The machine's own stays, whatever the copy's file says.
        command.env("RUSTUP_TOOLCHAIN", &channel).args(["nix", "parity"]).current_dir(copy.path());
        let ended = ended(&mut command);
        (ended.code, ended.stdout, ended.stderr)
    };
    let edit = |file: &str, from: &str, to: &str| {
        let path = copy.path().join(file);
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{before}");
        std::fs::write(path, before.replacen(from, to, 1)).unwrap();
    };
    let (code, said, error) = parity();
    assert_eq!((code, said.contains("DRIFT")), (Some(0), false), "{said}{error}");
    for name in ["rustc", "clippy", "rustfmt", "git", "mold"] {
        assert!(said.contains(&format!("ok      {name}\n")), "{name}\n{said}");
    }
    let [wanted, nix, system] = ["wanted", "nix   ", "system"].map(|of| format!("          {of}      {channel}\n"));
    assert!(said.starts_with(&format!("ok      rustc\n{wanted}{nix}{system}")), "{said}");

    edit("nix/pins.toml", "version = \">=2.30\"", "version = \">=99\"");
    edit("nix/pins.toml", "[tools.curl]", "[tools.wurl]\nfor = \"nobody has it\"\n\n[tools.curl]");
    let (code, said, error) = parity();
    assert_eq!(code, Some(1), "{said}{error}");
    assert_eq!(drifting(&said), ["git", "wurl"], "{said}");
    assert!(said.contains("DRIFT   git\n          wanted      >=99\n          nix         2."), "{said}");
    assert!(said.contains("system      none (nix/pins.toml wants `git` >=99, and there is "), "{said}");
    assert!(
        said.contains(
            "nix         none (nixpkgs has no `wurl`)\n          system      none (nix/pins.toml wants `wurl`"
        ),
        "{said}"
    );

    edit("rust-toolchain.toml", &channel, "1.80.0");
    let (code, said, error) = parity();
    assert_eq!(code, Some(1), "{said}{error}");
    assert_eq!(drifting(&said), ["rustc", "clippy", "rustfmt", "git", "wurl"], "{said}");
    let why = format!("error: rust-toolchain.toml pins 1.80.0, this host has {channel}");
    assert!(said.contains(&why) && said.contains(&system), "{said}");
}

/// The rows that do.
fn drifting(said: &str) -> Vec<&str> {
    said.lines().filter_map(|line| line.strip_prefix("DRIFT   ")).collect()
}
