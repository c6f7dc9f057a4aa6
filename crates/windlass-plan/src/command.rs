//! An outside command as data, and the form of it that can be pasted into a shell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A program, its arguments, the directory it runs in, and what it adds to the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The program: a name looked up on `PATH`, or a path.
    pub program: String,
    /// Its arguments, each passed as it is; no shell reads them.
    pub args: Vec<String>,
    /// The absolute directory it runs in.
    pub cwd: String,
    /// Variables set for it on top of what it inherits.
    pub env: BTreeMap<String, String>,
}

impl Command {
    /// `program`, without arguments, in the directory `cwd`.
    pub fn new(program: impl Into<String>, cwd: impl Into<String>) -> Self {
        Self { program: program.into(), args: Vec::new(), cwd: cwd.into(), env: BTreeMap::new() }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// The line that does the same in a POSIX shell from anywhere: `cd DIR && NAME=value program args`.
    pub fn shell(&self) -> String {
        format!("cd {} && {}", quote(&self.cwd), self.shell_here())
    }

    /// The line that does the same in a POSIX shell whose working directory is already [`Command::cwd`].
    pub fn shell_here(&self) -> String {
        let env = self.env.iter().map(|(name, value)| format!("{name}={}", quote(value)));
        // Bare, it would be one more assignment.
        let program = if self.program.contains('=') { in_quotes(&self.program) } else { quote(&self.program) };
        env.chain([program]).chain(self.args.iter().map(|word| quote(word))).collect::<Vec<_>>().join(" ")
    }
}

/// One word as a POSIX shell reads it back: bare where that is safe, else in single quotes.
pub fn quote(word: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(bare) {
        return word.to_owned();
    }
    in_quotes(word)
}

fn in_quotes(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        let cases = [
            ("plain", "plain"),
            ("--target=x86_64", "--target=x86_64"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("binary_id(=a::b) & test(=c)", "'binary_id(=a::b) & test(=c)'"),
            ("~", "'~'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quote(word), expected);
        }
    }

    #[test]
    fn a_program_that_looks_like_an_assignment_is_still_a_word() {
        let command = Command::new("a=b", "/w s").args(["C=d", "x"]).env("B", "1 2");
        assert_eq!(command.shell(), "cd '/w s' && B='1 2' 'a=b' C=d x");
    }
}
