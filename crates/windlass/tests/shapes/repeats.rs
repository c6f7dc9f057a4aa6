//! What a run compiles: nothing twice, and nothing that a developer's own commands would compile again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::fixture::{Fixture, LIB, ended, manifest};

/// Notes each call of a compiler that compiles something: the program, and what makes cargo call it anew.
const WRAPPER: &str = "#!/bin/sh
note() {
    line=\"${1##*/}\"
    shift
    while [ $# -gt 0 ]; do
        case \"$1\" in
        --crate-name | --crate-type | --emit) line=\"$line $2\" && shift ;;
        --crate-type=* | --emit=* | --test | opt-level=* | panic=*) line=\"$line $1\" ;;
        feature=*) line=\"$line $1\" ;;
        esac
        shift
    done
    echo \"$line\" >> \"$CALLS\"
}
case \" $* \" in
*' --crate-name ___ '*) ;;
*' --crate-name '*) note \"$@\" ;;
esac
exec \"$@\"
";

const MACROS: &str = "//! Macros.

/// Does nothing.
#[proc_macro]
pub fn nothing(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    Default::default()
}
";

/// A library, one that depends on it, has a build script, an example and tests of its own, a program and macros.
fn workspace() -> Fixture {
    let it = Fixture::empty();
    it.file("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\nexclude = [\"target\"]\n");
    it.file("low/Cargo.toml", &manifest("low", "[features]\nextra = []\n"));
    it.file("low/src/lib.rs", LIB);
    it.file("macros/Cargo.toml", &manifest("macros", "[lib]\nproc-macro = true\n"));
    it.file("macros/src/lib.rs", MACROS);
    let dependencies =
        "[dependencies]\nlow = { path = \"../low\", features = [\"extra\"] }\nmacros = { path = \"../macros\" }\n";
    it.file("high/Cargo.toml", &manifest("high", dependencies));
    it.file("high/build.rs", "fn main() {}\n");
    it.file("high/src/lib.rs", LIB);
    it.file("high/tests/it.rs", "#[test]\nfn adds() {\n    assert_eq!(low::add(1, 1), high::add(1, 1));\n}\n");
    it.file("high/examples/shown.rs", "fn main() {}\n");
    it.file("tool/Cargo.toml", &manifest("tool", "[dependencies]\nhigh = { path = \"../high\" }\n"));
    it.file("tool/src/main.rs", "fn main() {\n    high::add(1, 1);\n}\n");
    it.locked()
}

#[test]
fn no_compiler_call_is_made_twice_neither_in_a_run_nor_by_what_a_developer_runs_next() {
    // Beside the workspace, which would take it for a member.
    let outside = Fixture::empty();
    outside.file("wrapper", WRAPPER);
    fs::set_permissions(outside.path("wrapper"), fs::Permissions::from_mode(0o755)).unwrap();
    outside.file("calls", "");
    let it = workspace();
    let counted = |mut command: Command| {
        let command = command.env("RUSTC_WRAPPER", outside.path("wrapper")).env("CALLS", outside.path("calls"));
        ended(command.current_dir(it.root())).exits(0);
        let calls = outside.read("calls").lines().map(str::to_owned).collect::<Vec<_>>();
        outside.file("calls", "");
        calls
    };
    let cargo = |args: &[&str]| {
        let mut command = crate::fixture::clean("cargo");
        command.args(args);
        command
    };

    // The developer's own comes first: the run has nothing to do again for its tests.
    let mine = counted(cargo(&["test"]));
    assert!(mine.len() >= 10, "{mine:#?}");
    let run = counted(it.command(&["ci"]));
    assert!(run.iter().any(|call| call.starts_with("clippy-driver low ")), "{run:#?}");
    let mut times: BTreeMap<&String, usize> = BTreeMap::new();
    mine.iter().chain(&run).for_each(|call| *times.entry(call).or_default() += 1);
    times.retain(|_, n| *n > 1);
    assert!(times.is_empty(), "{times:#?}\n--- all\n{run:#?}");

    let none: [&str; 0] = [];
    assert_eq!(counted(cargo(&["test"])), none);
    assert_eq!(counted(it.command(&["ci"])), none);
}

/// A build script that is run again when a variable that cargo or rustup set for an xtask is another. `CARGO` is not among
/// them: cargo sets it for nextest too, whoever starts that.
const SENSITIVE: &str = "#[rustfmt::skip]
fn main() {
    for name in [
        \"CARGO_HOME\", \"CARGO_MANIFEST_DIR\", \"CARGO_MANIFEST_PATH\", \"CARGO_PKG_NAME\", \"CARGO_PKG_VERSION\",
        \"LD_LIBRARY_PATH\", \"OUT_DIR\", \"PATH\", \"RUSTUP_HOME\", \"RUSTUP_TOOLCHAIN\", \"RUST_RECURSION_COUNT\",
    ] {
        println!(\"cargo:rerun-if-env-changed={name}\");
    }
}
";

/// An xtask in all but what it does, so that what cargo and rustup set for one is really set: it becomes the program named.
const XTASK: &str = "use std::os::unix::process::CommandExt;

fn main() {
    let program = std::env::var_os(\"PROGRAM\").unwrap();
    let mut command = std::process::Command::new(program);
    panic!(\"{}\", command.args(std::env::args_os().skip(1)).exec());
}
";

#[test]
fn after_a_green_run_by_an_xtask_no_printed_command_compiles_anything() {
    let it = Fixture::empty();
    it.file("Cargo.toml", &manifest("app", "[workspace]\nmembers = [\"xtask\"]\n"));
    it.file("src/lib.rs", LIB);
    it.file("build.rs", SENSITIVE);
    it.file("xtask/Cargo.toml", &manifest("xtask", ""));
    it.file("xtask/build.rs", "fn main() {}\n");
    it.file("xtask/src/main.rs", XTASK);
    let alias =
        "[alias]\nxtask = \"run --quiet --package xtask --profile xtask --\"\n\n[profile.xtask]\ninherits = \"dev\"\n";
    it.file(".cargo/config.toml", alias);
    let it = it.locked();

    let mut xtask = crate::fixture::clean("cargo");
    xtask.args(["xtask", "ci"]).current_dir(it.root()).env("PROGRAM", env!("CARGO_BIN_EXE_windlass"));
    ended(&mut xtask).exits(0);
    let commands = it.commands(&["ci"]);
    assert_eq!(commands.len(), 7, "{commands:#?}");
    for command in commands {
        let pasted = it.shell(&command).exits(0);
        for word in ["Compiling", "Checking", "Documenting", "Running `"] {
            assert!(!pasted.stderr.contains(word), "{command}\n{}", pasted.stderr);
        }
    }
}

#[test]
fn the_toolchain_that_built_the_xtask_is_not_forced_on_the_workspace() {
    let it = Fixture::app();
    let mut command = it.command(&["ci", "--stage", "lock"]);
    command.env("CARGO", "/toolchain/bin/cargo").env("CARGO_MANIFEST_DIR", it.path("xtask"));
    ended(command.env("RUSTUP_TOOLCHAIN", "no-such-toolchain").env("RUSTUP_TOOLCHAIN_SOURCE", "path override"))
        .exits(0);
}
