use std::str::FromStr;

use async_nats::jetstream::object_store::{ObjectInfo, ObjectMetadata};
use bytes::Bytes;
use time::OffsetDateTime;

use crate::{
    Bus, Event, StoreError, Undecodable, event::Message, objects::Bucket, pictures::json,
    topology::EVIDENCE_BUCKET,
};

/// The pictures behind each alert, as they were: the bucket `evidence`, objects `<alert>/frame` and `<alert>/reference`.
/// Kept as long as the alerts.
#[derive(Clone)]
pub struct Evidence(Bucket);

/// Which of the two pictures behind an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exhibit {
    /// The frame that opened the episode.
    Frame,
    /// The reference that it was compared with.
    Reference,
}

impl Exhibit {
    /// One lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Exhibit::Frame => "frame",
            Exhibit::Reference => "reference",
        }
    }
}

/// A word that names no picture behind an alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither frame nor reference")]
pub struct InvalidExhibit(String);

impl FromStr for Exhibit {
    type Err = InvalidExhibit;

    fn from_str(word: &str) -> Result<Self, InvalidExhibit> {
        match word {
            "frame" => Ok(Exhibit::Frame),
            "reference" => Ok(Exhibit::Reference),
            _ => Err(InvalidExhibit(word.chars().take(32).collect())),
        }
    }
}

impl Bus {
    /// The pictures behind the alerts.
    pub async fn evidence(&self) -> Result<Evidence, StoreError> {
        let bucket = Bucket::open(&self.jetstream, EVIDENCE_BUCKET).await?;
        Ok(Evidence(bucket))
    }
}

impl Evidence {
    /// How many bytes all of it takes.
    pub async fn size(&self) -> Result<u64, StoreError> {
        self.0.size().await
    }

    /// Stores a picture. Storing it again changes nothing: an alert's id is that of one frame and one reference.
    pub async fn put(
        &self,
        alert: &str,
        exhibit: Exhibit,
        picture: &[u8],
    ) -> Result<(), StoreError> {
        let metadata = ObjectMetadata {
            name: object_name(alert, exhibit),
            ..ObjectMetadata::default()
        };
        let mut reader = picture;
        self.0.store.put(metadata, &mut reader).await?;
        Ok(())
    }

    /// Whether there is a picture to [`get`](Evidence::get).
    pub async fn has(&self, alert: &str, exhibit: Exhibit) -> Result<bool, StoreError> {
        Ok(self.0.info(&object_name(alert, exhibit)).await?.is_some())
    }

    /// A picture's bytes; `None` where there is none, for alerts older than the bucket's age among others.
    pub async fn get(&self, alert: &str, exhibit: Exhibit) -> Result<Option<Bytes>, StoreError> {
        self.0.read(&object_name(alert, exhibit)).await
    }
}

fn object_name(alert: &str, exhibit: Exhibit) -> String {
    format!("{alert}/{}", exhibit.word())
}

/// A picture behind an alert was stored (`true`), or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExhibitChange(pub bool);

impl Event for ExhibitChange {
    /// Of which alert, and which of its pictures.
    type Key = (String, Exhibit);
    const STREAM: &'static str = "OBJ_evidence";
    const SUBJECTS: &'static str = "$O.evidence.M.>";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(Self::Key, Self), Undecodable> {
        let info: ObjectInfo = json(message.payload)?;
        let unnamed = || {
            Undecodable(format!(
                "object {:?} is not named <alert>/<picture>",
                info.name
            ))
        };
        let (alert, exhibit) = info.name.rsplit_once('/').ok_or_else(unnamed)?;
        let exhibit = exhibit
            .parse()
            .map_err(|error| Undecodable(format!("object {:?}: {error}", info.name)))?;
        Ok(((alert.to_owned(), exhibit), ExhibitChange(!info.deleted)))
    }
}
