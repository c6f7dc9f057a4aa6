//! A server that has said all it will, for the tests of protocols.

use std::io::{self, Read, Write};

/// What it says, and what it was told.
#[derive(Debug)]
pub(crate) struct Scripted {
    answers: io::Cursor<Vec<u8>>,
    pub(crate) told: Vec<u8>,
}

impl Scripted {
    pub(crate) fn new(answers: &[u8]) -> Self {
        Self { answers: io::Cursor::new(answers.to_vec()), told: Vec::new() }
    }
}

impl Read for Scripted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.answers.read(buffer)
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.told.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
