//! A connection to MariaDB that runs statements without an answer, for what windlass itself wants of a server: version 10 of
//! the client/server protocol, as "Clientserver Protocol" of MariaDB's documentation describes it.

use std::io::{self, Read, Write};

use crate::sha1::sha1;

/// A connection.
#[derive(Debug)]
pub struct MysqlSession<S> {
    stream: S,
    /// The number of the next packet, counted from 0 in each exchange.
    number: u8,
}

/// Why a server did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum MysqlError {
    /// The connection broke.
    #[error("the connection to MariaDB broke: {0}")]
    Io(#[from] io::Error),
    /// The server refuses.
    #[error("MariaDB: {message} ({code})")]
    Refused {
        /// Its number for it, such as 1045: access denied.
        code: u16,
        /// What it says.
        message: String,
    },
    /// It says something else than MariaDB does here.
    #[error("MariaDB was expected to {0}")]
    Unexpected(&'static str),
}

/// `PROTOCOL_41`, `TRANSACTIONS`, `SECURE_CONNECTION` and `PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x200 | 0x2000 | 0x8000 | 0x8_0000;
/// `utf8mb4_general_ci`.
const CHARSET: u8 = 45;
/// The only way to log in that is spoken here, and MariaDB's own by default.
const PLUGIN: &str = "mysql_native_password";

impl<S: Read + Write> MysqlSession<S> {
    /// Logs in; without a password where the server trusts its user.
    ///
    /// # Errors
    ///
    /// When the server refuses, or wants a password in another way.
    pub fn open(stream: S, user: &str, password: &str) -> Result<Self, MysqlError> {
        let mut session = Self { stream, number: 0 };
        let greeting = session.receive()?;
        let scramble = scramble(&greeting).ok_or(MysqlError::Unexpected("say hello"))?;
        let proof = proof(password, &scramble);
        let mut answer = CAPABILITIES.to_le_bytes().to_vec();
        answer.extend((1_u32 << 24).to_le_bytes());
        answer.push(CHARSET);
        answer.extend([0; 23]);
        answer.extend(user.bytes().chain([0]));
        answer.push(u8::try_from(proof.len()).expect("a proof is a digest, or nothing"));
        answer.extend(proof);
        answer.extend(PLUGIN.bytes().chain([0]));
        session.send(&answer)?;
        let mut said = session.receive()?;
        if let Some(other) = said.strip_prefix(&[0xfe]) {
            let asked = other.strip_prefix(PLUGIN.as_bytes()).and_then(|rest| rest.strip_prefix(&[0]));
            let scramble = asked.ok_or(MysqlError::Unexpected("take a native password"))?;
            session.send(&self::proof(password, scramble.strip_suffix(&[0]).unwrap_or(scramble)))?;
            said = session.receive()?;
        }
        if said.first() == Some(&0) { Ok(session) } else { Err(MysqlError::Unexpected("let its user in")) }
    }

    /// Runs a statement that answers with no rows.
    ///
    /// # Errors
    ///
    /// When the server refuses. The session can still be used then.
    pub fn run(&mut self, sql: &str) -> Result<(), MysqlError> {
        self.number = 0;
        self.send(&[&[3], sql.as_bytes()].concat())?;
        if self.receive()?.first() == Some(&0) { Ok(()) } else { Err(MysqlError::Unexpected("answer with no rows")) }
    }

    /// Makes an empty database.
    ///
    /// # Errors
    ///
    /// When there is one of that name.
    pub fn create_database(&mut self, name: &str) -> Result<(), MysqlError> {
        self.run(&format!("CREATE DATABASE {}", quoted(name)))
    }

    /// Removes a database, if there is one of that name.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub fn drop_database(&mut self, name: &str) -> Result<(), MysqlError> {
        self.run(&format!("DROP DATABASE IF EXISTS {}", quoted(name)))
    }

    fn send(&mut self, body: &[u8]) -> Result<(), MysqlError> {
        let length =
            u32::try_from(body.len()).ok().filter(|n| *n < 0xff_ffff).expect("a question is shorter than 16 MiB");
        let [a, b, c, _] = length.to_le_bytes();
        self.stream.write_all(&[&[a, b, c, self.number], body].concat())?;
        self.number = self.number.wrapping_add(1);
        Ok(())
    }

    /// The next packet, unless it is a refusal.
    fn receive(&mut self) -> Result<Vec<u8>, MysqlError> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head)?;
        let [a, b, c, number] = head;
        if number != self.number {
            return Err(MysqlError::Unexpected("count its packets"));
        }
        self.number = number.wrapping_add(1);
        let mut body = vec![0; u32::from_le_bytes([a, b, c, 0]) as usize];
        self.stream.read_exact(&mut body)?;
        match body.split_first_chunk::<3>() {
            Some(([0xff, code @ ..], rest)) => {
                // Behind a `#` are five letters that say the same as the number.
                let message = rest.strip_prefix(b"#").and_then(|rest| rest.get(5..)).unwrap_or(rest);
                let message = String::from_utf8_lossy(message).into_owned();
                Err(MysqlError::Refused { code: u16::from_le_bytes(*code), message })
            }
            _ => Ok(body),
        }
    }
}

/// The twenty bytes of a greeting that a password is scrambled with.
fn scramble(greeting: &[u8]) -> Option<Vec<u8>> {
    let rest = greeting.strip_prefix(&[10])?;
    let version = rest.iter().position(|byte| *byte == 0)?;
    // The number of the connection; eight bytes; a zero, capabilities, character set, state, a length and ten reserved bytes.
    let rest = rest.get(version + 1 + 4..)?;
    Some([rest.get(..8)?, rest.get(8 + 19..8 + 19 + 12)?].concat())
}

/// What shows that one knows a password.
fn proof(password: &str, scramble: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = sha1(password.as_bytes());
    let mask = sha1(&[scramble, &sha1(&once)].concat());
    once.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    /// Recorded from MariaDB 10.11.19.
    const GREETING: &[u8] =
        b"d\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x04\0\0\0a|l)()7x\0\xfe\xf7\x08\x02\0\xff\x81\x15\
        \0\0\0\0\0\0\x1d\0\0\0xqQ|@ghUOnZY\0mysql_native_password\0";
    const IN: &[u8] = b"\x07\0\0\x02\0\0\0\x02\0\0\0";

    fn open(answers: &[&[u8]], password: &str) -> Result<MysqlSession<Scripted>, MysqlError> {
        MysqlSession::open(Scripted::new(&answers.concat()), "windlass", password)
    }

    #[test]
    fn a_session_is_opened_by_proof_of_the_password() {
        let session = open(&[GREETING, IN], "secret").unwrap();
        let told = b"\x54\0\0\x01\0\xa2\x08\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0windlass\0\
            \x14-\xf1\x9f\xa1\xa9\x08~\x1f\xc4\xc0\xf5SV\0\x06\xbe\xdfB\xe5\xcdmysql_native_password\0";
        assert_eq!(session.stream.told.escape_ascii().to_string(), told.escape_ascii().to_string());
    }

    #[test]
    fn a_server_that_asks_again_is_told_again_and_one_that_trusts_is_told_nothing() {
        let again = b",\0\0\x02\xfemysql_native_password\0x}-a%0axZ:Qh:(UV1.3W\0";
        let session = open(&[GREETING, again, b"\x07\0\0\x04\0\0\0\x02\0\0\0"], "secret").unwrap();
        let proof = b"\x14\0\0\x03\xb5Q\xc6\xe8\xe7-N\xe2\xdb-e:\xd3$ \xa4\xc5\xdbh\x07";
        assert!(session.stream.told.ends_with(proof), "{}", session.stream.told.escape_ascii());
        let session = open(&[GREETING, IN], "").unwrap();
        assert!(session.stream.told.ends_with(b"windlass\0\0mysql_native_password\0"));
    }

    #[test]
    fn databases_come_and_go_and_a_refusal_is_an_error() {
        let done = b"\x07\0\0\x01\0\x01\0\x02\0\0\0";
        let there = b"3\0\0\x01\xff\xef\x03#HY000Can't create database 'a'; database exists";
        let mut session = open(&[GREETING, IN, done, there, done, b"\x01\0\0\x01\x01"], "").unwrap();
        session.create_database("a").unwrap();
        let error = session.create_database("a").unwrap_err().to_string();
        assert_eq!(error, "MariaDB: Can't create database 'a'; database exists (1007)");
        session.drop_database("a`b").unwrap();
        let told = b"\x1f\0\0\0\x03DROP DATABASE IF EXISTS `a``b`";
        assert!(session.stream.told.ends_with(&told[..]), "{}", session.stream.told.escape_ascii());
        let error = session.run("SELECT 1").unwrap_err().to_string();
        assert_eq!(error, "MariaDB was expected to answer with no rows");
    }

    #[test]
    fn what_is_no_open_door_is_an_error() {
        let denied = b"L\0\0\x02\xff\x15\x04#28000Access denied for user 'windlass'@'127.0.0.1' (using password: YES)";
        let cases: [(&[&[u8]], &str); 5] = [
            (
                &[GREETING, denied],
                "MariaDB: Access denied for user 'windlass'@'127.0.0.1' (using password: YES) (1045)",
            ),
            (&[GREETING, b"\x16\0\0\x02\xfecaching_sha2_password"], "MariaDB was expected to take a native password"),
            (&[b"\x04\0\0\0\x09abc"], "MariaDB was expected to say hello"),
            (&[b"HTTP/1.1 400 Bad Request\r\n"], "MariaDB was expected to count its packets"),
            (&[], "the connection to MariaDB broke: failed to fill whole buffer"),
        ];
        for (answers, expected) in cases {
            assert_eq!(open(answers, "wrong").unwrap_err().to_string(), expected);
        }
    }
}
