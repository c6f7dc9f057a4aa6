//! The program, as its users run it.

use std::process::Command;

fn said(names: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_greet"))
        .args(names)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn everybody_is_greeted_who_is_named() {
    assert_eq!(said(&["Ada", "Grace"]), "Hello, Ada!\nHello, Grace!\n");
}

#[test]
fn whoever_is_there_is_greeted_where_nobody_is_named() {
    assert_eq!(said(&[]), "Hello!\n");
}
