//! The packages that a flake makes of a workspace's programs.

use std::path::Path;

use serde_json::{Value, json};

use crate::real::{root, said};

/// What `nix/programs.nix` has built of a workspace, its xtask being `xtask`.
fn built(workspace: &Path) -> Value {
    let expression = format!(
        "let
          build = it: {{
            inherit (it) pname version doCheck;
            flags = it.cargoBuildFlags;
            main = it.meta.mainProgram or null;
            lock = baseNameOf it.cargoLock.lockFile;
          }};
        in import {root}/nix/programs.nix {{
          lib = import {root}/nix/host/nixpkgs/lib.nix;
          pkgs.makeRustPlatform = _: {{ buildRustPackage = build; }};
          root = {workspace};
          src = null;
          toolchain = null;
          nativeBuildInputs = [ ];
          buildInputs = [ ];
          xtask.package = \"xtask\";
        }}",
        root = root().display(),
        workspace = workspace.display(),
    );
    serde_json::from_str(&said(&["eval", "--impure", "--json", "--expr", &expression])).unwrap()
}

fn package(name: &str, version: &str, flags: &[&str], main: Option<&str>) -> Value {
    json!({ "pname": name, "version": version, "doCheck": false, "flags": flags, "main": main, "lock": "Cargo.lock" })
}

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        std::fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        std::fs::write(dir.join(path), text).unwrap();
    }
}

#[test]
fn each_crate_with_programs_is_a_package_and_all_are_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = "[workspace]\nmembers = [\"crates/*\", \"./tools/a.*/x/\", \"xtask\"]\nexclude = [\"crates/old\"]\n\
                     [workspace.package]\nversion = \"1.2.3\"\n";
    write(
        dir.path(),
        &[
            ("Cargo.toml", workspace),
            ("crates/README.md", ""),
            ("crates/empty/README.md", ""),
            ("crates/library/Cargo.toml", "[package]\nname = \"library\"\n"),
            ("crates/library/src/lib.rs", ""),
            ("crates/old/Cargo.toml", "[package]\nname = \"old\"\n"),
            ("crates/old/src/main.rs", ""),
            ("crates/server/Cargo.toml", "[package]\nname = \"server\"\nversion.workspace = true\n"),
            ("crates/server/src/main.rs", ""),
            ("crates/silent/Cargo.toml", "[package]\nname = \"silent\"\nautobins = false\n"),
            ("crates/silent/src/main.rs", ""),
            ("tools/a.b/x/Cargo.toml", "[package]\nname = \"tool\"\nversion = \"2.0.0\"\n[[bin]]\nname = \"t\"\n"),
            ("tools/aab/x/Cargo.toml", "[package]\nname = \"other\"\n[[bin]]\nname = \"o\"\n"),
            ("xtask/Cargo.toml", "[package]\nname = \"xtask\"\n"),
            ("xtask/src/main.rs", ""),
        ],
    );
    let (server, tool) = ("--package=server", "--package=tool");
    let expected = json!({
        "server": package("server", "1.2.3", &[server], Some("server")),
        "tool": package("tool", "2.0.0", &[tool], Some("t")),
        "default": package("programs", "0", &[server, tool], None),
    });
    assert_eq!(built(dir.path()), expected);
}

#[test]
fn the_only_crate_with_programs_is_the_default_itself() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"app\"\ndefault-run = \"serve\"\n[workspace]\nmembers = [\".\", \"crates/*\"]\n";
    write(dir.path(), &[("Cargo.toml", manifest), ("src/bin/serve.rs", ""), ("src/bin/admin.rs", "")]);
    let app = package("app", "0.0.0", &["--package=app"], Some("serve"));
    assert_eq!(built(dir.path()), json!({ "app": app, "default": app }));
}

#[test]
fn a_workspace_of_libraries_has_no_such_package() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("Cargo.toml", "[package]\nname = \"lib\"\n"), ("src/lib.rs", "")]);
    assert_eq!(built(dir.path()), json!({}));
}
