//! What the user sees and says.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::Host;

impl Host {
    /// Prints to standard output. That nobody reads it any more is no reason to stop.
    pub fn print(&self, text: &str) {
        self.print_while_read(text);
    }

    /// Prints to standard error.
    pub fn print_error(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Whether standard output is a terminal that understands cursor movement.
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal() && self.env("TERM").is_none_or(|term| term != "dumb")
    }

    /// Whether a person types to a program and reads what it writes.
    pub fn is_talked_to(&self) -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Whether colours are wanted on standard output: at a terminal, unless `NO_COLOR` is set.
    pub fn wants_color(&self) -> bool {
        self.is_terminal() && self.env("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// Prints to standard output; whether somebody can still read it.
    pub fn print_while_read(&self, text: &str) -> bool {
        io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()).is_ok()
    }

    /// Asks a question that is answered by yes or no; `None` where nobody can answer.
    pub fn ask(&self, question: &str) -> Option<bool> {
        self.answer(&format!("{question} [Y/n] "), true)
    }

    /// Asks before something is lost: what is not a clear yes is a no; `None` where nobody can answer.
    pub fn ask_before_loss(&self, question: &str) -> Option<bool> {
        self.answer(&format!("{question} [y/N] "), false)
    }

    fn answer(&self, question: &str, by_default: bool) -> Option<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        self.print_error(question);
        // Waiting in small steps, for a signal does not end a read.
        let stdin = io::stdin();
        let tick = rustix::event::Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        loop {
            let mut fds = [rustix::event::PollFd::new(&stdin, rustix::event::PollFlags::IN)];
            if self.interrupted_by().is_some() {
                self.print_error("\n");
                return Some(false);
            }
            if rustix::event::poll(&mut fds, Some(&tick)).is_ok_and(|n| n > 0) {
                break;
            }
        }
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer).ok()? == 0 {
            return Some(false);
        }
        Some(match answer.trim().to_lowercase().as_str() {
            "" => by_default,
            answer => matches!(answer, "y" | "yes"),
        })
    }
}

/// A block of lines at the foot of a terminal that is drawn again and again.
#[derive(Debug, Default)]
pub struct Terminal {
    n_drawn: usize,
}

impl Terminal {
    /// Columns of the terminal, 80 where it does not say.
    pub fn width(&self) -> usize {
        rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .map(|size| usize::from(size.ws_col))
            .filter(|n| *n > 0)
            .unwrap_or(80)
    }

    /// Rows of the terminal, 24 where it does not say.
    pub fn height(&self) -> usize {
        rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .map(|size| usize::from(size.ws_row))
            .filter(|n| *n > 0)
            .unwrap_or(24)
    }

    /// Draws `lines`, none wider than the terminal, in place of those drawn before.
    pub fn draw(&mut self, host: &Host, lines: &[String]) {
        let mut text = String::new();
        if self.n_drawn > 0 {
            text.push_str(&format!("\x1b[{}A", self.n_drawn));
        }
        for line in lines {
            text.push_str(&format!("\r\x1b[2K{line}\n"));
        }
        text.push_str("\x1b[0J");
        self.n_drawn = lines.len();
        host.print(&text);
    }
}
