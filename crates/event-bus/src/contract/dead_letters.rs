//! `DEAD_LETTERS`: messages that nobody can handle, as they were, with the cause. Keeping and replaying them is left to
//! `operations`.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{self, message::PublishMessage},
};
use bytes::Bytes;
use proto::rfc3339;
use time::OffsetDateTime;

use super::{
    declaration::{DAY, Declaration, GIGABYTE, Room},
    rights::{Right, Service},
};
use crate::nats::{
    event::{Event, Message, Undecodable},
    headers::{self, value},
};

const SUBJECTS: &str = "dead-letters.>";

pub(super) const DECLARATION: Declaration = Declaration {
    // How long an operator has to find one.
    max_age: Some(Duration::from_secs(30 * DAY.as_secs())),
    room: Room::Bytes(GIGABYTE),
    rights: &[
        (Service::Upload, &[Right::Write]),
        (Service::Comparator, &[Right::Write]),
        (Service::Sink, &[Right::Write]),
        (Service::Camera, &[Right::Write]),
        (Service::Notifier, &[Right::Write]),
    ],
    ..Declaration::stream(
        "DEAD_LETTERS",
        SUBJECTS,
        "Messages that can never be handled, with their cause",
    )
};

/// A message that could not be handled, as it was, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// The subject on which it had been published.
    pub subject: String,
    /// Why nobody can handle it.
    pub cause: String,
    /// Who found that out.
    pub reader: String,
    /// When the broker had stored it; RFC 3339.
    pub stored_at: String,
    /// The size of what it carries, in bytes.
    pub size: usize,
    /// What was left out because it was too much to keep; empty where nothing was.
    pub left_out: String,
    /// What it carries. Empty in a list.
    pub payload: Bytes,
    /// The headers that it came with.
    pub(crate) headers: HeaderMap,
}

mod header {
    pub(super) const CAUSE: &str = "Dead-Cause";
    pub(super) const SUBJECT: &str = "Dead-Subject";
    pub(super) const READER: &str = "Dead-Reader";
    pub(super) const STORED_AT: &str = "Dead-Stored-At";
    pub(super) const LEFT_OUT: &str = "Dead-Left-Out";
    pub(super) const SIZE_WHERE_NOT_SENT: &str = "Nats-Msg-Size";
}

const PREFIX: &str = "dead-letters.";

/// A cause is shown to people; a longer one is cut.
const MAX_CAUSE: usize = 1000;

/// Room for what is said of it in headers: a cause of that many characters, its subject twice, and less.
const OUR_HEADER_BYTES: usize = 8 * 1024;

impl Event for DeadLetter {
    /// The message's own subject, and when it was stored.
    type Key = String;
    const STREAM: &'static str = DECLARATION.stream;
    const SUBJECTS: &'static str = SUBJECTS;
    const HEADERS_ONLY: bool = true;
    const MAX_HEADER_BYTES: usize = headers::MOST_BYTES + OUR_HEADER_BYTES;

    fn subject(key: &String) -> String {
        format!("{PREFIX}{key}")
    }

    fn key(subject: &str) -> Result<String, Undecodable> {
        let key = subject.strip_prefix(PREFIX);
        let key = key.ok_or_else(|| Undecodable(format!("subject {subject:?}")))?;
        Ok(key.to_owned())
    }

    fn decode(_: &String, message: Message<'_>, _: OffsetDateTime) -> Result<Self, Undecodable> {
        let text = |name: &str| message.header(name).unwrap_or_default().to_owned();
        let headers = message.headers.into_iter().flat_map(HeaderMap::iter);
        Ok(DeadLetter {
            subject: text(header::SUBJECT),
            cause: text(header::CAUSE),
            reader: text(header::READER),
            stored_at: text(header::STORED_AT),
            left_out: text(header::LEFT_OUT),
            size: text(header::SIZE_WHERE_NOT_SENT)
                .parse()
                .unwrap_or(message.payload.len()),
            payload: message.payload.clone(),
            headers: headers
                .filter(|(name, _)| !is_ours(name.as_ref()))
                .flat_map(|(name, values)| {
                    values
                        .iter()
                        .map(move |value| (name.clone(), value.clone()))
                })
                .collect(),
        })
    }
}

impl DeadLetter {
    /// The headers that it came with.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_ref(), value.as_str()))
        })
    }
}

/// The key and the message under which a message is kept that `reader` can't handle. Each is kept once: the message
/// expects to be the first of its subject. What does not fit into a message of this size loses its end, and a header
/// says so. Headers that are too large to be read are left out altogether.
pub(crate) fn of_message(
    message: &jetstream::Message,
    cause: &str,
    reader: &str,
    max_payload: usize,
) -> (String, PublishMessage) {
    let stored_at = message
        .info()
        .map_or(OffsetDateTime::now_utc(), |info| info.published);
    let key = format!("{}.{}", message.subject, stored_at.unix_timestamp_nanos());
    let cause: String = cause.chars().take(MAX_CAUSE).collect();
    let kept = Kept::of(message, max_payload);
    let mut letter = PublishMessage::build()
        .payload(kept.payload)
        .header(header::SUBJECT, message.subject.as_str())
        .header(header::CAUSE, value(&cause))
        .header(header::READER, reader)
        .header(header::STORED_AT, rfc3339(stored_at))
        .expected_last_subject_sequence(0);
    if !kept.left_out.is_empty() {
        letter = letter.header(header::LEFT_OUT, kept.left_out.join("; "));
    }
    for (name, values) in kept.headers.into_iter().flat_map(HeaderMap::iter) {
        if !is_ours(name.as_ref()) {
            letter = values.iter().fold(letter, |letter, value| {
                letter.header(name.clone(), value.clone())
            });
        }
    }
    (key, letter)
}

/// What a dead letter keeps of a message.
struct Kept<'a> {
    headers: Option<&'a HeaderMap>,
    payload: Bytes,
    left_out: Vec<String>,
}

impl<'a> Kept<'a> {
    fn of(message: &'a jetstream::Message, max_payload: usize) -> Self {
        let mut left_out = Vec::new();
        let mut headers = message.headers.as_ref();
        let header_bytes = headers.map_or(0, headers::size);
        if header_bytes > headers::MOST_BYTES {
            left_out.push(format!("{header_bytes} bytes of headers"));
            headers = None;
        }
        let beside = headers.map_or(0, headers::size) + OUR_HEADER_BYTES;
        let bytes = message.payload.len();
        let most = max_payload.saturating_sub(beside).min(bytes);
        if most < bytes {
            left_out.push(format!("the last {} of {bytes} bytes", bytes - most));
        }
        Kept {
            headers,
            payload: message.payload.slice(..most),
            left_out,
        }
    }
}

/// Headers that say something to a broker, or of the message's being dead: they are not part of what it said.
fn is_ours(name: &str) -> bool {
    name.starts_with("Nats-") || name.starts_with("Dead-")
}
