//! The question that is asked before something is installed, where somebody can answer.

use std::io::Write;
use std::process::Stdio;

use crate::fixture::{Fixture, find};
use crate::live::Live;
use crate::pty::{CTRL_C, pty};
use crate::shop::Machine;

/// What `windlass setup` says, and its exit code, when this is typed at its question.
fn answered(machine: &Machine, keys: &[u8]) -> (String, String) {
    let it = Fixture::app();
    for program in ["script", "stty"] {
        machine.has(program, &find(program).unwrap());
    }
    let line = format!("{} setup; echo $? > code", env!("CARGO_BIN_EXE_windlass"));
    let mut command = machine.on(pty(&line));
    let mut live = Live::start(command.current_dir(it.root()).stdin(Stdio::piped()));
    let mut keyboard = live.stdin();
    live.wait_for_text("go ahead? [Y/n] ");
    keyboard.write_all(keys).unwrap();
    let ended = live.ended();
    (ended.stdout.replace('\r', ""), it.read("code"))
}

fn machine() -> Machine {
    let machine = Machine::complete();
    machine.lacks("cargo-nextest");
    machine.has_binstall();
    machine
}

#[test]
fn it_asks_and_yes_is_yes() {
    let machine = machine();
    let (said, code) = answered(&machine, b"y\n");
    assert_eq!(code, "0\n", "{said}");
    assert!(machine.path("args").exists());
}

#[test]
fn it_asks_and_no_leaves_the_command() {
    let machine = machine();
    let (said, code) = answered(&machine, b"n\n");
    assert_eq!(code, "3\n", "{said}");
    assert!(said.contains("and you said no\nhelp: cd "), "{said}");
    assert!(!machine.path("args").exists());
}

#[test]
fn it_asks_and_ctrl_c_ends_it() {
    let machine = machine();
    let (said, code) = answered(&machine, CTRL_C);
    assert_eq!(code, "130\n", "{said}");
    assert!(!machine.path("args").exists());
}
