//! A connection to PostgreSQL that asks simple queries, for what windlass itself wants of a server that trusts it: version 3
//! of the frontend/backend protocol, as chapter "Frontend/Backend Protocol" of PostgreSQL's documentation describes it.

use std::io::{self, Read, Write};

/// A connection.
#[derive(Debug)]
pub struct PostgresSession<S> {
    stream: S,
}

/// Why a server did not answer a question.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The connection broke.
    #[error("the connection to PostgreSQL broke: {0}")]
    Io(#[from] io::Error),
    /// The server refuses.
    #[error("PostgreSQL: {message} ({code})")]
    Refused {
        /// Five letters or digits that say what it is, such as `57P03`: the server is starting up.
        code: String,
        /// What it says.
        message: String,
        /// The character of the query that it is about, counted from 1, where it says one.
        position: Option<usize>,
        /// Where in the data that is copied it is, where it says that: `COPY item, line 4, column price`.
        place: Option<String>,
    },
    /// What was to be copied into a table could not be read.
    #[error("what is to be copied cannot be read: {0}")]
    Data(io::Error),
    /// It wants a password, or says something that no PostgreSQL says.
    #[error("PostgreSQL was expected to {expected} and sent `{}`", char::from(*.sent))]
    Unexpected {
        /// What was expected.
        expected: &'static str,
        /// The kind of the message that came.
        sent: u8,
    },
}

/// The rows that a query gives: the text of each column, `None` for null.
pub type Rows = Vec<Vec<Option<String>>>;

/// No answer of a server to windlass is longer, in bytes.
const MAX_MESSAGE: usize = 64 << 20;

impl<S: Read + Write> PostgresSession<S> {
    /// Logs in to a database, as a user that the server trusts.
    ///
    /// # Errors
    ///
    /// When the server refuses, or wants a password.
    pub fn open(mut stream: S, user: &str, database: &str) -> Result<Self, PostgresError> {
        let mut body = 196_608_u32.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, "application_name", "windlass", ""] {
            body.extend(text.as_bytes());
            body.push(0);
        }
        stream.write_all(&framed(None, &body))?;
        let mut session = Self { stream };
        loop {
            match session.receive()? {
                (b'Z', _) => return Ok(session),
                (b'R', body) if body != 0_u32.to_be_bytes() => {
                    return Err(PostgresError::Unexpected { expected: "trust its user", sent: b'R' });
                }
                (b'R' | b'K' | b'S' | b'N', _) => {}
                (sent, _) => return Err(PostgresError::Unexpected { expected: "let its user in", sent }),
            }
        }
    }

    /// The rows of a query; of several, separated by `;`, those of all.
    ///
    /// # Errors
    ///
    /// When the server refuses one of them. The session can still be used then.
    pub fn query(&mut self, sql: &str) -> Result<Rows, PostgresError> {
        self.stream.write_all(&framed(Some(b'Q'), &[sql.as_bytes(), b"\0"].concat()))?;
        let mut rows = Rows::new();
        let mut refused = None;
        loop {
            match self.receive() {
                Ok((b'Z', _)) => return refused.map_or(Ok(rows), Err),
                Ok((b'D', body)) => rows.push(columns(&body).ok_or_else(cut_short)?),
                // Tags, descriptions, notices, parameters, notifications.
                Ok((b'C' | b'T' | b'I' | b'N' | b'S' | b'A', _)) => {}
                Ok((sent, _)) => return Err(PostgresError::Unexpected { expected: "answer a query", sent }),
                Err(error @ PostgresError::Refused { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Copies data into a table, as `COPY … FROM STDIN …` says, and tells how many rows there were.
    ///
    /// # Errors
    ///
    /// When the server refuses the statement or a row, or the data cannot be read: then no row is there. The session can
    /// still be used in both cases.
    pub fn copy_in(&mut self, sql: &str, mut data: impl Read) -> Result<u64, PostgresError> {
        self.stream.write_all(&framed(Some(b'Q'), &[sql.as_bytes(), b"\0"].concat()))?;
        let mut copied = None;
        let mut failed = None;
        loop {
            match self.receive() {
                Ok((b'Z', _)) => {
                    let nothing = PostgresError::Unexpected { expected: "copy rows into a table", sent: b'Z' };
                    return failed.map_or(copied.ok_or(nothing), Err);
                }
                Ok((b'G', _)) => failed = self.send_data(&mut data)?.or(failed),
                Ok((b'C', tag)) => copied = rows_copied(&tag),
                Ok((b'N' | b'S' | b'A', _)) => {}
                Ok((sent, _)) => return Err(PostgresError::Unexpected { expected: "copy rows into a table", sent }),
                // When the data broke off, this says only that.
                Err(error @ PostgresError::Refused { .. }) => failed = failed.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends data to the end, or what was wrong with it. A server that refuses a row goes on reading, so nothing blocks.
    fn send_data(&mut self, data: &mut impl Read) -> Result<Option<PostgresError>, PostgresError> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match data.read(&mut buffer) {
                Ok(0) => {
                    self.stream.write_all(&framed(Some(b'c'), &[]))?;
                    return Ok(None);
                }
                Ok(n) => self.stream.write_all(&framed(Some(b'd'), &buffer[..n]))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.stream.write_all(&framed(Some(b'f'), b"the data broke off\0"))?;
                    return Ok(Some(PostgresError::Data(error)));
                }
            }
        }
    }

    /// The next message: its kind and its body.
    fn receive(&mut self) -> Result<(u8, Vec<u8>), PostgresError> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let n = (u32::from_be_bytes(length) as usize).checked_sub(4).filter(|n| *n <= MAX_MESSAGE);
        let mut body = vec![0; n.ok_or(PostgresError::Unexpected { expected: "speak its protocol", sent: kind })?];
        self.stream.read_exact(&mut body)?;
        if kind == b'E' {
            return Err(refusal(&body));
        }
        Ok((kind, body))
    }
}

/// Asks whether it is PostgreSQL that listens, without logging in: whether it would encrypt (`SSLRequest`).
///
/// # Errors
///
/// When the connection breaks, or something else listens.
pub fn postgres_answers(mut stream: impl Read + Write) -> Result<(), PostgresError> {
    stream.write_all(&framed(None, &80_877_103_u32.to_be_bytes()))?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    match answer {
        [b'S' | b'N'] => Ok(()),
        [sent] => Err(PostgresError::Unexpected { expected: "say whether it encrypts", sent }),
    }
}

/// A message: its kind, which only the first of a session lacks, its length, its body.
fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a question is shorter than 4 GiB").to_be_bytes();
    kind.into_iter().chain(length).chain(body.iter().copied()).collect()
}

/// The columns of a `DataRow`; `None` where it is cut short.
fn columns(mut body: &[u8]) -> Option<Vec<Option<String>>> {
    let n = u16::from_be_bytes(body.split_off(..2)?.try_into().ok()?);
    let column = |_| {
        let length = i32::from_be_bytes(body.split_off(..4)?.try_into().ok()?);
        let Ok(length) = usize::try_from(length) else { return Some(None) };
        Some(Some(String::from_utf8_lossy(body.split_off(..length)?).into_owned()))
    };
    (0..n).map(column).collect()
}

/// What an `ErrorResponse` says.
fn refusal(body: &[u8]) -> PostgresError {
    let field = |kind: u8| {
        let mut fields = body.split(|byte| *byte == 0);
        let field = fields.find_map(|field| field.strip_prefix(&[kind]));
        String::from_utf8_lossy(field.unwrap_or_default()).into_owned()
    };
    let place = field(b'W').lines().next().filter(|line| line.starts_with("COPY ")).map(str::to_owned);
    PostgresError::Refused { code: field(b'C'), message: field(b'M'), position: field(b'P').parse().ok(), place }
}

/// How many rows the tag `COPY n` says.
fn rows_copied(tag: &[u8]) -> Option<u64> {
    str::from_utf8(tag).ok()?.trim_end_matches('\0').strip_prefix("COPY ")?.parse().ok()
}

/// The line of a query, counted from 1, on which the character is that a refusal names.
pub fn line_at(sql: &str, position: usize) -> usize {
    sql.chars().take(position.saturating_sub(1)).filter(|c| *c == '\n').count() + 1
}

fn cut_short() -> PostgresError {
    io::Error::from(io::ErrorKind::UnexpectedEof).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    fn server(messages: &[(u8, &[u8])]) -> Scripted {
        let answers: Vec<u8> = messages.iter().flat_map(|(kind, body)| framed(Some(*kind), body)).collect();
        Scripted::new(&answers)
    }

    const IN: [(u8, &[u8]); 3] = [(b'R', &[0, 0, 0, 0]), (b'S', b"server_version\x0015.18\0"), (b'Z', b"I")];

    #[test]
    fn a_session_is_opened_and_asked() {
        let row: &[u8] = &[0, 3, 0, 0, 0, 1, b'a', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        let more: [(u8, &[u8]); 4] = [(b'T', b"?"), (b'D', row), (b'C', b"SELECT 1\0"), (b'Z', b"I")];
        let mut session = PostgresSession::open(server(&[&IN[..], &more].concat()), "me", "db").unwrap();
        let rows = session.query("select 1").unwrap();
        assert_eq!(rows, [[Some("a".to_owned()), None, Some(String::new())]]);
        let start = b"\0\x03\0\0user\0me\0database\0db\0application_name\0windlass\0\0";
        let told = [&[0, 0, 0, 55][..], start, b"Q\0\0\0\x0dselect 1\0"].concat();
        assert_eq!(String::from_utf8_lossy(&session.stream.told), String::from_utf8_lossy(&told));
    }

    #[test]
    fn a_refusal_is_an_error_and_the_session_goes_on() {
        let refusal: &[u8] = b"SERROR\0C42P01\0Mrelation \"x\" does not exist\0\0";
        let more: [(u8, &[u8]); 4] = [(b'E', refusal), (b'Z', b"I"), (b'C', b"SELECT 0\0"), (b'Z', b"I")];
        let mut session = PostgresSession::open(server(&[&IN[..], &more].concat()), "me", "db").unwrap();
        let error = session.query("select x").unwrap_err().to_string();
        assert_eq!(error, "PostgreSQL: relation \"x\" does not exist (42P01)");
        assert_eq!(session.query("select").unwrap(), Rows::new());
    }

    #[test]
    fn a_refusal_names_the_line_of_a_query() {
        let refusal: &[u8] = b"SERROR\0C42703\0Mcolumn \"x\" does not exist\0P15\0Fparse_relation.c\0\0";
        let more: [(u8, &[u8]); 2] = [(b'E', refusal), (b'Z', b"I")];
        let mut session = PostgresSession::open(server(&[&IN[..], &more].concat()), "me", "db").unwrap();
        let error = session.query("-- \u{e9}\r\nselect x").unwrap_err();
        assert!(matches!(error, PostgresError::Refused { position: Some(15), .. }), "{error:?}");
        let cases = [("select x", 8, 1), ("-- \u{e9}\r\nselect x", 15, 2), ("\n\n", 2, 2), ("\n\n", 3, 3), ("", 0, 1)];
        for (sql, position, line) in cases {
            assert_eq!(line_at(sql, position), line, "{sql:?} {position}");
        }
    }

    #[test]
    fn rows_are_copied_in() {
        let more: [(u8, &[u8]); 3] = [(b'G', &[0, 0, 1, 0, 0]), (b'C', b"COPY 2\0"), (b'Z', b"I")];
        let mut session = PostgresSession::open(server(&[&IN[..], &more].concat()), "me", "db").unwrap();
        session.stream.told.clear();
        assert_eq!(session.copy_in("copy t from stdin", &b"1\n2\n"[..]).unwrap(), 2);
        let told = b"Q\0\0\0\x16copy t from stdin\0d\0\0\0\x081\n2\nc\0\0\0\x04";
        assert_eq!(String::from_utf8_lossy(&session.stream.told), String::from_utf8_lossy(told));
    }

    #[test]
    fn what_cannot_be_copied_is_an_error_and_the_session_goes_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("no disk"))
            }
        }
        let refused: (u8, &[u8]) = (b'E', b"SERROR\0C22P02\0Minvalid input syntax\0WCOPY t, line 1\0\0");
        let broken: (u8, &[u8]) = (b'E', b"SERROR\0C57014\0MCOPY from stdin failed: the data broke off\0\0");
        let copy: (u8, &[u8]) = (b'G', &[0, 0, 1, 0, 0]);
        let end: (u8, &[u8]) = (b'Z', b"I");
        let more = [copy, refused, end, copy, broken, end, refused, end, (b'C', b"SELECT 0\0"), end];
        let mut session = PostgresSession::open(server(&[&IN[..], &more].concat()), "me", "db").unwrap();
        session.stream.told.clear();
        let mut copied = |data: &mut dyn Read| session.copy_in("copy", data).unwrap_err().to_string();
        assert_eq!(copied(&mut &b"x\n"[..]), "PostgreSQL: invalid input syntax (22P02)");
        assert_eq!(copied(&mut Broken), "what is to be copied cannot be read: no disk");
        assert_eq!(copied(&mut &b"x"[..]), "PostgreSQL: invalid input syntax (22P02)");
        assert_eq!(copied(&mut &b"x"[..]), "PostgreSQL was expected to copy rows into a table and sent `Z`");
        let told = [
            &b"Q\0\0\0\x09copy\0d\0\0\0\x06x\nc\0\0\0\x04"[..],
            b"Q\0\0\0\x09copy\0f\0\0\0\x17the data broke off\0",
            b"Q\0\0\0\x09copy\0Q\0\0\0\x09copy\0",
        ];
        assert_eq!(String::from_utf8_lossy(&session.stream.told), String::from_utf8_lossy(&told.concat()));
    }

    #[test]
    fn only_postgresql_says_whether_it_encrypts() {
        let answered = |answer: &[u8]| postgres_answers(Scripted::new(answer)).is_ok();
        let answers: [(&[u8], bool); 4] = [(b"N", true), (b"S", true), (b"-ERR", false), (b"", false)];
        assert!(answers.iter().all(|(answer, is_postgres)| answered(answer) == *is_postgres));
    }

    #[test]
    fn what_is_no_open_door_is_an_error() {
        let open =
            |kind, body: &[u8]| PostgresSession::open(server(&[(kind, body)]), "me", "db").unwrap_err().to_string();
        assert_eq!(open(b'R', &[0, 0, 0, 10]), "PostgreSQL was expected to trust its user and sent `R`");
        let starting: &[u8] = b"SFATAL\0C57P03\0Mthe database system is starting up\0\0";
        assert_eq!(open(b'E', starting), "PostgreSQL: the database system is starting up (57P03)");
        assert!(open(b'R', &[0, 0, 0, 0]).starts_with("the connection to PostgreSQL broke: "));
        let http = Scripted::new(b"HTTP/1.1 400 Bad Request\r\n");
        let error = PostgresSession::open(http, "me", "db").unwrap_err().to_string();
        assert_eq!(error, "PostgreSQL was expected to speak its protocol and sent `H`");
    }
}
