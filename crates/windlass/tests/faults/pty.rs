//! A real terminal, as util-linux's `script` makes one, and what was drawn on it.

use std::process::Command;

use crate::fixture::{clean, ended};

pub const CTRL_C: &[u8] = b"\x03";

/// A shell line at a terminal of 100 columns and 40 rows; its exit code is the line's.
pub fn pty(line: &str) -> Command {
    let version = ended(clean("script").arg("--version")).stdout;
    assert!(version.contains("util-linux"), "these tests need `script` of util-linux, which makes the terminal");
    let mut command = clean("script");
    // A shell that gets SIGINT beside its child goes on when that has dealt with it.
    let line = format!("trap : INT; stty cols 100 rows 40; {line}");
    command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
    command.env("TERM", "xterm-256color").env("SHELL", "/bin/sh").env_remove("NO_COLOR");
    command
}

/// Text without what moves the cursor or sets colours.
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    plain + rest
}
