//! Where `init` writes nothing.

use crate::fixture::Fixture;

const MANIFEST: &str = "[workspace]\nresolver = \"2\"\nmembers = [\"a\"]\n";
const A: (&str, &str) = ("a/Cargo.toml", "[package]\nname = \"a\"\nedition = \"2021\"\n");

fn check(fixture: &Fixture, args: &[&str], code: i32, message: &str) {
    let before = fixture.tree();
    let said = fixture.init(args);
    assert_eq!(said.code, code, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains(message), "{}", said.stderr);
    assert_eq!(fixture.tree(), before);
}

#[test]
fn a_manifest_that_cargo_cannot_load_is_refused_with_cargos_words() {
    let broken = Fixture::new(&[("Cargo.toml", "[workspace\nmembers = []\n")]);
    check(&broken, &["--source", "0.1"], 2, "Cargo.toml:1");
    let missing = Fixture::new(&[("Cargo.toml", "[workspace]\nmembers = [\"b\"]\n")]);
    check(&missing, &["--source", "0.1"], 2, "failed to load manifest");
    check(&missing, &["--source", "0.1", "--manifest-path", "c/Cargo.toml"], 2, "c/Cargo.toml");
}

#[test]
fn a_source_is_asked_for_where_none_is_known() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]);
    if option_env!("WINDLASS_SOURCE").is_none() {
        check(&fixture, &[], 2, "`--source path:DIR`");
    }
    check(&fixture, &["--source", "newest"], 2, "`git:URL#REV`");
    check(&fixture, &["--source", "path:a"], 2, "there is no package `windlass`");
}

#[test]
fn nothing_stays_written_when_cargo_cannot_resolve_it() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    fixture.write("../broken/Cargo.toml", "[package]\nname = \"windlass\"\n[dependencies]\nx = { path = \"gone\" }\n");
    check(&fixture, &["--source", "path:../broken"], 3, "every file is back as it was");
    let without_lockfile = Fixture::new(&[("Cargo.toml", MANIFEST), A]);
    without_lockfile
        .write("../broken/Cargo.toml", "[package]\nname = \"windlass\"\n[dependencies]\nx = { path = \"gone\" }\n");
    check(&without_lockfile, &["--source", "path:../broken"], 3, "every file is back as it was");
}

#[test]
fn nothing_stays_written_when_a_file_cannot_be() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A, (".config", "a file, no directory")]).locked();
    check(&fixture, &["--source", "path:../windlass"], 3, ".config");
}

#[test]
fn tables_in_one_line_that_take_no_entry_are_refused_with_what_to_write() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A, (".cargo/config.toml", "alias = { b = \"build\" }\n")]);
    check(&fixture, &["--source", "path:../windlass"], 2, "by hand");
}

#[test]
fn both_names_taken_is_said() {
    let manifest = "[workspace]\nresolver = \"2\"\nmembers = [\"xtask\"]\n";
    let own = ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\nedition = \"2021\"\n");
    let alias = (".cargo/config.toml", "[alias]\nwindlass = \"check\"\n");
    let fixture = Fixture::new(&[("Cargo.toml", manifest), own, alias]);
    check(&fixture, &["--source", "path:../windlass"], 2, "both taken");
}

#[test]
fn a_removal_where_nothing_was_adopted_removes_nothing() {
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]).locked();
    check(&fixture, &["--remove"], 0, "");
    check(&fixture, &["--check"], 1, "");
}

#[test]
fn a_toolchain_below_the_minimum_is_pointed_to_the_binary() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new(&[("Cargo.toml", MANIFEST), A]);
    fixture.write("../bin/rustc", "#!/bin/sh\nprintf 'release: 1.70.0\\nhost: x86_64-unknown-linux-gnu\\n'\n");
    let old = fixture.root().join("../bin/rustc");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).unwrap();
    let before = fixture.tree();
    let path = format!("{}:{}", old.parent().unwrap().display(), std::env::var("PATH").unwrap());
    for dry_run in [&[][..], &["--dry-run"]] {
        let args = [&["init", "--source", "path:../windlass"], dry_run].concat();
        let said = fixture.run_in(&fixture.root(), env!("CARGO_BIN_EXE_windlass"), &args, &[("PATH", &path)]);
        assert_eq!(said.code, 1, "{}", said.stderr);
        let root = fixture.root();
        assert!(
            said.stderr.contains(&format!("{} has 1.70.0; nothing was written", root.display())),
            "{}",
            said.stderr
        );
        assert!(said.stderr.contains("`windlass ci --manifest-path "), "{}", said.stderr);
    }
    assert_eq!(fixture.tree(), before);
}

#[test]
fn a_pattern_that_takes_every_directory_for_a_member_is_refused_with_cargos_words() {
    let fixture = Fixture::new(&[("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\n"), A]);
    check(&fixture, &["--source", "path:../windlass"], 3, "referenced via `*`");
}
