//! The log of a step: all of it up to a limit, then its head and its tail with the bytes between them counted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use windlass_record::Log;

/// A file that keeps what is written to it up to `limit` bytes. From there on its second half is a ring: the newest bytes
/// overwrite the oldest of that half, and [`Writer::close`] puts them in order.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: File,
    limit_bytes: u64,
    written_bytes: u64,
    failure: Option<io::Error>,
}

impl Writer {
    pub(crate) fn create(path: &Path, limit_bytes: u64) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, limit_bytes, written_bytes: 0, failure: None })
    }

    /// Where in the file the byte number `n` of the output stands.
    fn place(&self, n: u64) -> u64 {
        let head = self.head_bytes();
        if n < self.limit_bytes { n } else { head + (n - head) % (self.limit_bytes - head) }
    }

    fn head_bytes(&self) -> u64 {
        self.limit_bytes / 2
    }

    /// Writes what fits. After a failure nothing more is tried, but the bytes are counted.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let place = self.place(self.written_bytes);
            let room = usize::try_from(self.limit_bytes - place).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            if self.failure.is_none() {
                let wrapped = place < self.written_bytes;
                let seek = if wrapped { self.file.seek(SeekFrom::Start(place)).map(drop) } else { Ok(()) };
                self.failure = seek.and_then(|()| self.file.write_all(now)).err();
            }
            self.written_bytes += now.len() as u64;
            bytes = later;
        }
    }

    /// Puts the file in order. The error is the first one met while writing.
    pub(crate) fn close(&mut self, file: String) -> (Log, Option<String>) {
        if self.failure.is_none() && self.written_bytes > self.limit_bytes {
            self.failure = self.reorder().err();
            if self.failure.is_some() {
                let _ = std::fs::remove_file(self.draft());
            }
        }
        let failure = self.failure.take().map(|error| format!("cannot write `{}`: {error}", self.path.display()));
        // After a failure, what is in the file is what there was room for.
        let limit_bytes = failure.as_ref().map_or(self.limit_bytes, |_| self.file.metadata().map_or(0, |it| it.len()));
        let omitted_bytes = self.written_bytes.saturating_sub(limit_bytes.min(self.limit_bytes));
        (Log { file, written_bytes: self.written_bytes, omitted_bytes }, failure)
    }

    fn draft(&self) -> PathBuf {
        self.path.with_extension("log.part")
    }

    fn reorder(&mut self) -> io::Result<()> {
        let (head, cut) = (self.head_bytes(), self.place(self.written_bytes));
        let draft = self.draft();
        let mut ordered = File::create(&draft)?;
        let mut copy = |from: u64, to: u64, ordered: &mut File| -> io::Result<()> {
            self.file.seek(SeekFrom::Start(from))?;
            io::copy(&mut Read::by_ref(&mut self.file).take(to - from), ordered).map(drop)
        };
        copy(0, head, &mut ordered)?;
        let omitted = self.written_bytes - self.limit_bytes;
        write!(
            ordered,
            "\n[windlass: {omitted} bytes left out here, the log is limited to {} bytes]\n",
            self.limit_bytes
        )?;
        copy(cut, self.limit_bytes, &mut ordered)?;
        copy(head, cut, &mut ordered)?;
        std::fs::rename(&draft, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a log with a limit of 16 bytes holds after `output`, written in chunks of `chunk` bytes.
    fn kept(output: &[u8], chunk: usize) -> (String, Log) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let mut writer = Writer::create(&path, 16).unwrap();
        output.chunks(chunk).for_each(|chunk| writer.write(chunk));
        let (log, failure) = writer.close("x.log".into());
        assert_eq!(failure, None);
        (std::fs::read_to_string(path).unwrap(), log)
    }

    #[test]
    fn output_up_to_the_limit_is_kept_whole() {
        for n in [0, 1, 8, 15, 16] {
            let output = &b"abcdefghijklmnop"[..n];
            let (text, log) = kept(output, 3);
            assert_eq!(text.as_bytes(), output);
            assert_eq!((log.written_bytes, log.omitted_bytes), (n as u64, 0));
        }
    }

    #[test]
    fn beyond_the_limit_the_first_and_the_last_bytes_are_kept_in_order() {
        let output: Vec<u8> = (b'a'..=b'z').chain(b'A'..=b'Z').collect();
        for n in 17..=output.len() {
            for chunk in [1, 3, 7, 8, 50] {
                let (text, log) = kept(&output[..n], chunk);
                let tail = std::str::from_utf8(&output[n - 8..n]).unwrap();
                let omitted = n - 16;
                let expected = format!(
                    "abcdefgh\n[windlass: {omitted} bytes left out here, the log is limited to 16 bytes]\n{tail}"
                );
                assert_eq!(text, expected);
                assert_eq!(log.omitted_bytes, omitted as u64);
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_reported_and_the_bytes_are_still_counted() {
        let mut writer = Writer::create(Path::new("/dev/full"), 16).unwrap();
        writer.write(b"abc");
        writer.write(b"def");
        let (log, failure) = writer.close("x.log".into());
        assert_eq!((log.written_bytes, log.omitted_bytes), (6, 6));
        assert!(failure.unwrap().starts_with("cannot write `/dev/full`: No space left on device"));
    }
}
