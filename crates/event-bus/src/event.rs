//! What an event looks like on the wire, and how it is read.

use std::{fmt::Debug, io};

use async_nats::{HeaderMap, jetstream};
use bytes::Bytes;
use proto::v1::{Alert, Comparison, Upload, UploadRemoved};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Folder, Origin, topology};

pub(crate) mod header {
    pub(crate) const CONTENT_TYPE: &str = "Content-Type";
    pub(crate) const CAPTURED_AT: &str = "Captured-At";
    pub(crate) const CAMERA: &str = "Camera";
    pub(crate) const EVENT_TYPE: &str = "Event-Type";
    pub(crate) const FOLDER: &str = "Folder";
    pub(crate) const SIMILARITY: &str = "Similarity";
    pub(crate) const VERDICT: &str = "Verdict";
    pub(crate) const PHASE: &str = "Phase";
    pub(crate) const ALERT_ID: &str = "Alert-Id";
    pub(crate) const MESSAGE: &str = "Message";
    pub(crate) const NAME: &str = "Name";
    pub(crate) const REFERENCE_ID: &str = "Reference-Id";
}

pub(crate) const UPLOAD: &str = "framewatch.v1.Upload";
pub(crate) const UPLOAD_REMOVED: &str = "framewatch.v1.UploadRemoved";
pub(crate) const COMPARISON: &str = "framewatch.v1.Comparison";
pub(crate) const ALERT: &str = "framewatch.v1.Alert";

/// An event as the broker stored it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<E: Event> {
    /// What it is about.
    pub key: E::Key,
    /// The event.
    pub event: E,
    /// When the broker stored it: the order of events.
    pub stored_at: OffsetDateTime,
    /// Its number in the stream.
    pub sequence: u64,
    /// The trace that it belongs to.
    pub origin: Origin,
}

/// A message as every way of reading one gives it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub(crate) subject: &'a str,
    pub(crate) headers: Option<&'a HeaderMap>,
    pub(crate) payload: &'a Bytes,
}

/// Something that a stream holds, by subject.
pub trait Event: Debug + Sized + Send + Sync + 'static {
    /// What tells one subject from another: the folder, for most.
    type Key: Clone + Debug + Send + Sync;

    /// The stream.
    const STREAM: &'static str;

    /// The subjects.
    const SUBJECTS: &'static str;

    /// Whether the headers are enough, so that payloads need not be sent when following.
    const HEADERS_ONLY: bool = false;

    /// What a message is about, and the event.
    fn decode(
        message: Message<'_>,
        stored_at: OffsetDateTime,
    ) -> Result<(Self::Key, Self), Undecodable>;
}

/// A message that is not what its subject promises.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Undecodable(pub(crate) String);

impl<E: Event> Stored<E> {
    pub(crate) fn read(message: &jetstream::Message) -> Result<Self, Undecodable> {
        let info = message
            .info()
            .map_err(|error| Undecodable(error.to_string()))?;
        let raw = Message {
            subject: &message.subject,
            headers: message.headers.as_ref(),
            payload: &message.payload,
        };
        Self::decode(raw, info.published, info.stream_sequence)
    }

    /// Of a message that was asked for by itself.
    pub(crate) fn of(message: &jetstream::message::StreamMessage) -> Result<Self, Undecodable> {
        let raw = Message {
            subject: &message.subject,
            headers: Some(&message.headers),
            payload: &message.payload,
        };
        Self::decode(raw, message.time, message.sequence)
    }

    fn decode(
        message: Message<'_>,
        stored_at: OffsetDateTime,
        sequence: u64,
    ) -> Result<Self, Undecodable> {
        let (key, event) = E::decode(message, stored_at)?;
        Ok(Stored {
            key,
            event,
            stored_at,
            sequence,
            origin: Origin::read(message.headers),
        })
    }
}

/// The subject of a folder's events.
pub(crate) fn subject_of<E: Event<Key = Folder>>(folder: &Folder) -> String {
    E::SUBJECTS.replace('*', folder.as_str())
}

/// The folder that a subject ends in.
pub(crate) fn folder_of(message: Message<'_>) -> Result<Folder, Undecodable> {
    let subject = message.subject;
    let (_, name) = subject.rsplit_once('.').unwrap_or(("", subject));
    name.parse()
        .map_err(|error| Undecodable(format!("subject {subject:?}: {error}")))
}

/// What happened to a folder's reference.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceChange {
    /// A picture was stored and is the reference from now on.
    Uploaded(Upload),
    /// A picture was removed; the event says which is the reference from now on.
    Removed(UploadRemoved),
}

impl ReferenceChange {
    /// The folder's reference after this change.
    pub fn reference(&self) -> Option<&Upload> {
        match self {
            ReferenceChange::Uploaded(upload) => Some(upload),
            ReferenceChange::Removed(removed) => removed.reference.as_ref(),
        }
    }
}

impl Event for ReferenceChange {
    type Key = Folder;
    const STREAM: &'static str = topology::UPLOADS;
    const SUBJECTS: &'static str = "uploads.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(Folder, Self), Undecodable> {
        let change = match event_type(message.headers) {
            Some(UPLOAD) => ReferenceChange::Uploaded(protobuf(message.payload)?),
            Some(UPLOAD_REMOVED) => ReferenceChange::Removed(protobuf(message.payload)?),
            other => {
                return Err(Undecodable(format!(
                    "header {} is {other:?}, neither {UPLOAD} nor {UPLOAD_REMOVED}",
                    header::EVENT_TYPE
                )));
            }
        };
        Ok((folder_of(message)?, change))
    }
}

impl Event for Comparison {
    type Key = Folder;
    const STREAM: &'static str = topology::COMPARISONS;
    const SUBJECTS: &'static str = "comparisons.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(Folder, Self), Undecodable> {
        Ok((folder_of(message)?, protobuf(message.payload)?))
    }
}

impl Event for Alert {
    type Key = Folder;
    const STREAM: &'static str = topology::ALERTS;
    const SUBJECTS: &'static str = "alerts.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(Folder, Self), Undecodable> {
        Ok((folder_of(message)?, protobuf(message.payload)?))
    }
}

/// A frame: the bare bytes of a picture, and what its headers say. The bytes are empty when following, where nobody
/// needs them.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameArrival {
    /// The headers.
    pub headers: FrameHeaders,
    /// The picture.
    pub picture: Bytes,
}

/// What a camera says of a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameHeaders {
    /// The camera's name; empty where it gives none.
    pub camera: String,
    /// When it took the picture; the time of storing where it does not say so intelligibly.
    pub captured_at: OffsetDateTime,
}

/// Names of cameras are shown to people; longer ones are cut.
const MAX_CAMERA_NAME: usize = 128;

impl FrameHeaders {
    pub(crate) fn read(headers: Option<&HeaderMap>, stored_at: OffsetDateTime) -> Self {
        let text = |name| {
            headers
                .and_then(|all| all.get(name))
                .map(|value| value.as_str())
        };
        FrameHeaders {
            camera: text(header::CAMERA)
                .unwrap_or_default()
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_CAMERA_NAME)
                .collect(),
            captured_at: text(header::CAPTURED_AT)
                .and_then(|at| OffsetDateTime::parse(at, &Rfc3339).ok())
                .unwrap_or(stored_at),
        }
    }
}

impl Event for FrameArrival {
    type Key = Folder;
    const STREAM: &'static str = topology::FRAMES;
    const SUBJECTS: &'static str = "frames.*";
    const HEADERS_ONLY: bool = true;

    fn decode(
        message: Message<'_>,
        stored_at: OffsetDateTime,
    ) -> Result<(Folder, Self), Undecodable> {
        let arrival = FrameArrival {
            headers: FrameHeaders::read(message.headers, stored_at),
            picture: message.payload.clone(),
        };
        Ok((folder_of(message)?, arrival))
    }
}

fn event_type(headers: Option<&HeaderMap>) -> Option<&str> {
    Some(headers?.get(header::EVENT_TYPE)?.as_str())
}

/// A message that is whole: also its JSON can be made, for which its enums must be known and its times be times.
fn protobuf<M: prost::Message + Default + Serialize>(payload: &Bytes) -> Result<M, Undecodable> {
    let message = M::decode(payload.clone())
        .map_err(|error| Undecodable(format!("not the protobuf message it should be: {error}")))?;
    serde_json::to_writer(io::sink(), &message)
        .map_err(|error| Undecodable(format!("a field has no meaning: {error}")))?;
    Ok(message)
}
