//! What an event is: something that a stream holds by subject, and how a message becomes one.

use std::fmt::Debug;

use async_nats::{HeaderMap, jetstream};
use bytes::Bytes;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    headers::{self, BY, PUT_BACK},
    origin::Origin,
};

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
    /// Who caused it; empty where nobody said.
    pub by: String,
    /// When it was said first, where it was put back into a stream that had been deleted: it is no news.
    pub first_said_at: Option<OffsetDateTime>,
    /// The trace that it belongs to.
    pub origin: Origin,
}

/// A message, however it was read.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub(crate) headers: Option<&'a HeaderMap>,
    pub(crate) payload: &'a Bytes,
}

/// Something that a stream holds, by subject.
pub trait Event: Debug + Sized + Send + Sync + 'static {
    /// What distinguishes one subject from another: for most events the folder.
    type Key: Clone + Debug + Send + Sync;

    /// The stream.
    const STREAM: &'static str;

    /// The subjects of all keys.
    const SUBJECTS: &'static str;

    /// Whether the headers are enough, so that followers need no payloads.
    const HEADERS_ONLY: bool = false;

    /// The most that its headers may have, in bytes.
    const MAX_HEADER_BYTES: usize = headers::MOST_BYTES;

    /// Whether the last readable event stays in force when those after it cannot be read, as far back as the stream
    /// remembers.
    const FALLS_BACK: bool = false;

    /// The subject of a key.
    fn subject(key: &Self::Key) -> String;

    /// The key of a subject.
    fn key(subject: &str) -> Result<Self::Key, Undecodable>;

    /// The event that a message of this key is.
    fn decode(
        key: &Self::Key,
        message: Message<'_>,
        stored_at: OffsetDateTime,
    ) -> Result<Self, Undecodable>;
}

/// A message that is not what its subject promises.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Undecodable(pub(crate) String);

impl Message<'_> {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers?.get(name)?.as_str())
    }
}

impl<E: Event> Stored<E> {
    /// Reads a message that a consumer was sent.
    pub(crate) fn read(message: &jetstream::Message) -> Result<Self, Undecodable> {
        let info = message
            .info()
            .map_err(|error| Undecodable(error.to_string()))?;
        let content = Message {
            headers: message.headers.as_ref(),
            payload: &message.payload,
        };
        Self::decode(
            &message.subject,
            content,
            info.published,
            info.stream_sequence,
        )
    }

    /// Reads a message that was asked for by itself.
    pub(crate) fn of(message: &jetstream::message::StreamMessage) -> Result<Self, Undecodable> {
        let content = Message {
            headers: Some(&message.headers),
            payload: &message.payload,
        };
        Self::decode(&message.subject, content, message.time, message.sequence)
    }

    fn decode(
        subject: &str,
        message: Message<'_>,
        stored_at: OffsetDateTime,
        sequence: u64,
    ) -> Result<Self, Undecodable> {
        let key = E::key(subject)?;
        let header_bytes = message.headers.map_or(0, headers::size);
        if header_bytes > E::MAX_HEADER_BYTES {
            return Err(Undecodable(format!(
                "{header_bytes} bytes of headers; {} at most",
                E::MAX_HEADER_BYTES
            )));
        }
        Ok(Stored {
            event: E::decode(&key, message, stored_at)?,
            key,
            stored_at,
            sequence,
            by: message.header(BY).unwrap_or_default().to_owned(),
            first_said_at: message
                .header(PUT_BACK)
                .map(|at| OffsetDateTime::parse(at, &Rfc3339).unwrap_or(stored_at)),
            origin: Origin::read(message.headers),
        })
    }
}
