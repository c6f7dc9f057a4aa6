//! A member that carries windlass, as the xtask of an adopted workspace does.

use crate::fixture::{Fixture, LIB, manifest};

#[test]
fn an_xtask_that_carries_windlass_is_left_out_and_the_configuration_takes_it_in() {
    let it = Fixture::empty();
    let workspace = "[workspace]\nmembers = [\"xtask\"]\nexclude = [\"windlass\"]\n";
    it.file("Cargo.toml", &manifest("app", workspace));
    it.file("src/lib.rs", LIB);
    it.file("windlass/Cargo.toml", &manifest("windlass", ""));
    it.file("windlass/src/lib.rs", "");
    it.file("xtask/Cargo.toml", &manifest("xtask", "[dependencies]\nwindlass = { path = \"../windlass\" }\n"));
    it.file("xtask/src/main.rs", "fn  main( ) { }\n");
    let it = it.locked();

    let planned = it.windlass(&["ci", "--dry-run"]).exits(0).stdout;
    assert!(planned.contains("package `xtask` is not run: it carries windlass"), "{planned}");
    assert!(planned.contains("`include-xtask = true` takes it in"), "{planned}");
    for stage in ["cargo clippy", "cargo test --no-run", "cargo nextest run", "cargo test --doc", "cargo doc"] {
        let line = planned.lines().find(|line| line.contains(stage)).unwrap();
        assert!(line.contains("--workspace --exclude xtask"), "{line}");
    }
    it.windlass(&["ci", "--stage", "fmt"]).exits(0);

    it.file(".config/windlass.toml", "[ci]\ninclude-xtask = true\n");
    let planned = it.windlass(&["ci", "--dry-run"]).exits(0).stdout;
    assert!(!planned.contains("--exclude") && !planned.contains("carries windlass"), "{planned}");
    it.windlass(&["ci", "--stage", "fmt"]).exits(1);
}
