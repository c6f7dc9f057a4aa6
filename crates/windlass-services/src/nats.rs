//! What windlass asks of a NATS server: who it is, and whether it lets its user in, by NATS's client protocol.

use std::io::{BufReader, Read, Write};

use crate::answer::{AnswerError, line};

const SERVER: &str = "NATS";

/// Logs in; the name of the server, as it says itself.
///
/// # Errors
///
/// When the connection breaks, the server refuses, or is no NATS.
pub fn nats_name(stream: impl Read + Write, user: &str, password: &str) -> Result<String, AnswerError> {
    let mut stream = BufReader::new(stream);
    let unexpected = |expected, said: &str| AnswerError::Unexpected { server: SERVER, expected, said: said.to_owned() };
    let greeting = line(SERVER, &mut stream)?;
    let info = greeting.strip_prefix("INFO ").ok_or_else(|| unexpected("say who it is", &greeting))?;
    // A name that windlass has given has nothing in it that JSON would escape.
    let name = info.split_once(r#""server_name":""#).and_then(|(_, rest)| rest.split_once('"'));
    let (name, _) = name.ok_or_else(|| unexpected("say its name", info))?;
    let options = format!(r#"{{"verbose":true,"pedantic":false,"user":"{user}","pass":"{password}"}}"#);
    let mut tell = |words: &str, expected| {
        let told = stream.get_mut().write_all(format!("{words}\r\n").as_bytes());
        told.map_err(|error| AnswerError::Io(SERVER, error))?;
        let said = line(SERVER, &mut stream)?;
        match said.strip_prefix("-ERR ") {
            Some(why) => Err(AnswerError::Refused(SERVER, why.trim_matches('\'').to_owned())),
            None if said == expected => Ok(()),
            None => Err(unexpected("answer", &said)),
        }
    };
    tell(&format!("CONNECT {options}"), "+OK")?;
    tell("PING", "PONG")?;
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    /// Recorded from nats-server 2.9.10.
    const INFO: &str = "INFO {\"server_id\":\"NCOLQSJQ4ORF6JBIO3QDUGRLSZGHVCUOKNZT4FOMGN45DZ4TCQMOKCSK\",\
        \"server_name\":\"windlass-1234-nats\",\"version\":\"2.9.10\",\"proto\":1,\"go\":\"go1.19.8\",\
        \"host\":\"127.0.0.1\",\"port\":33083,\"headers\":true,\"auth_required\":true,\"max_payload\":1048576,\
        \"jetstream\":true,\"client_id\":4,\"client_ip\":\"127.0.0.1\"} \r\n";

    #[test]
    fn a_server_says_who_it_is_and_lets_its_user_in() {
        let mut server = Scripted::new(format!("{INFO}+OK\r\nPONG\r\n").as_bytes());
        assert_eq!(nats_name(&mut server, "windlass", "secret").unwrap(), "windlass-1234-nats");
        let told = r#"CONNECT {"verbose":true,"pedantic":false,"user":"windlass","pass":"secret"}"#;
        assert_eq!(String::from_utf8_lossy(&server.told), format!("{told}\r\nPING\r\n"));
    }

    #[test]
    fn whatever_else_it_says_is_an_error() {
        let cases = [
            (format!("{INFO}-ERR 'Authorization Violation'\r\n"), "NATS: Authorization Violation"),
            (format!("{INFO}+OK\r\nPANG\r\n"), "NATS was expected to answer and sent `PANG`"),
            (
                "HTTP/1.1 400 Bad Request\r\n".to_owned(),
                "NATS was expected to say who it is and sent `HTTP/1.1 400 Bad Request`",
            ),
            ("INFO {}\r\n".to_owned(), "NATS was expected to say its name and sent `{}`"),
            (INFO.to_owned(), "the connection to NATS broke: unexpected end of file"),
        ];
        for (answers, expected) in cases {
            let error = nats_name(Scripted::new(answers.as_bytes()), "windlass", "wrong").unwrap_err();
            assert_eq!(error.to_string(), expected, "{answers}");
        }
    }
}
