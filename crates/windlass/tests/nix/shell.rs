//! The shells of the flake.

use crate::real::{root, windlass};

#[test]
fn a_command_in_a_shell_has_the_linker_and_no_address_and_its_exit_code_is_passed_on() {
    let line = "printenv | grep -o '^CARGO_TARGET_.*_LINKER=' && cargo --version | cut -d . -f 1,2 && \
                for name in LD_LIBRARY_PATH RUSTFLAGS DATABASE_URL REDIS_URL; do ! printenv $name || exit 1; done; exit 7";
    let ended = windlass(&root(), &["develop", "--shell", "ci", "--", "sh", "-c", line]);
    assert_eq!(ended.code, Some(7), "{}{}", ended.stdout, ended.stderr);
    let linker = format!("CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_LINKER=\n", std::env::consts::ARCH.to_uppercase());
    assert!(ended.stdout.starts_with(&linker) && ended.stdout.contains("cargo 1."), "{}", ended.stdout);
}
