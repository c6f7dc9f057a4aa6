//! Requests and answers of HTTP/1.1, as much of it as the engines of containers speak on their socket.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::EngineError;

/// No line of a header is longer, in bytes.
const MAX_LINE: u64 = 1 << 16;

/// A connection that requests follow each other on.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    stream: BufReader<S>,
}

/// What goes with a request.
pub(crate) enum Sent<'a> {
    Nothing,
    Json(String),
    /// An archive of so many bytes.
    Tar(&'a mut dyn Read, u64),
}

/// The beginning of an answer; what follows has to be read to its end before the next request.
#[derive(Debug)]
pub(crate) struct Answer<'s, S> {
    pub(crate) status: u16,
    pub(crate) body: Body<'s, S>,
}

/// What follows the header of an answer.
#[derive(Debug)]
pub(crate) struct Body<'s, S> {
    stream: &'s mut BufReader<S>,
    framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes more.
    Length(u64),
    /// So many bytes more of a chunk, and then its end and the next one.
    Chunk(u64),
    FirstChunk,
    ToTheEnd,
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Sends a request, and reads the header of its answer.
    pub(crate) fn ask(&mut self, method: &str, path: &str, sent: Sent<'_>) -> Result<Answer<'_, S>, EngineError> {
        let stream = self.stream.get_mut();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: engine\r\n");
        let told = match sent {
            Sent::Nothing => stream.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes()),
            Sent::Json(text) => {
                let n = text.len();
                let head = format!("{head}Content-Type: application/json\r\nContent-Length: {n}\r\n\r\n");
                stream.write_all((head + &text).as_bytes())
            }
            Sent::Tar(tar, n) => {
                let head = format!("{head}Content-Type: application/x-tar\r\nContent-Length: {n}\r\n\r\n");
                stream.write_all(head.as_bytes()).and_then(|()| io::copy(&mut tar.take(n), stream).map(drop))
            }
        };
        // Who refuses a body half way says why, and then closes.
        match (told.and_then(|()| stream.flush()), self.header()) {
            (_, Ok((status, framing))) => Ok(Answer { status, body: Body { stream: &mut self.stream, framing } }),
            (Err(error), Err(_)) => Err(error.into()),
            (Ok(()), Err(error)) => Err(error),
        }
    }

    /// What follows the last answer.
    pub(crate) fn into_stream(self) -> BufReader<S> {
        self.stream
    }

    /// The stream below, for the tests of what was sent.
    #[cfg(test)]
    pub(crate) fn stream(&self) -> &S {
        self.stream.get_ref()
    }

    fn header(&mut self) -> Result<(u16, Framing), EngineError> {
        let (status, framing) = self.one_header()?;
        // What is said meanwhile is no answer yet.
        if (100..200).contains(&status) { self.header() } else { Ok((status, framing)) }
    }

    fn one_header(&mut self) -> Result<(u16, Framing), EngineError> {
        let first = line(&mut self.stream)?;
        let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
        let status = status.ok_or_else(|| EngineError::Unexpected(first.clone()))?;
        let mut framing = if matches!(status, 204 | 304) { Framing::Length(0) } else { Framing::ToTheEnd };
        loop {
            let field = line(&mut self.stream)?;
            let Some((name, value)) = field.split_once(':') else {
                return if field.is_empty() { Ok((status, framing)) } else { Err(EngineError::Unexpected(field)) };
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("Transfer-Encoding") && value.eq_ignore_ascii_case("chunked") {
                framing = Framing::FirstChunk;
            } else if name.eq_ignore_ascii_case("Content-Length") && framing != Framing::FirstChunk {
                framing = Framing::Length(value.parse().map_err(|_| EngineError::Unexpected(field.clone()))?);
            }
        }
    }
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
}

impl<S: Read> Body<'_, S> {
    /// The size of the next chunk; 0 behind the last one.
    fn next_chunk(&mut self) -> io::Result<u64> {
        let size = line(self.stream)?;
        let digits = size.split(';').next().unwrap_or_default().trim();
        let n =
            u64::from_str_radix(digits, 16).map_err(|_| io::Error::other(format!("`{size}` is no chunk's size")))?;
        if n == 0 {
            while !line(self.stream)?.is_empty() {}
        }
        Ok(n)
    }
}

impl<S: Read> Read for Body<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = match self.framing {
            Framing::ToTheEnd => return self.stream.read(buffer),
            Framing::Length(left) => left,
            Framing::FirstChunk => self.next_chunk()?,
            Framing::Chunk(0) => {
                line(self.stream)?;
                self.next_chunk()?
            }
            Framing::Chunk(left) => left,
        };
        if left == 0 {
            self.framing = Framing::Length(0);
            return Ok(0);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.stream.read(&mut buffer[..most])?;
        if n == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let left = left - n as u64;
        self.framing =
            if matches!(self.framing, Framing::Length(_)) { Framing::Length(left) } else { Framing::Chunk(left) };
        Ok(n)
    }
}

/// A path with its query, in which every value may have any character.
pub(crate) fn path(path: &str, query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A text as a part of a path.
pub(crate) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scripted::Scripted;

    type Heard = Result<(u16, String), String>;

    fn answered(answer: &[u8]) -> Heard {
        let mut connection = Connection::new(Scripted::new(answer));
        let mut answer = connection.ask("GET", "/", Sent::Nothing).map_err(|error| error.to_string())?;
        let mut body = String::new();
        answer.body.read_to_string(&mut body).map_err(|error| error.to_string())?;
        Ok((answer.status, body))
    }

    #[test]
    fn a_body_ends_where_its_header_says() {
        let ok = |status, body: &str| Ok((status, body.to_owned()));
        let broke = |why: &str| Err(format!("the connection to the container engine broke: {why}"));
        let odd = |what: &str| Err(format!("the container engine was expected to speak HTTP and sent `{what}`"));
        let cases: [(&str, Heard); 12] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", ok(200, "abc")),
            ("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\nabc", ok(200, "")),
            ("HTTP/1.1 204 No Content\r\nServer: x\r\n\r\nabc", ok(204, "")),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\na", ok(404, "a")),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\nz",
                ok(200, "abc0123456789"),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok(200, "")),
            ("HTTP/1.0 200 OK\r\n\r\nto the end", ok(200, "to the end")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Err("unexpected end of file".into())),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabz\r\n", Err("`abz` is no chunk's size".into())),
            ("", broke("unexpected end of file")),
            ("SSH-2.0-OpenSSH\r\n", odd("SSH-2.0-OpenSSH")),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", odd("Content-Length: -1")),
        ];
        for (answer, expected) in cases {
            assert_eq!(answered(answer.as_bytes()), expected, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn chunks_are_joined_and_the_next_answer_follows(chunks in prop::collection::vec("[a-z]{1,40}", 0..6)) {
            let framed: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
            let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{framed}0\r\n\r\nHTTP/1.1 204 x\r\n\r\n");
            let mut connection = Connection::new(Scripted::new(answer.as_bytes()));
            let mut body = String::new();
            connection.ask("GET", "/", Sent::Nothing).unwrap().body.read_to_string(&mut body).unwrap();
            prop_assert_eq!(body, chunks.concat());
            prop_assert_eq!(connection.ask("GET", "/", Sent::Nothing).unwrap().status, 204);
        }
    }

    #[test]
    fn a_value_of_a_query_may_be_anything() {
        let query = [("repo", "a/b:c"), ("changes", "ENV A=\"x & y\" ü")];
        assert_eq!(path("/i", &query), "/i?repo=a/b:c&changes=ENV%20A%3D%22x%20%26%20y%22%20%C3%BC");
        assert_eq!(path("/i", &[]), "/i");
    }
}
