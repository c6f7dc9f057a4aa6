//! Tools that are missing, too old, or cannot be installed.

use std::fs;

use windlass_nextest::{MINIMUM, PINNED};

use crate::fixture::{Fixture, find};
use crate::live::{Live, run};
use crate::shop::{Machine, of_toolchain, with_steps};

/// Where windlass installs nextest on this machine.
fn dir(machine: &Machine) -> String {
    machine.path(&format!("cache/windlass/tools/cargo-nextest-{PINNED}")).display().to_string()
}

fn install_line(machine: &Machine) -> String {
    let install = format!("cargo install --locked cargo-nextest@{PINNED}");
    format!("cd / && CARGO_TARGET_DIR={0}/target {install} --root {0}", dir(machine))
}

#[test]
fn without_nextest_and_leave_to_install_it_the_command_is_printed_and_nothing_is_run() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    let (plain, forbidden) = (Fixture::app(), Fixture::app());
    forbidden.file(".config/windlass.toml", "[ci]\nsetup = false\n");
    for (it, args) in [(&plain, ["test", "--no-setup"].as_slice()), (&forbidden, &["ci"])] {
        let ended = run(&mut machine.on(it.command(args)));
        assert_eq!((ended.code, &*ended.stdout), (Some(3), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("`cargo-nextest` is needed for `test`"), "{}", ended.stderr);
        assert!(ended.stderr.ends_with(&format!("\nhelp: {}\n", install_line(&machine))), "{}", ended.stderr);
        assert!(!it.path("target").exists() && !machine.path("cache").exists());
    }
    // Who asks for no tests needs none.
    assert_eq!(run(&mut machine.on(plain.command(&["ci", "--stage", "fmt,lock", "--no-setup"]))).code, Some(0));
}

#[test]
fn the_commands_of_all_that_is_missing_are_printed_at_once() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.lacks("cargo-clippy");
    machine.has_script("rustup", "exit 9");
    let it = Fixture::app();
    let ended = run(&mut machine.on(it.command(&["ci", "--no-setup"])));
    assert_eq!((ended.code, &*ended.stdout), (Some(3), ""), "{}", ended.stderr);
    let clippy = format!("\nhelp: cd {} && rustup component add clippy\nerror: ", it.root().display());
    assert!(ended.stderr.contains(&clippy), "{}", ended.stderr);
    assert!(ended.stderr.ends_with(&format!("\nhelp: {}\n", install_line(&machine))), "{}", ended.stderr);
}

#[test]
fn where_nobody_can_answer_it_says_what_it_will_run_and_runs_it() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.has_binstall();
    let it = Fixture::app();
    let doctor = run(&mut machine.on(it.command(&["doctor"])));
    assert_eq!(doctor.code, Some(1), "{}", doctor.stderr);
    assert!(doctor.stdout.contains("\nMISSING cargo-nextest\n"), "{}", doctor.stdout);
    assert!(doctor.stdout.ends_with("help: `windlass setup` installs what is missing\n"), "{}", doctor.stdout);
    assert!(!machine.path("args").exists());

    let setup = run(&mut machine.on(it.command(&["setup"])));
    assert_eq!(setup.code, Some(0), "{}{}", setup.stdout, setup.stderr);
    let words = format!("binstall --no-confirm --locked cargo-nextest@{PINNED} --root {}", dir(&machine));
    let said =
        format!("about to run, about 1 minute:\n  cd / && CARGO_TARGET_DIR={0}/target cargo {words}\n", dir(&machine));
    assert!(setup.stderr.contains(&said), "{}", setup.stderr);
    assert_eq!(fs::read_to_string(machine.path("args")).unwrap(), format!("{words}\n"));

    let doctor = run(&mut machine.on(it.command(&["doctor"])));
    assert_eq!((doctor.code, &*doctor.stderr), (Some(0), ""), "{}", doctor.stdout);
    let from = format!("          from        {}/bin/cargo-nextest\n", dir(&machine));
    assert!(doctor.stdout.contains(&from), "{}", doctor.stdout);
    // And the pipeline takes it from there.
    let plan = run(&mut machine.on(it.command(&["ci", "--stage", "test", "--explain", "--no-setup"])));
    assert!(plan.stdout.contains(&format!("{}/bin/cargo-nextest nextest run", dir(&machine))), "{}", plan.stdout);
    let again = run(&mut machine.on(it.command(&["setup"])));
    assert_eq!((again.code, &*again.stderr), (Some(0), ""), "{}", again.stdout);
}

#[test]
fn doctor_lists_each_tool_with_what_is_wanted_found_and_needed() {
    let machine = Machine::complete();
    let ended = run(&mut machine.on(Fixture::app().command(&["doctor"])));
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{}", ended.stdout);
    let rows: Vec<_> = ended.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(rows, ["ok      cargo", "ok      rustfmt", "ok      clippy", "ok      cargo-nextest"]);
    for key in ["wanted", "found", "from", "needed for"] {
        let n_rows = ended.stdout.lines().filter(|line| line.starts_with(&format!("          {key}  "))).count();
        assert_eq!(n_rows, 4, "{key}\n{}", ended.stdout);
    }
    let from = format!("from        {}\n", machine.path("bin/cargo-nextest").display());
    assert!(ended.stdout.contains(&from), "{}", ended.stdout);
}

#[test]
fn an_installation_that_fails_ends_with_the_command_to_try_oneself() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.has_script("cargo-binstall", "echo 'no network' >&2; exit 5");
    let it = Fixture::app();
    for args in [["setup"].as_slice(), &["test"]] {
        let ended = run(&mut machine.on(it.command(args)));
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        let last = format!(
            "no network\nerror: `cargo-nextest` could not be installed: the command ended with exit code 5\nhelp: cd / && \
             CARGO_TARGET_DIR={0}/target cargo binstall --no-confirm --locked cargo-nextest@{PINNED} --root {0}\n",
            dir(&machine)
        );
        assert!(ended.stderr.ends_with(&last), "{}", ended.stderr);
        assert!(!it.path("target").exists());
    }
}

#[test]
fn without_binstall_it_is_compiled_and_the_minutes_are_said_first() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.lacks("cargo");
    let (args, cargo) = (machine.path("args"), of_toolchain("cargo"));
    let install = format!("[ \"$1\" = install ] && {{ echo \"$@\" > '{}'; exit 101; }}", args.display());
    machine.has_script("cargo", &format!("{install}\nexec '{}' \"$@\"", cargo.display()));
    let ended = run(&mut machine.on(Fixture::app().command(&["setup"])));
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let said = format!("about to run, about 3 to 10 minutes, once:\n  {}\n", install_line(&machine));
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert_eq!(
        fs::read_to_string(args).unwrap(),
        format!("install --locked cargo-nextest@{PINNED} --root {}\n", dir(&machine))
    );
}

#[test]
fn an_installation_can_be_interrupted() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    for program in ["sleep", "setsid", "touch"] {
        machine.has(program, &find(program).unwrap());
    }
    let hanging = machine.path("hanging");
    machine.has_script("cargo-binstall", &format!("setsid sleep 1000 & touch '{}'; sleep 1000", hanging.display()));
    let it = Fixture::app();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut live = Live::start(&mut machine.on(it.command(&["test"])));
        live.wait_for_file(&hanging);
        live.signal(signal);
        let ended = live.ended();
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains("interrupted"), "{}", ended.stderr);
        fs::remove_file(&hanging).unwrap();
    }
    assert!(!it.path("target").exists());
}

#[test]
fn an_installation_that_installs_nothing_is_no_success() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.has_script("cargo-binstall", "true");
    let it = Fixture::app();
    for args in [["setup"].as_slice(), &["test"]] {
        let ended = run(&mut machine.on(it.command(args)));
        assert_eq!(ended.code, Some(3), "{args:?}\n{}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("still not at hand"), "{args:?}\n{}", ended.stderr);
    }
}

#[test]
fn a_nextest_that_is_too_old_is_as_good_as_none() {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.has_script("cargo-nextest", "echo 'cargo-nextest 0.9.52 (abc 2023-01-01)'");
    let it = Fixture::app();
    let doctor = run(&mut machine.on(it.command(&["doctor"])));
    assert_eq!(doctor.code, Some(1));
    let why = &*format!("0.9.52 is older than {MINIMUM}, the oldest that will do");
    assert!(
        doctor.stdout.contains(&format!("MISSING cargo-nextest\n          wanted      {MINIMUM} or newer")),
        "{}",
        doctor.stdout
    );
    assert!(doctor.stdout.contains(why), "{}", doctor.stdout);
    let ended = run(&mut machine.on(it.command(&["test", "--no-setup"])));
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains(why) && ended.stderr.contains(&install_line(&machine)), "{}", ended.stderr);
}

#[test]
fn a_component_is_added_by_rustup() {
    let machine = Machine::complete();
    machine.lacks("cargo-clippy");
    let hidden = machine.path("hidden");
    machine.has_script(
        "rustup",
        &format!(
            "echo \"$@\" > '{}'\nln -s {} '{}'",
            machine.path("args").display(),
            hidden.display(),
            machine.path("bin/cargo-clippy").display()
        ),
    );
    std::os::unix::fs::symlink(of_toolchain("cargo-clippy"), &hidden).unwrap();
    let it = Fixture::app();
    let line = format!("cd {} && rustup component add clippy", it.root().display());
    let refused = run(&mut machine.on(it.command(&["ci", "--no-setup"])));
    assert_eq!(refused.code, Some(3));
    assert!(refused.stderr.contains("`clippy` is needed for `clippy`"), "{}", refused.stderr);
    assert!(refused.stderr.ends_with(&format!("\nhelp: {line}\n")), "{}", refused.stderr);
    let doctor = run(&mut machine.on(it.command(&["doctor"])));
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.stdout.contains("\nMISSING clippy\n"), "{}", doctor.stdout);
    assert!(!machine.path("args").exists());
    let setup = run(&mut machine.on(it.command(&["setup"])));
    assert_eq!(setup.code, Some(0), "{}{}", setup.stdout, setup.stderr);
    assert!(setup.stderr.contains(&format!("about to run, less than a minute:\n  {line}\n")), "{}", setup.stderr);
    assert_eq!(fs::read_to_string(machine.path("args")).unwrap(), "component add clippy\n");
}

#[test]
fn the_systems_package_manager_is_named_and_never_run() {
    let machine = Machine::complete();
    machine.lacks("cargo-clippy");
    machine.has_script("apt-get", &format!("touch '{}'", machine.path("run").display()));
    machine.has_script("sudo", &format!("touch '{}'", machine.path("run").display()));
    let it = Fixture::app();
    for args in [["ci"].as_slice(), &["ci", "--no-setup"], &["setup"]] {
        let ended = run(&mut machine.on(it.command(args)));
        assert_eq!(ended.code, Some(3));
        assert!(ended.stderr.contains("help: sudo apt-get install rust-clippy"), "{}", ended.stderr);
        assert!(!machine.path("run").exists());
    }
}

#[test]
fn without_cargo_there_is_no_workspace_to_speak_of() {
    let machine = Machine::complete();
    machine.lacks("cargo");
    let it = Fixture::app();
    for task in ["ci", "test", "setup", "doctor"] {
        let ended = run(&mut machine.on(it.command(&[task])));
        assert_eq!(ended.code, Some(3), "{task}");
        assert_eq!(ended.stderr, "error: cannot start `cargo`: no such program on `PATH`\n", "{task}");
    }
}

#[test]
fn a_cargo_that_is_killed_is_no_fault_of_the_manifest() {
    let machine = Machine::complete();
    machine.lacks("cargo");
    let it = Fixture::app();
    machine.has_script("cargo", "kill -KILL $$");
    let ended = run(&mut machine.on(it.command(&["ci"])));
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(3), "", "error: `cargo metadata` was killed\n"));
}

/// A cargo that is rustup's, and has no toolchain until its rustup has installed one.
fn lacks_its_toolchain(machine: &Machine) {
    let hidden = machine.path("hidden");
    std::os::unix::fs::symlink(of_toolchain("cargo"), &hidden).unwrap();
    machine.lacks("cargo");
    machine.has_script(
        "cargo",
        "test \"$RUSTUP_AUTO_INSTALL\" = 0 || exit 9\n\
         echo \"error: toolchain '1.80.0' is not installed\" >&2; exit 1",
    );
    machine.has("rm", &find("rm").unwrap());
    let (args, cargo) = (machine.path("args"), machine.path("bin/cargo"));
    let (args, hidden, cargo) = (args.display(), hidden.display(), cargo.display());
    machine.has_script("rustup", &format!("echo \"$@\" > '{args}'; rm '{cargo}'; ln -s '{hidden}' '{cargo}'"));
}

#[test]
fn a_toolchain_is_installed_by_rustup_and_not_without_a_word() {
    let machine = Machine::complete();
    lacks_its_toolchain(&machine);
    let it = Fixture::app();
    let line = format!("cd {} && rustup toolchain install", it.root().display());
    let missing = format!("the toolchain for `{}` is not installed\n", it.root().display());
    let said = "error: toolchain '1.80.0' is not installed";
    let refused = format!(
        "error: {missing}{said}\nnothing may be installed (`--no-setup`, or `ci.setup = false`)\nhelp: {line}\n"
    );
    let ended = run(&mut machine.on(it.command(&["ci", "--no-setup"])));
    assert_eq!((ended.code, ended.stderr), (Some(3), refused.clone()));
    it.file(".config/windlass.toml", "[ci]\nsetup = false\n");
    let ended = run(&mut machine.on(it.command(&["ci"])));
    assert_eq!((ended.code, ended.stderr), (Some(3), refused));
    it.file(".config/windlass.toml", "");
    for task in ["doctor", "init"] {
        let ended = run(&mut machine.on(it.command(&[task])));
        assert_eq!((ended.code, ended.stderr), (Some(3), format!("error: {missing}{said}\n")), "{task}");
    }
    assert!(!machine.path("args").exists());
    let ended = run(&mut machine.on(it.command(&["ci", "--stage", "lock"])));
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stderr.starts_with(&format!("{missing}{said}; about to run, about 1 to 3 minutes:\n  {line}\n")),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read_to_string(machine.path("args")).unwrap(), "toolchain install\n");
}

#[test]
fn what_the_plan_does_not_need_is_not_missed() {
    let it = with_steps(&[("own", "echo hello")]);
    let ended = run(&mut Machine::bare().on(it.command(&["ci", "--stage", "own", "--no-setup"])));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
