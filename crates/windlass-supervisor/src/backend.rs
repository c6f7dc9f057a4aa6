//! In which way a service runs here, and the server that all who use it share.

use std::time::Duration;

use windlass_host::Host;
use windlass_services::{Backend, Definition, Root, Values};

use crate::container::RunningContainer;
use crate::start::Running;
use crate::{Found, StartError, find};

/// How long an engine of containers may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// In which way a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a process, of these programs.
    Process(Found),
    /// In a container.
    Container,
}

/// In which way a service runs here: as its table says, else as a process, else, where its programs are not at hand and an engine of
/// containers is, in a container.
///
/// # Errors
///
/// When it is to run as a process, and its programs are not at hand, or of no version that will do.
pub fn way(host: &Host, definition: &Definition) -> Result<Way, StartError> {
    match definition.backend {
        Some(Backend::Container) => Ok(Way::Container),
        Some(Backend::Process) => find(host, definition.programs()).map(Way::Process),
        None => match find(host, definition.programs()) {
            Err(StartError::NotAtHand { .. }) if can_be_contained(host, definition) => Ok(Way::Container),
            // Another way to run it is the user's to choose.
            Err(StartError::WrongVersion { name, wanted, found, .. }) if can_be_contained(host, definition) => {
                let help = "install it, enter a Nix shell that has it, or say `backend = \"container\"`";
                Err(StartError::WrongVersion { name, wanted, found, help })
            }
            found => found.map(Way::Process),
        },
    }
}

/// Whether one of these services is a process that root may not run.
pub(crate) fn refuses_root(definitions: &[Definition], ways: &[Way]) -> bool {
    let refuses = |(it, way): (&Definition, &Way)| it.process.root == Root::Refuses && matches!(way, Way::Process(_));
    definitions.iter().zip(ways).any(refuses)
}

/// Whether a service can run in a container, and there is an engine that answers.
pub fn can_be_contained(host: &Host, definition: &Definition) -> bool {
    definition.container.is_some() && host.connect_container_engine(ANSWER).is_ok()
}

/// The server that all who use a service share; it ends when it is dropped.
#[derive(Debug)]
pub(crate) enum Main<'a> {
    Process(Running<'a>),
    Container(RunningContainer<'a>),
}

impl<'a> Main<'a> {
    pub(crate) fn definition(&self) -> &'a Definition {
        match self {
            Self::Process(it) => it.site.definition,
            Self::Container(it) => it.definition(),
        }
    }

    pub(crate) fn values(&self) -> &Values {
        match self {
            Self::Process(it) => &it.site.values,
            Self::Container(it) => &it.values,
        }
    }

    /// How it ended, in words; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self {
            Self::Process(it) => it.ended(),
            Self::Container(it) => it.ended(),
        }
    }

    /// An error with the end of its log.
    pub(crate) fn failure(&self, what: &str) -> StartError {
        match self {
            Self::Process(it) => it.site.failure(what),
            Self::Container(it) => it.failure(what),
        }
    }
}
