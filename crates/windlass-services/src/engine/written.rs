//! What a container writes.

use std::io::{self, Read};

/// What a container writes, as it comes: an engine sends it in pieces, each with a head of eight bytes, the first of which says to
/// where it was written, the last four how long it is.
#[derive(Debug)]
pub struct Written<R> {
    pieces: R,
    left: u64,
}

impl<R: Read> Written<R> {
    pub(super) fn new(pieces: R) -> Self {
        Self { pieces, left: 0 }
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
            let [_, _, _, _, a, b, c, d] = head;
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
    }
}
