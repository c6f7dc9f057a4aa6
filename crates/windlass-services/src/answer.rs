//! What servers answer in lines of text, and how it is not what was asked for.

use std::io::{self, BufRead, Read};

/// No line of a server to windlass is longer, in bytes.
const MAX_LINE: u64 = 64 << 10;

/// Why a server did not answer as it should have.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The connection broke.
    #[error("the connection to {0} broke: {1}")]
    Io(&'static str, #[source] io::Error),
    /// The server refuses: what it says.
    #[error("{0}: {1}")]
    Refused(&'static str, String),
    /// It says something that was not asked for.
    #[error("{server} was expected to {expected} and sent `{said}`")]
    Unexpected {
        /// Who should have answered.
        server: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What came.
        said: String,
    },
}

/// The next line of a server, without its end.
pub(crate) fn line(server: &'static str, stream: &mut impl BufRead) -> Result<String, AnswerError> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_until(b'\n', &mut line).map_err(|error| AnswerError::Io(server, error))?;
    if line.is_empty() {
        return Err(AnswerError::Io(server, io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}
