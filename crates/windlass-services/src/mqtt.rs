//! What windlass asks of an MQTT broker: whether it lets its user in, by version 3.1.1 of the protocol.

use std::io::{Read, Write};

use crate::answer::AnswerError;

const SERVER: &str = "MQTT";

/// Logs in, and leaves.
///
/// # Errors
///
/// When the connection breaks, the broker refuses, or is none.
pub fn mqtt_lets_in(mut stream: impl Read + Write, user: &str, password: &str) -> Result<(), AnswerError> {
    // Level 4; with user, password and a session that ends with the connection; kept alive for ten seconds.
    let head = [&text("MQTT")[..], &[4, 0b1100_0010, 0, 10]].concat();
    let body = [head, text("windlass"), text(user), text(password)].concat();
    let length = u8::try_from(body.len()).ok().filter(|n| *n < 0x80).expect("user and password are short");
    let mut asked = || {
        stream.write_all(&[&[0x10, length], &body[..]].concat())?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        stream.write_all(&[0xe0, 0])?;
        Ok(answer)
    };
    match asked().map_err(|error| AnswerError::Io(SERVER, error))? {
        [0x20, 2, _, 0] => Ok(()),
        [0x20, 2, _, code] => Err(AnswerError::Refused(SERVER, refusal(code))),
        other => {
            let said = String::from_utf8_lossy(&other).into_owned();
            Err(AnswerError::Unexpected { server: SERVER, expected: "let its user in", said })
        }
    }
}

fn refusal(code: u8) -> String {
    match code {
        1 => "version 3.1.1 is not spoken".into(),
        2 => "the name of the client is refused".into(),
        3 => "the broker is not available".into(),
        4 | 5 => "not authorised".into(),
        code => format!("refused with code {code}"),
    }
}

/// A text with its length before it.
fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("user and password are short");
    length.to_be_bytes().into_iter().chain(text.bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    #[test]
    fn a_broker_lets_its_user_in() {
        // Recorded from Mosquitto 2.0.11.
        let mut broker = Scripted::new(b" \x02\0\0");
        mqtt_lets_in(&mut broker, "windlass", "secret").unwrap();
        let told = b"\x10\x26\0\x04MQTT\x04\xc2\0\x0a\0\x08windlass\0\x08windlass\0\x06secret\xe0\0";
        assert_eq!(broker.told, told);
    }

    #[test]
    fn whatever_else_it_says_is_an_error() {
        let cases: [(&[u8], &str); 4] = [
            (b" \x02\0\x05", "MQTT: not authorised"),
            (b" \x02\0\x03", "MQTT: the broker is not available"),
            (b"HTTP/1.1 400 Bad Request\r\n", "MQTT was expected to let its user in and sent `HTTP`"),
            (b"", "the connection to MQTT broke: failed to fill whole buffer"),
        ];
        for (answer, expected) in cases {
            let error = mqtt_lets_in(Scripted::new(answer), "windlass", "wrong").unwrap_err();
            assert_eq!(error.to_string(), expected, "{answer:?}");
        }
    }
}
