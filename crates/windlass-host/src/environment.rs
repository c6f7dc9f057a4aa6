//! The environment that children inherit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// What cargo sets for the program that `cargo run` starts. `CARGO_HOME` is not among them: it may be the user's own, and
/// where it is rustup's it says the same to every command.
const SET_BY_CARGO: [&str; 8] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_RUSTC_CURRENT_DIR",
    "OUT_DIR",
];
/// What rustup's proxies set for the toolchain they pick.
const SET_BY_RUSTUP: [&str; 3] = ["RUSTUP_TOOLCHAIN", "RUSTUP_TOOLCHAIN_SOURCE", "RUST_RECURSION_COUNT"];
/// Where cargo puts its own directories in front.
const LIBRARY_PATHS: [&str; 2] = ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// Behind the user's own `lib`, what macOS looks through without being told.
const MACOS_DEFAULT: [&str; 2] = ["/usr/local/lib", "/usr/lib"];

/// The environment without what cargo and rustup added to it for an xtask, so that a child sees what it would see in the
/// shell that the user typed `cargo xtask` into: the toolchain file of its own directory counts, and no build script
/// sees variables of another package. An environment that cargo did not make is left as it is.
pub(crate) fn cleaned(vars: impl IntoIterator<Item = (OsString, OsString)>) -> BTreeMap<OsString, OsString> {
    let mut env: BTreeMap<OsString, OsString> = vars.into_iter().collect();
    let get = |env: &BTreeMap<OsString, OsString>, name: &str| env.get(&OsString::from(name)).cloned();
    if get(&env, "CARGO").is_none() || get(&env, "CARGO_MANIFEST_DIR").is_none() {
        return env;
    }

    // Who exported RUSTUP_TOOLCHAIN in the shell means it for the printed commands too; rustup tells where it had it from.
    let users_toolchain = get(&env, "RUSTUP_TOOLCHAIN").filter(|_| {
        get(&env, "RUSTUP_TOOLCHAIN_SOURCE").is_some_and(|source| source == "env" || source == "environment")
    });
    for name in SET_BY_CARGO.into_iter().chain(SET_BY_RUSTUP) {
        env.remove(&OsString::from(name));
    }
    env.retain(|name, _| !name.to_string_lossy().starts_with("CARGO_PKG_"));
    if let Some(toolchain) = users_toolchain {
        env.insert("RUSTUP_TOOLCHAIN".into(), toolchain);
    }
    for name in LIBRARY_PATHS {
        let Some(value) = get(&env, name) else { continue };
        let dirs: Vec<PathBuf> = std::env::split_paths(&value).collect();
        let mut kept = &dirs[n_added(&dirs)..];
        // What macOS looks through by itself, which cargo spells out where the user has said nothing.
        if name.starts_with("DYLD")
            && kept.len() == 3
            && kept[0].ends_with("lib")
            && kept[1..] == MACOS_DEFAULT.map(PathBuf::from)
        {
            kept = &[];
        }
        match std::env::join_paths(kept).ok().filter(|kept| !kept.is_empty()) {
            Some(kept) => env.insert(name.into(), kept),
            None => env.remove(&OsString::from(name)),
        };
    }
    env
}

/// How many directories cargo put in front: those of the target directory, then the toolchain's `lib/rustlib/TRIPLE/lib` and
/// its `lib`.
fn n_added(dirs: &[PathBuf]) -> usize {
    let Some(last) = dirs.iter().rposition(|dir| dir.components().any(|part| part.as_os_str() == "rustlib")) else {
        return 0;
    };
    let toolchain_lib = dirs[last].ancestors().nth(3);
    last + 1 + usize::from(dirs.get(last + 1).is_some_and(|next| Some(next.as_path()) == toolchain_lib))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vars: &[(&str, &str)], expected: &[(&str, &str)]) {
        let pairs = |vars: &[(&str, &str)]| -> BTreeMap<OsString, OsString> {
            vars.iter().map(|(name, value)| (name.into(), value.into())).collect()
        };
        assert_eq!(cleaned(pairs(vars)), pairs(expected));
    }

    #[test]
    fn what_cargo_and_rustup_set_for_the_xtask_is_gone() {
        check(
            &[
                ("CARGO", "/r/bin/cargo"),
                ("CARGO_HOME", "/c"),
                ("CARGO_MANIFEST_DIR", "/ws/xtask"),
                ("CARGO_PKG_NAME", "xtask"),
                ("CARGO_PKG_VERSION_MAJOR", "0"),
                ("CARGO_TERM_COLOR", "always"),
                ("HOME", "/h"),
                (
                    "LD_LIBRARY_PATH",
                    "/ws/target/xtask/deps:/ws/target/xtask:/h/.rustup/toolchains/stable/lib/rustlib/x/lib:/h/.rustup/toolchains/stable/lib",
                ),
                ("RUSTUP_TOOLCHAIN", "stable"),
                ("RUSTUP_TOOLCHAIN_SOURCE", "default"),
                ("RUST_RECURSION_COUNT", "1"),
            ],
            &[("CARGO_HOME", "/c"), ("CARGO_TERM_COLOR", "always"), ("HOME", "/h")],
        );
    }

    #[test]
    fn the_users_own_library_path_and_toolchain_stay() {
        check(
            &[
                ("CARGO", "/r/bin/cargo"),
                ("CARGO_MANIFEST_DIR", "/ws/xtask"),
                (
                    "LD_LIBRARY_PATH",
                    "/ws/target/xtask:/nix/store/r/lib/rustlib/x/lib:/nix/store/r/lib:/nix/store/x/lib:/opt/lib",
                ),
                ("RUSTUP_TOOLCHAIN", "nightly"),
                ("RUSTUP_TOOLCHAIN_SOURCE", "env"),
            ],
            &[("LD_LIBRARY_PATH", "/nix/store/x/lib:/opt/lib"), ("RUSTUP_TOOLCHAIN", "nightly")],
        );
    }

    #[test]
    fn the_default_that_cargo_spells_out_on_macos_is_gone() {
        let dirs = "/ws/target/xtask/deps:/h/.rustup/toolchains/s/lib/rustlib/x/lib:/h/.rustup/toolchains/s/lib";
        let all = format!("{dirs}:/h/lib:/usr/local/lib:/usr/lib");
        check(&[("CARGO", "c"), ("CARGO_MANIFEST_DIR", "/ws"), ("DYLD_FALLBACK_LIBRARY_PATH", &all)], &[]);
    }

    #[test]
    fn an_environment_that_cargo_did_not_make_stays_as_it_is() {
        let vars = [("CARGO_PKG_NAME", "mine"), ("OUT_DIR", "/o"), ("RUSTUP_TOOLCHAIN", "nightly")];
        check(&vars, &vars);
    }
}
