//! Damage to what nats-server has on its disk.

use std::{
    fs::{self, OpenOptions},
    ops::Range,
    os::unix::fs::FileExt,
};

use super::NatsServer;

/// How long the checksum is with which a message ends on disk, in bytes.
const CHECKSUM: usize = 8;

impl NatsServer {
    /// Overwrites 64 bytes of what the stream has on disk, from where this text is found first.
    pub fn damage(&self, stream: &str, text: &str) {
        let damaged = self.overwrite(stream, text.as_bytes(), |_, found| found..found + 64);
        assert!(damaged, "{stream} does not hold {text:?}");
    }

    /// Overwrites up to 64 bytes of the headers and the payload of a message of the stream, by its number and when it
    /// was stored, in nanoseconds since 1970; `false` where it is not on disk. A message is there as its whole length,
    /// number, time, length of its subject, subject, headers, payload and checksum. No length of another message is
    /// damaged: the server would cut the file off there, and lose all that follows.
    pub fn damage_message(
        &self,
        stream: &str,
        sequence: u64,
        stored_at: i64,
        subject: &str,
    ) -> bool {
        let begin = [sequence.to_le_bytes(), stored_at.to_le_bytes()].concat();
        let content = begin.len() + 2 + subject.len() + 4;
        self.overwrite(stream, &begin, |file, found| {
            let length = file[found - 4..found].try_into().expect("four bytes");
            let with_headers = 1 << 31;
            let end = found - 4 + (u32::from_le_bytes(length) & !with_headers) as usize - CHECKSUM;
            found + content..end.min(found + content + 64)
        })
    }

    /// Overwrites some of the file that holds `begin`: what `range` says of what it holds, and where it was found
    /// first. The server may be writing to the same file.
    fn overwrite(
        &self,
        stream: &str,
        begin: &[u8],
        range: impl FnOnce(&[u8], usize) -> Range<usize>,
    ) -> bool {
        let folder = self.running.folder.path().join("jetstream/$G/streams");
        let blocks = fs::read_dir(folder.join(stream).join("msgs")).expect("the stream is there");
        for block in blocks {
            let path = block.expect("its folder can be read").path();
            let bytes = fs::read(&path).expect("its files can be read");
            let found = bytes.windows(begin.len()).position(|it| it == begin);
            if let Some(found) = found {
                let range = range(&bytes, found);
                let file = OpenOptions::new().write(true).open(&path);
                let file = file.expect("its files can be written");
                file.write_all_at(&vec![0xff; range.len()], range.start as u64)
                    .expect("its files can be written");
                return true;
            }
        }
        false
    }
}
