//! As whom a server runs that refuses root.

use std::time::Duration;

use windlass_host::{Host, Signal};
use windlass_plan::Command;

use crate::StartError;
use crate::supervise::Launcher;

/// How long a system may take to say whether it allows something.
const ANSWER: Duration = Duration::from_secs(5);
/// The user `nobody`, and its group.
const NOBODY: u32 = 65534;

/// As whom a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// As the user of this process.
    Own,
    /// As `nobody` in a user namespace: for the rest of the machine it is still this user, and nothing is handed over.
    Namespace,
    /// As `nobody`, whom its files are handed over to: where namespaces are forbidden, as in many containers.
    Nobody,
}

impl Account {
    /// As whom servers run here that refuse root.
    ///
    /// # Errors
    ///
    /// When this is root, and the system lets it be nobody else.
    pub(crate) fn of_servers(host: &Host) -> Result<Self, StartError> {
        if host.uid() != 0 {
            return Ok(Self::Own);
        }
        let works = |it: &Self| {
            let words = it.command(vec!["true".into()]);
            let command = Command::new(&words[0], "/").args(&words[1..]);
            host.read(&command, ANSWER).is_ok_and(|answer| answer.code == Some(0))
        };
        [Self::Namespace, Self::Nobody].into_iter().find(works).ok_or(StartError::Root)
    }

    /// Whom the files of a server are handed over to, if to somebody.
    pub(crate) fn owner(self) -> Option<u32> {
        (self == Self::Nobody).then_some(NOBODY)
    }

    /// A command, run as this account.
    pub(crate) fn command(self, command: Vec<String>) -> Vec<String> {
        self.words(&[]).into_iter().chain(command).collect()
    }

    /// A server, or what makes its data, run as this account, that is sent `die` when the process `parent` dies, which starts it.
    pub(crate) fn server(self, launcher: &Launcher, parent: u32, die: Signal, server: Vec<String>) -> Vec<String> {
        match self {
            Self::Own => launcher.words(parent, die, server),
            Self::Namespace => self.command(launcher.words(parent, die, server)),
            // `nobody` may not be able to run this program, and who changes the user loses what is sent then.
            Self::Nobody => self.words(&["--pdeathsig", name(die)]).into_iter().chain(server).collect(),
        }
    }

    /// The words that run a command as this account.
    fn words(self, more: &[&str]) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Own => return Vec::new(),
            Self::Namespace => &["unshare", "--user", "--map-user=65534", "--map-group=65534"],
            Self::Nobody => &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
        };
        words.iter().chain(more).chain(&["--"]).map(|&word| word.to_owned()).collect()
    }
}

/// The name of a signal that servers are sent when their parent dies.
fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::INT => "INT",
        Signal::QUIT => "QUIT",
        Signal::KILL => "KILL",
        _ => "TERM",
    }
}
