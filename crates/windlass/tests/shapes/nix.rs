//! What is said of a workspace's Nix where there is no Nix.

use std::path::Path;
use std::process::Command;

use windlass_nextest::{MINIMUM, PINNED};
use windlass_record::Outcome;

use crate::fixture::{Fixture, ended};

/// A workspace with a flake that has nothing in it.
fn with_flake() -> Fixture {
    let it = Fixture::app();
    it.file("flake.nix", "{ outputs = _: { }; }\n");
    it
}

/// `windlass nix check` on a machine without Nix.
fn check(it: &Fixture, args: &[&str]) -> Command {
    let mut command = it.command(&[&["nix", "check"], args].concat());
    let path = std::env::var("PATH").unwrap();
    let path: Vec<_> = path.split(':').filter(|dir| !Path::new(dir).join("nix").exists()).collect();
    command.env("PATH", path.join(":")).env("XDG_CACHE_HOME", it.path("cache"));
    command
}

#[test]
fn what_is_not_toml_1_0_is_refused_in_every_file_that_nix_reads() {
    let it = with_flake();
    it.file(".config/windlass.toml", "[nix]\nreads = [\"more\", \"nix/pins.toml\"]\n");
    it.file("nix/pins.toml", "schema = 1\n[tools]\n");
    for dir in ["xtask", "xtask-windlass"] {
        it.file(&format!("{dir}/Cargo.toml"), "[package]\nname = \"x\"\n");
    }
    it.file("more/of/it.toml", "").file("more/Cargo.lock", "").file("rust-toolchain", "1.95.0\n");
    let checked = ended(&mut check(&it, &["--level", "L0"])).exits(0).stdout;
    assert!(checked.contains("1 files of Nix, 9 of TOML that it reads"), "{checked}");

    it.file("rust-toolchain", "[toolchain]\nchannel = \"1.95.0\"\n");
    let step = "[[ci.step]]\nname = \"a\"\nrun = \"a\"\nenv = { A = \"\\e\" }\n";
    let files = [
        ("Cargo.toml", "[workspace]\nmetadata = \"\\e\"\n"),
        ("Cargo.lock", "[metadata]\na = \"\\e\"\n"),
        ("rust-toolchain.toml", "a = \"\\e\"\n"),
        ("rust-toolchain", "a = \"\\e\"\n"),
        (".config/windlass.toml", step),
        ("nix/pins.toml", "git.for = \"\\e\"\n"),
        ("xtask/Cargo.toml", "a = \"\\e\"\n"),
        ("xtask-windlass/Cargo.toml", "a = \"\\e\"\n"),
        ("more/of/it.toml", "a = \"\\e\"\n"),
        ("more/Cargo.lock", "a = \"\\e\"\n"),
    ];
    let mut expected = Vec::new();
    for (file, more) in files {
        it.file(file, &(it.read(file) + more));
        expected.push(format!("{file}:{}: `\\e` is TOML 1.1", it.read(file).lines().count()));
    }
    let checked = ended(&mut check(&it, &["--level", "L0"])).exits(1).stdout;
    for line in expected {
        assert_eq!(checked.matches(&line).count(), 1, "{line}\n{checked}");
    }
    assert!(checked.ends_with("reached  none\n"), "{checked}");
}

#[test]
fn what_only_a_level_does_asks_for_that_level() {
    let it = with_flake();
    let cases: [(&[&str], &str); 4] = [
        (&["--accept"], "`--accept`: L1"),
        (&["--all"], "`--all`: L2"),
        (&["--template", "minimal", "--all"], "`--template`: L4"),
        (&["--level", "L3", "--all"], "error: L3"),
    ];
    for (args, asked) in cases {
        let ended = ended(&mut check(&it, args)).exits(3);
        let error = format!("{asked} was asked for, and L0 is as far as this goes: there is no `nix`\nhelp: ");
        assert!(ended.stderr.contains(&error), "{args:?}\n{}", ended.stderr);
        assert!(ended.stdout.ends_with("\nreached  L0\n"), "{args:?}\n{}", ended.stdout);
    }
    let less = ended(&mut check(&it, &["--level", "L1", "--all"])).exits(2);
    assert_eq!(less.stderr, "error: `--all` is for L2, which `--level L1` does not come to\n");
    let unasked = ended(&mut check(&it, &[])).exits(0).stdout;
    assert!(unasked.contains("\nL1       not tried: there is no `nix`\n"), "{unasked}");
    assert!(unasked.ends_with("\nreached  L0\n"), "{unasked}");
}

#[test]
fn the_nextest_that_is_installed_is_the_one_that_is_pinned() {
    let pins = windlass_nix::read_pins("nix/pins.toml", windlass_nix::PINS).unwrap();
    let nextest = pins.iter().find(|pin| pin.name == "cargo-nextest").unwrap();
    assert_eq!(nextest.version.to_string(), format!(">={MINIMUM}"));
    assert_eq!(nextest.cargo, ["--locked".to_owned(), format!("cargo-nextest@{PINNED}")]);
}

#[test]
fn the_stage_of_ci_is_red_where_a_file_of_nix_is_badly_formatted_or_has_dead_code_and_names_it() {
    let it = with_flake();
    it.windlass(&["ci", "--stage", "nix"]).exits(0);
    assert!(it.passed("nix"));
    it.file("nix/shell.nix", "{pkgs}: pkgs\n").file("nix/dead.nix", "let\n  a = 1;\nin\n2\n");
    let said = it.windlass(&["ci", "--stage", "nix"]).exits(1).stdout;
    assert_eq!(it.outcome("nix"), Outcome::Failed { code: 1 });
    for file in ["nix/shell.nix:1", "nix/dead.nix:2"] {
        assert!(it.log("nix").contains(file) && said.contains(file), "{file}\n{said}");
    }
    assert!(!said.contains("flake.nix:"), "{said}");
    // Pasted it is red too.
    assert_eq!(it.shell(&it.record().step("nix").unwrap().command).code, Some(1));
}

#[test]
fn a_workspace_without_files_of_nix_has_no_such_stage() {
    let it = Fixture::app();
    let planned = it.windlass(&["ci", "--dry-run"]).exits(0).stdout;
    assert!(planned.contains("fmt") && !planned.contains("nix"), "{planned}");
    let said = it.windlass(&["ci", "--stage", "nix"]);
    assert!(
        format!("{}{}", said.stdout, said.stderr).contains("there is no file of Nix"),
        "{}{}",
        said.stdout,
        said.stderr
    );
}

#[test]
fn doctor_and_setup_tell_of_the_tools_that_the_workspace_pins() {
    let it = Fixture::app();
    it.file(
        "nix/pins.toml",
        "schema = 1\n[tools.git]\nversion = \">=2\"\nfor = \"tells what has changed\"\n\
         [tools.nobodys-tool]\nfor = \"is missed\"\n[tools.elsewhere]\nonly = \"darwin\"\nfor = \"is not for here\"\n",
    );
    let doctor = it.windlass(&["doctor"]).exits(1).stdout;
    assert!(doctor.contains("ok      git\n          wanted      >=2\n          found       2."), "{doctor}");
    let missing = "nix/pins.toml wants `nobodys-tool`, which is not at hand";
    let row = format!(
        "MISSING nobodys-tool\n          wanted      any version\n          found       {missing}\n          needed for  is missed\n"
    );
    assert!(doctor.contains(&row), "{doctor}");
    assert!(!cfg!(target_os = "linux") || !doctor.contains("elsewhere"), "{doctor}");
    let setup = it.windlass(&["setup"]).exits(3);
    assert!(setup.stdout.contains("\ngit 2."), "{}", setup.stdout);
    assert!(setup.stderr.contains("`nobodys-tool` has to be installed by you"), "{}", setup.stderr);

    it.file("nix/pins.toml", &it.read("nix/pins.toml").replace(">=2", ">=99"));
    let old = "nix/pins.toml wants `git` >=99, and there is 2.";
    let doctor = it.windlass(&["doctor"]).exits(1).stdout;
    assert!(
        doctor.contains(&format!("MISSING git\n          wanted      >=99\n          found       {old}")),
        "{doctor}"
    );
    let setup = it.windlass(&["setup"]).exits(3).stderr;
    assert!(setup.starts_with(&format!("error: {old}")), "{setup}");
}

/// What is compiled for minutes, or wants a Python with pip.
mod deep {
    use super::*;
    use crate::fixture::clean;

    #[test]
    fn a_windlass_that_knows_no_nix_leaves_the_stage_out_and_says_how_that_is_mended() {
        let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/without-nix");
        let build = ["build", "--locked", "--package", "windlass", "--bin", "windlass", "--target-dir", target];
        ended(clean("cargo").args(build).current_dir(env!("CARGO_MANIFEST_DIR"))).exits(0);
        let windlass = |it: &Fixture, args: &[&str]| {
            ended(clean(Path::new(target).join("debug/windlass")).args(args).current_dir(it.root()))
        };
        let it = with_flake();
        it.file("nix/shell.nix", "{pkgs}: pkgs\n");
        let said = windlass(&it, &["ci", "--stage", "nix,fmt"]).exits(0).stdout;
        let why = "this windlass was compiled without its feature `nix`";
        let help = "add `features = [\"nix\"]` to the dependency `windlass` in the xtask's Cargo.toml";
        assert!(said.contains(&format!("  nix: {why}; {help}")), "{said}");
        assert!(matches!(it.outcome("nix"), Outcome::Skipped { .. }) && it.passed("fmt"));
        let refused = windlass(&it, &["nix", "check"]).exits(2).stderr;
        assert!(refused.starts_with(&format!("error: {why}\nhelp: {help}")), "{refused}");
    }

    #[test]
    fn a_tool_that_only_pip_has_is_put_into_the_cache_and_runs_from_there() {
        let it = Fixture::app();
        // A package as pip fetches it: a program, and the module that it needs.
        it.file("of/hello.py", "def main():\n    print('hello 1.5.0')\n");
        it.file("of/hello-1.5.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: hello\nVersion: 1.5.0\n");
        it.file("of/hello-1.5.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        it.file("of/hello-1.5.0.dist-info/entry_points.txt", "[console_scripts]\nhello-of-pip = hello:main\n");
        it.file("of/hello-1.5.0.dist-info/RECORD", "hello.py,,\n");
        let wheel = it.path("hello-1.5.0-py3-none-any.whl");
        it.shell("cd of && python3 -m zipfile -c ../hello-1.5.0-py3-none-any.whl hello.py hello-1.5.0.dist-info")
            .exits(0);
        it.file(
            "nix/pins.toml",
            &format!(
                "schema = 1\n[tools.hello-of-pip]\nversion = \">=1.5\"\npip = [\"--no-index\", \"{}\"]\nfor = \"greets\"\n",
                wheel.display()
            ),
        );
        let windlass = |task: &str| ended(it.command(&[task]).env("XDG_CACHE_HOME", it.path("cache")));
        assert!(windlass("doctor").exits(1).stdout.contains("MISSING hello-of-pip\n"));
        let setup = windlass("setup").exits(0);
        let dir = it.path("cache/windlass/servers/hello-of-pip");
        assert!(
            setup.stderr.contains(&format!("about to have pip put it into `{}`", dir.display())),
            "{}",
            setup.stderr
        );
        assert!(setup.stdout.ends_with("\nhello-of-pip 1.5.0\n"), "{}", setup.stdout);
        let doctor = windlass("doctor").exits(0).stdout;
        assert!(
            doctor.contains(&format!("found       1.5.0\n          from        {}/bin\n", dir.display())),
            "{doctor}"
        );
        assert_eq!(ended(&mut Command::new(dir.join("bin/hello-of-pip"))).exits(0).stdout, "hello 1.5.0\n");
    }
}
