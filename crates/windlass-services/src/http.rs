//! What windlass asks of servers that speak HTTP: a request for one path, by version 1.1.

use std::io::{self, Read, Write};

use crate::answer::AnswerError;

/// No answer to windlass is longer, in bytes; what comes after is not read.
const MAX_ANSWER: u64 = 64 << 10;

/// Asks for a path; only a status from 200 to 399 will do.
///
/// # Errors
///
/// When the connection breaks, the status is another one, or it is no HTTP that answers.
pub fn http_answers(stream: impl Read + Write, host: &str, path: &str) -> Result<(), AnswerError> {
    let (status, answer) = get("the server", stream, host, path)?;
    match status {
        200..=399 => Ok(()),
        _ => Err(AnswerError::Refused("the server", answer.lines().next().unwrap_or_default().to_owned())),
    }
}

/// Asks whether it is S3 that listens, and wants to know who asks: without a signature its answer is `AccessDenied`.
///
/// # Errors
///
/// When the connection breaks, or something else listens, or a server that lets everybody in.
pub fn s3_answers(stream: impl Read + Write, host: &str) -> Result<(), AnswerError> {
    let (status, answer) = get("S3", stream, host, "/")?;
    if status == 403 && answer.contains("<Code>AccessDenied</Code>") {
        return Ok(());
    }
    let said = answer.lines().next().unwrap_or_default().to_owned();
    Err(AnswerError::Unexpected { server: "S3", expected: "want a signature", said })
}

/// The status and the whole answer.
fn get(
    server: &'static str,
    mut stream: impl Read + Write,
    host: &str,
    path: &str,
) -> Result<(u16, String), AnswerError> {
    let mut asked = || -> io::Result<Vec<u8>> {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: windlass\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        Read::by_ref(&mut stream).take(MAX_ANSWER).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().map_err(|error| AnswerError::Io(server, error))?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    if answer.is_empty() {
        return Err(AnswerError::Io(server, io::ErrorKind::UnexpectedEof.into()));
    }
    let status = answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    let first = || answer.lines().next().unwrap_or_default().to_owned();
    let status = status.ok_or_else(|| AnswerError::Unexpected { server, expected: "speak HTTP", said: first() })?;
    Ok((status, answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    #[test]
    fn a_path_is_asked_for_and_the_status_decides() {
        let mut server = Scripted::new(b"HTTP/1.1 204 No Content\r\n\r\n");
        http_answers(&mut server, "127.0.0.1:7700", "/health").unwrap();
        let told = "GET /health HTTP/1.1\r\nHost: 127.0.0.1:7700\r\nUser-Agent: windlass\r\nConnection: close\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&server.told), told);
        let cases = [
            ("HTTP/1.0 302 Found\r\n\r\n", None),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", Some("the server: HTTP/1.1 503 Service Unavailable")),
            ("HTTP/1.1 99\r\n", Some("the server was expected to speak HTTP and sent `HTTP/1.1 99`")),
            ("-ERR unknown command\r\n", Some("the server was expected to speak HTTP and sent `-ERR unknown command`")),
            ("", Some("the connection to the server broke: unexpected end of file")),
        ];
        for (answer, expected) in cases {
            let error = http_answers(Scripted::new(answer.as_bytes()), "h", "/").err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{answer}");
        }
    }

    #[test]
    fn only_s3_with_a_password_wants_a_signature() {
        // Recorded from s3s-fs 0.14.1, with keys and without.
        let with_keys = "HTTP/1.1 403 Forbidden\r\ncontent-type: application/xml\r\nconnection: close\r\n\
            content-length: 118\r\ndate: Thu, 26 Nov 2026 03:27:05 GMT\r\n\r\n<?xml version=\"1.0\" \
            encoding=\"UTF-8\"?><Error><Code>AccessDenied</Code><Message>Signature is required</Message></Error>";
        s3_answers(Scripted::new(with_keys.as_bytes()), "127.0.0.1:33084").unwrap();
        let open = "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\n\r\n<ListAllMyBucketsResult/>";
        let error = s3_answers(Scripted::new(open.as_bytes()), "127.0.0.1:33084").unwrap_err();
        assert_eq!(error.to_string(), "S3 was expected to want a signature and sent `HTTP/1.1 200 OK`");
    }
}
