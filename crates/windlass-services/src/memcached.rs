//! What windlass asks of memcached: whether it lets its user in, and its version, by the text protocol.

use std::io::{BufReader, Read, Write};

use crate::answer::{AnswerError, line};

const SERVER: &str = "memcached";

/// The version that a server says it is, once it has let its user in: the first thing that is stored under any key is taken for
/// user and password by a server that wants them, and kept as a value by one that does not.
///
/// # Errors
///
/// When the connection breaks, the server refuses, or is none.
pub fn memcached_version(stream: impl Read + Write, user: &str, password: &str) -> Result<String, AnswerError> {
    let mut stream = BufReader::new(stream);
    let mut tell = |words: &str| {
        let told = stream.get_mut().write_all(format!("{words}\r\n").as_bytes());
        told.map_err(|error| AnswerError::Io(SERVER, error))?;
        let said = line(SERVER, &mut stream)?;
        match said.split_once("ERROR ") {
            Some((_, why)) => Err(AnswerError::Refused(SERVER, why.to_owned())),
            None => Ok(said),
        }
    };
    let unexpected = |expected, said: &str| AnswerError::Unexpected { server: SERVER, expected, said: said.to_owned() };
    let proof = format!("{user} {password}");
    // It expires at once.
    let said = tell(&format!("set windlass 0 -1 {}\r\n{proof}", proof.len()))?;
    if said != "STORED" {
        return Err(unexpected("let its user in", &said));
    }
    let said = tell("version")?;
    said.strip_prefix("VERSION ").map(str::to_owned).ok_or_else(|| unexpected("say its version", &said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    #[test]
    fn a_server_says_its_version_to_its_user() {
        // Recorded from memcached 1.6.18.
        let mut server = Scripted::new(b"STORED\r\nVERSION 1.6.18\r\n");
        assert_eq!(memcached_version(&mut server, "windlass", "secret").unwrap(), "1.6.18");
        let told = "set windlass 0 -1 15\r\nwindlass secret\r\nversion\r\n";
        assert_eq!(String::from_utf8_lossy(&server.told), told);
    }

    #[test]
    fn whatever_else_it_says_is_an_error() {
        let cases = [
            ("CLIENT_ERROR authentication failure\r\n", "memcached: authentication failure"),
            ("STORED\r\nCLIENT_ERROR unauthenticated\r\n", "memcached: unauthenticated"),
            ("HTTP/1.1 400\r\n", "memcached was expected to let its user in and sent `HTTP/1.1 400`"),
            ("STORED\r\nERROR\r\n", "memcached was expected to say its version and sent `ERROR`"),
            ("STORED\r\n", "the connection to memcached broke: unexpected end of file"),
        ];
        for (answers, expected) in cases {
            let error = memcached_version(Scripted::new(answers.as_bytes()), "windlass", "wrong").unwrap_err();
            assert_eq!(error.to_string(), expected, "{answers}");
        }
    }
}
