//! The file that a backup is: a tar archive, compressed by zstd, that is written and read from its beginning to its end.
//!
//! | entry | holds |
//! |---|---|
//! | `backup.json` | the format's version, ours, and when the backup was made: the first entry |
//! | `folders/000001.jsonl` and so on; `rules`, `acknowledgements`, `comparisons`, `uploads`, `changes`, `alerts` | a JSON object a line: `key` and `value` |
//! | `references/<folder>/<id>.json`, then `references/<folder>/<id>` | a reference: what is known of it, and the picture |
//! | `normals/<folder>/<id>.json`, then `normals/<folder>/<id>` | a normal picture, the same way |
//! | `evidence/<alert>/frame`, `evidence/<alert>/reference` | a picture behind an alert |
//! | `manifest.json` | how many of each, and the SHA-256 of all that came before: the last entry |
//!
//! No name in it is ever the path of a file. What is read is bounded: each entry by what its kind may take, and of all
//! entries one is in memory at a time.

mod read;
mod record;
mod write;

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub(crate) use read::{ArchiveError, Whole, read};
pub(crate) use record::{Kind, Record};
pub(crate) use write::Writer;

/// The version of the format that is written, and the newest that can be read.
const FORMAT: u32 = 2;

const HEADER: &str = "backup.json";
const MANIFEST: &str = "manifest.json";

/// The most that an entry of JSON may have, in bytes.
const MAX_JSON: u64 = 8 * 1024 * 1024;

/// The largest picture, in bytes: what `--max-upload-mb` allows at most.
const MAX_PICTURE: u64 = 1_000_000_000;

/// The first entry. What a later format adds to it is passed over, so that its version can be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    pub(crate) format: u32,
    /// Which Framewatch made it.
    pub(crate) framewatch: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
}

impl Header {
    /// The header of a backup that is made now.
    pub(crate) fn now() -> Self {
        Header {
            format: FORMAT,
            framewatch: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: OffsetDateTime::now_utc(),
        }
    }
}

/// The last entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) counts: Counts,
    pub(crate) sha256: String,
}

/// How many of each kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) folders: u64,
    pub(crate) rules: u64,
    /// Left out where there are none: an earlier version reads such a backup.
    #[serde(rename = "camera-settings", default, skip_serializing_if = "is_zero")]
    pub(crate) camera_settings: u64,
    pub(crate) acknowledgements: u64,
    pub(crate) comparisons: u64,
    pub(crate) uploads: u64,
    pub(crate) alerts: u64,
    /// Format 1 of a backup had none.
    #[serde(default)]
    pub(crate) changes: u64,
    pub(crate) references: u64,
    /// Format 1 of a backup had none.
    #[serde(default)]
    pub(crate) normals: u64,
    pub(crate) evidence: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    fn add(&mut self, kind: Kind) {
        *match kind {
            Kind::Folders => &mut self.folders,
            Kind::Rules => &mut self.rules,
            Kind::CameraSettings => &mut self.camera_settings,
            Kind::Acknowledgements => &mut self.acknowledgements,
            Kind::Comparisons => &mut self.comparisons,
            Kind::Uploads => &mut self.uploads,
            Kind::Alerts => &mut self.alerts,
            Kind::Changes => &mut self.changes,
            Kind::References => &mut self.references,
            Kind::Normals => &mut self.normals,
            Kind::Evidence => &mut self.evidence,
        } += 1;
    }

    /// For people.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} folders, {} rules, {} cameras, {} reference pictures, {} normal pictures, {} events of alerts, {} pictures behind them, {} acknowledgements",
            self.folders,
            self.rules,
            self.camera_settings,
            self.references,
            self.normals,
            self.alerts,
            self.evidence,
            self.acknowledgements
        )
    }
}

/// The checksum of all entries so far: of their names, lengths and contents.
#[derive(Clone)]
struct Checksum(Context);

impl Checksum {
    fn new() -> Self {
        Checksum(Context::new(&SHA256))
    }

    fn add(&mut self, name: &str, content: &[u8]) {
        for part in [name.as_bytes(), content] {
            self.0.update(&(part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    fn hex(&self) -> String {
        let digest = self.0.clone().finish();
        HEXLOWER.encode(digest.as_ref())
    }
}
