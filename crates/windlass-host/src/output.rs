//! What a step writes, on its way into its log and to whoever watches.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use windlass_record::Log;

use crate::log::Writer;

/// Text is passed on when a line is complete, or when this much of it has come without a line's end.
const CHUNK_BYTES: usize = 64 << 10;

/// What a reader tells the engine.
#[derive(Debug)]
pub(crate) enum Message {
    /// The step of that index wrote these lines.
    Text(usize, String),
    /// Nobody can write to its log any more.
    Closed(usize),
}

/// The output of one step.
#[derive(Debug)]
pub(crate) struct Output {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    /// `None` once it is closed: what a stray process writes then is dropped.
    log: Option<Writer>,
    /// When something was last read.
    read_at: Instant,
}

impl Output {
    /// Begins to read `pipe` in a thread of its own, which ends when nobody holds the other end any more.
    pub(crate) fn start(
        index: usize,
        mut pipe: io::PipeReader,
        path: &Path,
        limit_bytes: u64,
        messages: SyncSender<Message>,
    ) -> io::Result<Self> {
        let log = Some(Writer::create(path, limit_bytes)?);
        let output = Self { shared: Arc::new(Mutex::new(Shared { log, read_at: Instant::now() })) };
        let shared = Arc::clone(&output.shared);
        thread::spawn(move || {
            let mut lines = Lines::default();
            let mut chunk = vec![0; CHUNK_BYTES];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                {
                    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    shared.read_at = Instant::now();
                    let Some(writer) = &mut shared.log else { break };
                    writer.write(&chunk[..n]);
                }
                // The engine hangs up only when the run is over.
                if let Some(text) = lines.push(&chunk[..n])
                    && messages.send(Message::Text(index, text)).is_err()
                {
                    return;
                }
            }
            if let Some(text) = lines.rest() {
                let _ = messages.send(Message::Text(index, text));
            }
            let _ = messages.send(Message::Closed(index));
        });
        Ok(output)
    }

    /// When something was last read.
    pub(crate) fn read_at(&self) -> Instant {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).read_at
    }

    /// Closes the log, known as `file` in the directory of the run; the error is why some of it could not be written.
    pub(crate) fn close(self, file: String) -> (Log, Option<String>) {
        let writer = self.shared.lock().unwrap_or_else(PoisonError::into_inner).log.take();
        writer.expect("an output is closed once").close(file)
    }
}

/// Bytes that become whole lines of text.
#[derive(Debug, Default)]
struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// The lines that `bytes` completes.
    fn push(&mut self, bytes: &[u8]) -> Option<String> {
        self.pending.extend_from_slice(bytes);
        let complete = match self.pending.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.pending.len() >= CHUNK_BYTES => whole_characters(&self.pending),
            None => return None,
        };
        let later = self.pending.split_off(complete);
        let now = std::mem::replace(&mut self.pending, later);
        Some(String::from_utf8_lossy(&now).into_owned())
    }

    /// What is left when no more comes.
    fn rest(self) -> Option<String> {
        (!self.pending.is_empty()).then(|| String::from_utf8_lossy(&self.pending).into_owned())
    }
}

/// How many bytes to take so that a character at the end is not cut in two.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => error.valid_up_to(),
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_passed_on_in_whole_lines() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"a"), None);
        assert_eq!(lines.push(b"b\nc\nd").as_deref(), Some("ab\nc\n"));
        assert_eq!(lines.push(b"\xff\n").as_deref(), Some("d\u{fffd}\n"));
        assert_eq!(lines.push("ü".as_bytes().split_at(1).0), None);
        assert_eq!(lines.push("ü".as_bytes().split_at(1).1), None);
        assert_eq!(lines.rest().as_deref(), Some("ü"));
    }

    #[test]
    fn an_endless_line_comes_in_pieces_that_cut_no_character() {
        let text = "ü".repeat(CHUNK_BYTES);
        let mut lines = Lines::default();
        let mut seen = String::new();
        for chunk in text.as_bytes().chunks(4097) {
            seen.extend(lines.push(chunk));
            assert!(lines.pending.len() < CHUNK_BYTES);
        }
        seen.extend(lines.rest());
        assert!(seen == text);
    }
}
