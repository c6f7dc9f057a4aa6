//! What two files say of one version is the same.

use windlass_nextest::{MINIMUM, PINNED};

#[test]
fn the_nextest_that_is_installed_is_the_one_that_is_pinned() {
    let pins = windlass_nix::read_pins("nix/pins.toml", windlass_nix::PINS).unwrap();
    let nextest = pins.iter().find(|pin| pin.name == "cargo-nextest").unwrap();
    assert_eq!(nextest.version.to_string(), format!(">={MINIMUM}"));
    assert_eq!(nextest.cargo, ["--locked".to_owned(), format!("cargo-nextest@{PINNED}")]);
}
