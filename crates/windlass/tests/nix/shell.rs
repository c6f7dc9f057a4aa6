//! The shells of the flake.

use windlass_services::{shipped, shipped_names};

use crate::real::{root, windlass};

/// Every variable that a service may give to those who use it.
fn exported() -> Vec<String> {
    let services: Vec<_> = shipped_names().filter_map(shipped).collect();
    let mut names: Vec<String> = services.iter().flat_map(|service| service.export.keys().cloned()).collect();
    names.sort();
    names
}

#[test]
fn a_command_in_a_shell_has_the_linker_and_no_address_and_its_exit_code_is_passed_on() {
    let exported = exported();
    assert!(exported.contains(&"DATABASE_URL".to_owned()) && exported.len() >= shipped_names().count(), "{exported:?}");
    let line = format!(
        "printenv | grep -o '^CARGO_TARGET_.*_LINKER=' && cargo --version | cut -d . -f 1,2 && \
         for name in LD_LIBRARY_PATH RUSTFLAGS {}; do ! printenv $name || exit 1; done; exit 7",
        exported.join(" ")
    );
    for shell in ["ci", "default"] {
        let ended = windlass(&root(), &["develop", "--shell", shell, "--", "sh", "-c", &line]);
        assert_eq!(ended.code, Some(7), "{shell}: {}{}", ended.stdout, ended.stderr);
        let linker = format!("CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_LINKER=\n", std::env::consts::ARCH.to_uppercase());
        assert!(ended.stdout.starts_with(&linker) && ended.stdout.contains("cargo 1."), "{shell}: {}", ended.stdout);
    }
}
