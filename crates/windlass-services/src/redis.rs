//! A connection to Redis that asks for what windlass itself wants of a server: version 2 of its serialisation protocol, RESP.

use std::io::{self, BufRead, BufReader, Read, Write};

/// A connection.
#[derive(Debug)]
pub struct RedisSession<S> {
    stream: BufReader<S>,
}

/// Why a server did not answer.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The connection broke.
    #[error("the connection to Redis broke: {0}")]
    Io(#[from] io::Error),
    /// The server refuses: what it says.
    #[error("Redis: {0}")]
    Refused(String),
    /// It answers with something that was not asked for.
    #[error("Redis was expected to answer with a text and sent `{0}`")]
    Unexpected(String),
}

/// No answer of a server to windlass is longer, in bytes.
const MAX_TEXT: usize = 1 << 20;

impl<S: Read + Write> RedisSession<S> {
    /// A session on a stream that is connected.
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Logs in.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub fn log_in(&mut self, password: &str) -> Result<(), RedisError> {
        self.ask(&["AUTH", password]).map(drop)
    }

    /// The number of the server's process, as it says itself.
    ///
    /// # Errors
    ///
    /// When the server refuses, or says nothing of the kind.
    pub fn process_id(&mut self) -> Result<u32, RedisError> {
        let number = self.about("process_id")?;
        number.parse().map_err(|_| RedisError::Unexpected(number))
    }

    /// What the server says of itself by a name, such as `run_id` or `redis_version`.
    ///
    /// # Errors
    ///
    /// When the server refuses, or says nothing of the kind.
    pub fn about(&mut self, name: &str) -> Result<String, RedisError> {
        let info = self.ask(&["INFO", "server"])?;
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(|value| value.trim().to_owned()).ok_or(RedisError::Unexpected(info))
    }

    /// Goes to a database by its number; the session begins in 0.
    ///
    /// # Errors
    ///
    /// When the server refuses, which it does if it has no such number.
    pub fn select(&mut self, number: u32) -> Result<(), RedisError> {
        self.ask(&["SELECT", &number.to_string()]).map(drop)
    }

    /// Removes all that is in the database of the session.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub fn flush_database(&mut self) -> Result<(), RedisError> {
        self.ask(&["FLUSHDB"]).map(drop)
    }

    /// Sends a command, and reads the text that answers it.
    fn ask(&mut self, words: &[&str]) -> Result<String, RedisError> {
        let mut question = format!("*{}\r\n", words.len());
        for word in words {
            question.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream.get_mut().write_all(question.as_bytes())?;
        let line = self.line()?;
        let (kind, rest) = line.split_at_checked(1).ok_or_else(|| RedisError::Unexpected(line.clone()))?;
        match (kind, rest.parse::<usize>()) {
            ("+", _) => Ok(rest.to_owned()),
            ("-", _) => Err(RedisError::Refused(rest.to_owned())),
            ("$", Ok(n)) if n <= MAX_TEXT => {
                let mut text = vec![0; n + 2];
                self.stream.read_exact(&mut text)?;
                text.truncate(n);
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            _ => Err(RedisError::Unexpected(line)),
        }
    }

    fn line(&mut self) -> Result<String, RedisError> {
        let mut line = Vec::new();
        Read::by_ref(&mut self.stream).take(MAX_TEXT as u64).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    fn session(answers: &str) -> RedisSession<Scripted> {
        RedisSession::new(Scripted::new(answers.as_bytes()))
    }

    #[test]
    fn a_server_says_who_it_is_to_those_who_know_its_password() {
        let info = "# Server\r\nredis_version:7.0.15\r\nprocess_id:4242\r\n";
        let mut session = session(&format!("+OK\r\n${}\r\n{info}\r\n", info.len()));
        session.log_in("secret").unwrap();
        assert_eq!(session.process_id().unwrap(), 4242);
        let told = "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n";
        assert_eq!(String::from_utf8_lossy(&session.stream.get_ref().told), told);
    }

    #[test]
    fn a_database_is_emptied_once_the_session_is_there() {
        let mut session = session("+OK\r\n+OK\r\n-ERR DB index is out of range\r\n");
        session.select(12).unwrap();
        session.flush_database().unwrap();
        assert_eq!(session.select(16).unwrap_err().to_string(), "Redis: ERR DB index is out of range");
        let told = "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n*1\r\n$7\r\nFLUSHDB\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n16\r\n";
        assert_eq!(String::from_utf8_lossy(&session.stream.get_ref().told), told);
    }

    #[test]
    fn whatever_else_it_says_is_an_error() {
        let cases = [
            ("-NOAUTH Authentication required.\r\n", "Redis: NOAUTH Authentication required."),
            (":1\r\n", "Redis was expected to answer with a text and sent `:1`"),
            ("HTTP/1.1 400\r\n", "Redis was expected to answer with a text and sent `HTTP/1.1 400`"),
            ("$9999999999\r\n", "Redis was expected to answer with a text and sent `$9999999999`"),
            ("\r\n", "Redis was expected to answer with a text and sent ``"),
            ("$3\r\nabc\r\n", "Redis was expected to answer with a text and sent `abc`"),
            ("", "the connection to Redis broke: unexpected end of file"),
        ];
        for (answer, expected) in cases {
            assert_eq!(session(answer).process_id().unwrap_err().to_string(), expected, "{answer:?}");
        }
    }
}
