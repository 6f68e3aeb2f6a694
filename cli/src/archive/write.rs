//! Writing a backup: a compressed tar archive, which can be read once it is finished.

use std::io::{self, Write};

use anyhow::{Context as _, ensure};
use tar::{Builder, EntryType};
use zstd::stream::write::Encoder;

use super::{Checksum, Counts, HEADER, Header, Kind, MANIFEST, MAX_JSON, Manifest, Record};

/// Pictures are compressed already, so more would cost time and save nothing.
const LEVEL: i32 = 1;

/// When an entry of lines is full, in bytes.
const FULL: usize = 1024 * 1024;

/// Writes a backup. Only what was [finished](Writer::finish) can be read.
pub(crate) struct Writer<W: Write> {
    tar: Builder<Encoder<'static, W>>,
    header: Header,
    lines: Option<Lines>,
    checksum: Checksum,
    counts: Counts,
}

/// An entry of lines that is not full yet.
struct Lines {
    kind: Kind,
    number: u32,
    bytes: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W) -> anyhow::Result<Self> {
        let mut compressed = Encoder::new(output, LEVEL)?;
        compressed.include_checksum(true)?;
        let mut writer = Writer {
            tar: Builder::new(compressed),
            header: Header::now(),
            lines: None,
            checksum: Checksum::new(),
            counts: Counts::default(),
        };
        let header = serde_json::to_vec_pretty(&writer.header)?;
        writer.entry(HEADER, &header)?;
        Ok(writer)
    }

    /// Adds a record, of which its [check](Record::check) is content.
    pub(crate) fn add(&mut self, record: &Record) -> anyhow::Result<()> {
        match record {
            Record::Reference(folder, upload, picture)
            | Record::Normal(folder, upload, picture) => {
                let name = format!("{}/{folder}/{}", record.kind().word(), upload.id);
                self.end_lines()?;
                self.entry(&format!("{name}.json"), &serde_json::to_vec(upload)?)?;
                self.entry(&name, picture)?;
            }
            Record::Evidence(alert, exhibit, picture) => {
                let name = format!("{}/{alert}/{}", Kind::Evidence.word(), exhibit.word());
                self.end_lines()?;
                self.entry(&name, picture)?;
            }
            other => {
                let line = other
                    .to_line()
                    .context("a record without a picture has a line")??;
                self.line(other.kind(), &line)?;
            }
        }
        self.counts.add(record.kind());
        Ok(())
    }

    /// Writes the end; gives the output back and what is written there.
    pub(crate) fn finish(mut self) -> anyhow::Result<(W, Counts)> {
        self.end_lines()?;
        let manifest = Manifest {
            counts: self.counts.clone(),
            sha256: self.checksum.hex(),
        };
        self.entry(MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?;
        let output = self.tar.into_inner()?.finish()?;
        Ok((output, self.counts))
    }

    fn line(&mut self, kind: Kind, line: &[u8]) -> anyhow::Result<()> {
        let length = line.len() as u64;
        ensure!(length <= MAX_JSON, "a line of {length} bytes is too long");
        let begun = self
            .lines
            .as_ref()
            .map(|lines| (lines.kind, lines.number, lines.bytes.len()));
        match begun {
            Some((of, _, length)) if of == kind && length + line.len() <= FULL => {}
            Some((of, number, _)) => {
                self.end_lines()?;
                self.lines = Some(Lines::new(kind, if of == kind { number + 1 } else { 1 }));
            }
            None => self.lines = Some(Lines::new(kind, 1)),
        }
        if let Some(lines) = &mut self.lines {
            lines.bytes.extend_from_slice(line);
        }
        Ok(())
    }

    fn end_lines(&mut self) -> io::Result<()> {
        let Some(Lines {
            kind,
            number,
            bytes,
        }) = self.lines.take()
        else {
            return Ok(());
        };
        self.entry(&format!("{}/{number:06}.jsonl", kind.word()), &bytes)
    }

    fn entry(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_path(name)?;
        header.set_mode(0o600);
        header.set_size(content.len() as u64);
        let created_at = self.header.created_at.unix_timestamp();
        header.set_mtime(created_at.try_into().unwrap_or(0));
        header.set_cksum();
        self.tar.append(&header, content)?;
        self.checksum.add(name, content);
        Ok(())
    }
}

impl Lines {
    fn new(kind: Kind, number: u32) -> Self {
        Lines {
            kind,
            number,
            bytes: Vec::new(),
        }
    }
}
