//! From recorded metadata to cargo's command lines.

use std::fmt::Write;

use windlass_workspace::{
    Cargo, Deny, Exclude, Features, Host, TargetKind, Workspace, custom_harnesses, mark_custom_harnesses,
    metadata_command, parse_cargo_version, parse_metadata, select, warnings_denial,
};

fn recorded() -> Workspace {
    parse_metadata(include_str!("fixtures/metadata.json")).unwrap()
}

fn cargo(workspace: &Workspace) -> Cargo {
    Cargo {
        root: workspace.root.clone(),
        locked: true,
        packages: vec!["mac".into(), "my-app".into()],
        excluded: vec!["xtask".into()],
        features: Features::Default,
        deny: Deny::BuildWarnings,
        keep_going: false,
    }
}

#[test]
fn metadata_is_asked_without_dependencies() {
    assert_eq!(
        metadata_command(None, "/ws/sub").shell(),
        "cd /ws/sub && RUSTUP_AUTO_INSTALL=0 cargo metadata --no-deps --format-version 1"
    );
    let line = metadata_command(Some("/other/Cargo.toml"), "/ws").shell_here();
    assert_eq!(
        line,
        "RUSTUP_AUTO_INSTALL=0 cargo metadata --no-deps --format-version 1 --manifest-path /other/Cargo.toml"
    );
}

#[test]
fn members_and_targets_are_read_from_metadata() {
    let workspace = recorded();
    let mut text = format!("{} {}\n", workspace.root, workspace.target_directory);
    for it in &workspace.members {
        writeln!(text, "{} {} windlass {}", it.name, it.edition, it.carries_windlass).unwrap();
        for it in &it.targets {
            writeln!(text, "  {} {} test {} doctest {}", it.kind.as_str(), it.name, it.test, it.doctest).unwrap();
        }
    }
    insta::assert_snapshot!(text, @r"
    /ws /ws/target
    mac 2015 windlass false
      proc-macro mac test true doctest false
    my-app 2021 windlass false
      lib my_app test true doctest true
      bin extra test true doctest false
      bin my-app test true doctest false
      example ex test false doctest false
      test custom test true doctest false
      test off test false doctest false
      test plain test true doctest false
      bench b test false doctest false
      custom-build build-script-build test false doctest false
    xtask 2024 windlass true
      bin xtask test true doctest false
    ");
    assert!(parse_metadata("error: no").is_err());
}

#[test]
fn doctests_need_a_library_that_wants_them() {
    let workspace = recorded();
    assert!(workspace.has_doctests(["mac", "my-app"]));
    assert!(!workspace.has_doctests(["mac", "xtask"]));
}

const MANIFEST: &str = r#"
bench = [{ name = "b", harness = false }]

[lib]
name = "my_app"

[[bin]]
name = "extra"
required-features = ["b"]

[[test]]
name = "custom"
harness = false

[[test]]
name = "off"
test = false
harness = false
"#;

#[test]
fn a_manifest_tells_which_harnesses_are_custom() {
    let custom = custom_harnesses(MANIFEST).unwrap();
    let named = |kind, name: &str| (kind, Some(name.to_owned()));
    assert_eq!(
        custom,
        [named(TargetKind::Test, "custom"), named(TargetKind::Test, "off"), named(TargetKind::Bench, "b")]
    );
    assert_eq!(custom_harnesses("[lib]\nharness = false").unwrap(), [(TargetKind::Lib, None)]);
    assert_eq!(custom_harnesses("[package]\nname = 'x'").unwrap(), []);
    assert!(custom_harnesses("[lib").is_err());

    let mut workspace = recorded();
    let app = workspace.members.iter_mut().find(|member| member.name == "my-app").unwrap();
    mark_custom_harnesses(app, &custom);
    let tests: Vec<_> = app.custom_harness_tests().map(|target| target.name.as_str()).collect();
    assert_eq!(tests, ["custom"], "neither what `cargo test` does not run nor the benchmark");
    mark_custom_harnesses(app, &[(TargetKind::Lib, None)]);
    let tests: Vec<_> = app.custom_harness_tests().map(|target| target.name.as_str()).collect();
    assert_eq!(tests, ["my_app"]);
}

#[test]
fn members_are_left_out_with_a_reason() {
    let workspace = recorded();
    let exclude = |package: &str, platform: Option<&str>| Exclude {
        package: package.into(),
        platform: platform.map(str::to_owned),
        reason: "because".into(),
    };
    let names = |excludes: &[Exclude], include_xtask| {
        let selection =
            select(&workspace, excludes, include_xtask, &Host::default()).map_err(|error| error.to_string())?;
        let packages: Vec<_> = selection.packages.iter().map(|(name, _)| name.as_str()).collect();
        let left_out: Vec<_> = selection.left_out.iter().map(|(name, _)| name.as_str()).collect();
        Ok(format!("{} without {}", packages.join(" "), left_out.join(" ")))
    };
    let cases = [
        (vec![], false, Ok("mac my-app without xtask")),
        (vec![], true, Ok("mac my-app xtask without ")),
        (vec![exclude("mac", None)], false, Ok("my-app without mac xtask")),
        (vec![exclude("mac", Some("cfg(windows)"))], false, Ok("mac my-app without xtask")),
        (
            vec![exclude("my_app", None)],
            false,
            Err("`my_app` is excluded but is not a member of the workspace; did you mean `my-app`?"),
        ),
        (vec![exclude("serde", None)], false, Err("`serde` is excluded but is not a member of the workspace")),
    ];
    for (excludes, include_xtask, expected) in cases {
        let found = names(&excludes, include_xtask);
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{excludes:?}");
    }
    let error = names(&[exclude("mac", Some("cfg("))], false).unwrap_err();
    assert!(error.starts_with("`mac` is excluded for a platform that cannot be read: `cfg(` is neither"), "{error}");
}

#[test]
fn every_stage_that_compiles_has_the_same_selection() {
    let cargo = cargo(&recorded());
    let stages = [cargo.fmt(), cargo.lock(), cargo.clippy(), cargo.build(), cargo.doctest(), cargo.doc()];
    let lines: Vec<_> = stages.iter().map(|command| command.shell_here()).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    cargo fmt --check -p mac -p my-app
    cargo update --workspace --locked
    CARGO_BUILD_WARNINGS=deny cargo clippy --workspace --exclude xtask --locked --all-targets
    CARGO_BUILD_WARNINGS=deny cargo test --no-run --workspace --exclude xtask --locked
    cargo test --doc --workspace --exclude xtask --locked
    CARGO_BUILD_WARNINGS=deny cargo doc --no-deps --workspace --exclude xtask --locked
    ");
}

#[test]
fn a_package_by_path_that_is_not_selected_is_another() {
    let workspace = recorded();
    let cases: [(&[&str], bool); 4] =
        [(&["mac", "my-app"], false), (&["mac"], false), (&["my-app"], true), (&["mac", "my-app", "xtask"], true)];
    for (packages, expected) in cases {
        assert_eq!(workspace.depends_on_others(packages.iter().copied()), expected, "{packages:?}");
    }
}

#[test]
fn clippy_denies_as_its_cargo_can() {
    let cases = [
        ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", true, false, Deny::ClippyFlag),
        ("cargo 1.97.0-nightly (4d1f98451 2026-05-15)", true, false, Deny::BuildWarnings),
        ("cargo 2.0.0", true, false, Deny::BuildWarnings),
        ("cargo 2.0.0", true, true, Deny::ClippyFlag),
        ("cargo 1.97.0", false, false, Deny::No),
    ];
    for (version, deny, depends_on_others, expected) in cases {
        let version = parse_cargo_version(version).unwrap();
        assert_eq!(warnings_denial(&version, deny, depends_on_others), expected, "{version} {depends_on_others}");
    }
    let base = Cargo { locked: false, excluded: Vec::new(), ..cargo(&recorded()) };
    let flag =
        Cargo { deny: Deny::ClippyFlag, features: Features::List(vec!["a".into(), "my-app/b".into()]), ..base.clone() };
    let line = "cargo clippy --workspace --features a,my-app/b --all-targets --no-deps -- -D warnings";
    assert_eq!(flag.clippy().shell_here(), line);
    assert_eq!(flag.build().shell_here(), "cargo test --no-run --workspace --features a,my-app/b");
    let no = Cargo { deny: Deny::No, features: Features::List(Vec::new()), keep_going: true, ..base };
    assert_eq!(no.clippy().shell_here(), "cargo clippy --workspace --all-targets --keep-going");
}

#[test]
fn a_custom_harness_runs_without_a_rebuild_unless_it_is_one_of_several_libraries() {
    let mut workspace = recorded();
    let cargo = cargo(&workspace);
    let line = |workspace: &Workspace, kind, name: &str| {
        let member = workspace.member("my-app").unwrap();
        let target = member.targets.iter().find(|target| target.kind == kind && target.name == name).unwrap();
        cargo.run_target(workspace, member, target).shell_here()
    };
    let selection = "cargo test --workspace --exclude xtask --locked";
    assert_eq!(line(&workspace, TargetKind::Test, "custom"), format!("{selection} --test custom"));
    assert_eq!(line(&workspace, TargetKind::Bin, "extra"), format!("{selection} --bin extra"));
    assert_eq!(
        line(&workspace, TargetKind::Lib, "my_app"),
        "cargo test -p my-app --lib --locked",
        "`mac` is a library too"
    );

    let taken = workspace.member("my-app").unwrap().targets.clone();
    workspace.members.iter_mut().find(|member| member.name == "mac").unwrap().targets.extend(taken);
    assert_eq!(line(&workspace, TargetKind::Test, "custom"), format!("{selection} --test custom --no-fail-fast"));
}
