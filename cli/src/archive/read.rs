//! Reading a backup, and seeing that all of it is as it was written.

use std::io::Read;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use proto::v1::Upload;
use tar::{Archive, Entry, EntryType};
use zstd::stream::read::Decoder;

use super::{
    Checksum, Counts, FORMAT, HEADER, Header, Kind, MANIFEST, MAX_JSON, MAX_PICTURE, Manifest,
    Record,
};

/// Why a backup cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// It is none.
    #[error("it is not a backup that `framewatch backup` made")]
    Foreign(#[source] anyhow::Error),
    /// A later Framewatch made it.
    #[error(
        "it has the format {found}, made by Framewatch {framewatch}; this one knows formats up to {FORMAT}: use that Framewatch or a later one"
    )]
    Newer {
        /// Its format.
        found: u32,
        /// What made it.
        framewatch: String,
    },
    /// It is not as it was made.
    #[error("it is damaged or cut off")]
    Damaged(#[source] anyhow::Error),
    /// Who takes the records wants no more.
    #[error("reading was given up")]
    GivenUp,
}

/// What is known of a backup that was read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) header: Header,
    pub(crate) counts: Counts,
    /// Tells backups apart.
    pub(crate) sha256: String,
}

/// The most memory of a decoder, as a power of two: 8 MB, which is more than the writer's level uses.
const WINDOW_LOG: u32 = 23;

/// The zeros that a tar archive ends with, in bytes.
const END_OF_TAR: u64 = 1024;

/// Reads a backup and hands its records on, until `take` says that it wants no more. That all of it is as it was written
/// is known only at the end.
pub(crate) fn read(
    file: impl Read,
    take: impl FnMut(Record) -> Result<(), ArchiveError>,
) -> Result<Whole, ArchiveError> {
    let mut decoder = Decoder::new(file).map_err(foreign)?;
    decoder.window_log_max(WINDOW_LOG).map_err(foreign)?;
    let mut archive = Archive::new(decoder);
    // As they are: what stands for long names and the like could take any memory, and is not written.
    let mut entries = archive.entries().map_err(foreign)?.raw(true);
    let first = entries
        .next()
        .context("it is empty")
        .map_err(ArchiveError::Foreign)?;
    let mut reading = Reading::begin(first.map_err(foreign)?, take)?;
    for entry in entries {
        reading.entry(entry.map_err(damaged)?)?;
    }
    let whole = reading.end()?;

    // The decoder knows whether it has read what was written only when it has read to the end.
    let mut rest = Vec::new();
    let mut end = archive.into_inner().take(END_OF_TAR + 1);
    end.read_to_end(&mut rest).map_err(damaged)?;
    if rest.len() as u64 > END_OF_TAR || rest.iter().any(|byte| *byte != 0) {
        return Err(damaged(anyhow::anyhow!("something follows on its end")));
    }
    Ok(whole)
}

/// The content of an entry.
enum Content {
    /// What belongs to the entry that follows.
    OfNext,
    Record(Box<Record>),
    Lines(Kind, Bytes),
}

struct Reading<T> {
    take: T,
    header: Header,
    checksum: Checksum,
    counts: Counts,
    /// The name and the upload of the picture that is the next entry.
    announced: Option<(String, Upload)>,
    manifest: Option<Manifest>,
}

impl<T: FnMut(Record) -> Result<(), ArchiveError>> Reading<T> {
    fn begin(entry: Entry<'_, impl Read>, take: T) -> Result<Self, ArchiveError> {
        let (name, content) = content_of(entry).map_err(ArchiveError::Foreign)?;
        if name != HEADER {
            let first = format!("its first entry is {name:?}");
            return Err(ArchiveError::Foreign(anyhow::Error::msg(first)));
        }
        let header: Header = serde_json::from_slice(&content).map_err(foreign)?;
        if header.format == 0 {
            return Err(ArchiveError::Foreign(anyhow::Error::msg(
                "it has no format",
            )));
        }
        if header.format > FORMAT {
            return Err(ArchiveError::Newer {
                found: header.format,
                framewatch: header.framewatch.chars().take(32).collect(),
            });
        }
        let mut checksum = Checksum::new();
        checksum.add(&name, &content);
        Ok(Reading {
            take,
            header,
            checksum,
            counts: Counts::default(),
            announced: None,
            manifest: None,
        })
    }

    fn entry(&mut self, entry: Entry<'_, impl Read>) -> Result<(), ArchiveError> {
        let (name, content) = content_of(entry).map_err(ArchiveError::Damaged)?;
        if self.manifest.is_some() {
            return Err(damaged(anyhow::anyhow!("{name:?} follows on {MANIFEST}")));
        }
        if name == MANIFEST {
            let manifest = serde_json::from_slice(&content).context(MANIFEST);
            self.manifest = Some(manifest.map_err(ArchiveError::Damaged)?);
            return Ok(());
        }
        self.checksum.add(&name, &content);
        match self.content(&name, content) {
            Ok(Content::OfNext) => Ok(()),
            Ok(Content::Record(record)) => self.record(&name, Ok(*record)),
            Ok(Content::Lines(kind, lines)) => {
                let mut lines = lines.split(|byte| *byte == b'\n');
                let mut lines = lines.by_ref().filter(|line| !line.is_empty());
                lines.try_for_each(|line| self.record(&name, Record::of_line(kind, line)))
            }
            Err(error) => Err(damaged(error.context(name))),
        }
    }

    fn record(&mut self, entry: &str, record: anyhow::Result<Record>) -> Result<(), ArchiveError> {
        let record = record.and_then(|record| record.check().map(|()| record));
        let record = record.with_context(|| entry.to_owned()).map_err(damaged)?;
        self.counts.add(record.kind());
        (self.take)(record)
    }

    fn content(&mut self, name: &str, content: Bytes) -> anyhow::Result<Content> {
        let announced = self.announced.take();
        let (kind, rest) = name.split_once('/').context("no entry is named so")?;
        let kind = Kind::of_word(kind).context("no entry is named so")?;
        Ok(match (kind, rest.split_once('/'), announced) {
            (Kind::References | Kind::Normals, Some(_), None) => {
                let picture = name.strip_suffix(".json");
                let picture = picture.context("nothing is said of this picture")?;
                self.announced = Some((picture.to_owned(), serde_json::from_slice(&content)?));
                Content::OfNext
            }
            (Kind::References | Kind::Normals, Some((folder, id)), Some((picture, upload))) => {
                ensure!(
                    picture == name && id == upload.id,
                    "{picture:?} was to come"
                );
                let folder = folder.parse()?;
                let record = match kind {
                    Kind::Normals => Record::Normal(folder, upload, content),
                    _ => Record::Reference(folder, upload, content),
                };
                Content::Record(Box::new(record))
            }
            (_, _, Some((picture, _))) => bail!("{picture:?} was to come"),
            (Kind::Evidence, Some((alert, exhibit)), None) => {
                let record = Record::Evidence(alert.parse()?, exhibit.parse()?, content);
                Content::Record(Box::new(record))
            }
            (Kind::References | Kind::Normals | Kind::Evidence, None, None) => {
                bail!("no entry is named so")
            }
            (kind, _, None) => Content::Lines(kind, content),
        })
    }

    fn end(self) -> Result<Whole, ArchiveError> {
        let manifest = self
            .manifest
            .with_context(|| format!("there is no {MANIFEST}"));
        let found = Manifest {
            counts: self.counts,
            sha256: self.checksum.hex(),
        };
        if manifest.map_err(ArchiveError::Damaged)? != found {
            return Err(damaged(anyhow::anyhow!(
                "it does not hold what {MANIFEST} says"
            )));
        }
        Ok(Whole {
            header: self.header,
            counts: found.counts,
            sha256: found.sha256,
        })
    }
}

/// The name and the content of an entry, whatever they are, but no larger than they may be.
fn content_of(mut entry: Entry<'_, impl Read>) -> anyhow::Result<(String, Bytes)> {
    let name = String::from_utf8(entry.path_bytes().into_owned()).context("an entry's name")?;
    let entry_type = entry.header().entry_type();
    ensure!(
        entry_type == EntryType::Regular,
        "{name:?} is no plain entry"
    );
    let size = entry.header().entry_size()?;
    let most = if name.ends_with(".json") || name.ends_with(".jsonl") {
        MAX_JSON
    } else {
        MAX_PICTURE
    };
    ensure!(
        size <= most,
        "{name:?} has {size} bytes; it may have {most}"
    );
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    ensure!(content.len() as u64 == size, "{name:?} is cut off");
    Ok((name, content.into()))
}

fn foreign(error: impl Into<anyhow::Error>) -> ArchiveError {
    ArchiveError::Foreign(error.into())
}

fn damaged(error: impl Into<anyhow::Error>) -> ArchiveError {
    ArchiveError::Damaged(error.into())
}
