//! What a container writes.

use std::io::{self, Read, Write};

/// What a container writes, as it comes: an engine sends it in pieces, each with a head of eight bytes, the first of which says to
/// where it was written, the last four how long it is.
#[derive(Debug)]
pub struct Written<R> {
    pieces: R,
    left: u64,
    /// Whether the piece was written to standard error.
    is_error: bool,
}

impl<R: Read> Written<R> {
    pub(super) fn new(pieces: R) -> Self {
        Self { pieces, left: 0, is_error: false }
    }

    /// All of it to its end, each piece to where it was written.
    pub(super) fn split(mut self, out: &mut dyn Write, error: &mut dyn Write) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.read(&mut buffer)? {
                0 => return Ok(()),
                n if self.is_error => error.write_all(&buffer[..n])?,
                n => out.write_all(&buffer[..n])?,
            }
        }
    }
}

impl<R: Read> Read for Written<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let mut head = [0; 8];
            // Nothing is the end; less than a head is an error.
            if self.pieces.read(&mut head[..1])? == 0 {
                return Ok(0);
            }
            self.pieces.read_exact(&mut head[1..])?;
            let [to, _, _, _, a, b, c, d] = head;
            self.is_error = to == 2;
            self.left = u32::from_be_bytes([a, b, c, d]).into();
        }
        let n = (&mut self.pieces).take(self.left).read(buffer)?;
        self.left -= n as u64;
        // Cut short: so is what comes behind.
        if n == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_and_a_cut_is_an_error() {
        let two = b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\x04err\n";
        let cases = [(two.len(), Some("out\nerr\n")), (12, Some("out\n")), (0, Some("")), (9, None), (15, None)];
        for (n, expected) in cases {
            let mut text = String::new();
            let read = Written::new(&two[..n]).read_to_string(&mut text);
            assert_eq!(read.ok().map(|_| text.as_str()), expected, "{n}");
        }
        let (mut out, mut error) = (Vec::new(), Vec::new());
        Written::new(&two[..]).split(&mut out, &mut error).unwrap();
        assert_eq!([out, error], [b"out\n", b"err\n"]);
        assert!(Written::new(&two[..15]).split(&mut Vec::new(), &mut Vec::new()).is_err());
    }
}
