//! Messages that can never be handled: the stream `DEAD_LETTERS`, where an operator finds them with their cause.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_nats::{
    HeaderMap,
    jetstream::{self, message::PublishMessage, stream::RawMessageErrorKind},
};
use bytes::Bytes;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    Bus, Event, PublishError, StoreError, Stored, Undecodable, causes::with_causes, event::Message,
    publish::value, topology::DEAD_LETTERS,
};

/// A message that could not be handled, as it was, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Where it had been published.
    pub subject: String,
    /// Why nobody can handle it.
    pub cause: String,
    /// Who found that out.
    pub reader: String,
    /// When the broker had stored it; RFC 3339.
    pub stored_at: String,
    /// How many bytes it carries.
    pub size: usize,
    /// What it carries. Empty in a list.
    pub payload: Bytes,
    /// The headers that it came with.
    headers: HeaderMap,
}

/// Why a dead letter could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It could not be read, or not be removed after it was published.
    #[error("the stream {DEAD_LETTERS} cannot be used")]
    Store(#[source] StoreError),
    /// It was not published where it had been.
    #[error("it was not published to {subject}")]
    Publish {
        /// Where that is.
        subject: String,
        /// Why.
        #[source]
        source: PublishError,
    },
}

mod header {
    pub(super) const CAUSE: &str = "Dead-Cause";
    pub(super) const SUBJECT: &str = "Dead-Subject";
    pub(super) const READER: &str = "Dead-Reader";
    pub(super) const STORED_AT: &str = "Dead-Stored-At";
    pub(super) const SIZE_WHERE_NOT_SENT: &str = "Nats-Msg-Size";
}

const PREFIX: &str = "dead-letters.";

/// A cause is shown to people; a longer one is cut.
const MAX_CAUSE: usize = 1000;

impl Event for DeadLetter {
    type Key = ();
    const STREAM: &'static str = DEAD_LETTERS;
    const SUBJECTS: &'static str = "dead-letters.>";
    const HEADERS_ONLY: bool = true;

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<((), Self), Undecodable> {
        let headers = message.headers.cloned().unwrap_or_default();
        let text = |name: &str| {
            headers
                .get(name)
                .map(|value| value.to_string())
                .unwrap_or_default()
        };
        let letter = DeadLetter {
            subject: text(header::SUBJECT),
            cause: text(header::CAUSE),
            reader: text(header::READER),
            stored_at: text(header::STORED_AT),
            size: text(header::SIZE_WHERE_NOT_SENT)
                .parse()
                .unwrap_or(message.payload.len()),
            payload: message.payload.clone(),
            headers: headers
                .iter()
                .filter(|(name, _)| !is_ours(name.as_ref()))
                .flat_map(|(name, values)| {
                    values
                        .iter()
                        .map(move |value| (name.clone(), value.clone()))
                })
                .collect(),
        };
        Ok(((), letter))
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

/// Headers that say something to a broker, or of the message's being dead: they are not part of what it said.
fn is_ours(name: &str) -> bool {
    name.starts_with("Nats-") || name.starts_with("Dead-")
}

impl Bus {
    /// Keeps a message that can never be handled. Each is kept once, whoever finds it and however often; of one subject
    /// at most ten within a minute, so that a broken camera cannot push out what others left.
    pub(crate) async fn bury(
        &self,
        message: &jetstream::Message,
        cause: &str,
    ) -> Result<(), PublishError> {
        if !self.burials.is_allowed(&message.subject) {
            metrics::counter!("framewatch_dead_letters_not_kept_total").increment(1);
            return Ok(());
        }
        let stored_at = message
            .info()
            .map_or(OffsetDateTime::now_utc(), |info| info.published);
        let subject = format!(
            "{PREFIX}{}.{}",
            message.subject,
            stored_at.unix_timestamp_nanos()
        );
        let stored_at = stored_at
            .format(&Rfc3339)
            .expect("a time at which a broker stored something has a text form");
        let cause: String = cause.chars().take(MAX_CAUSE).collect();
        let mut letter = PublishMessage::build()
            .payload(message.payload.clone())
            .header(header::SUBJECT, message.subject.as_str())
            .header(header::CAUSE, value(&cause))
            .header(header::READER, &*self.service)
            .header(header::STORED_AT, stored_at)
            .expected_last_subject_sequence(0);
        for (name, values) in message.headers.iter().flat_map(HeaderMap::iter) {
            if !is_ours(name.as_ref()) {
                letter = values.iter().fold(letter, |letter, value| {
                    letter.header(name.clone(), value.clone())
                });
            }
        }
        match self.publish_to(subject, letter).await {
            Ok(_) => {
                metrics::counter!("framewatch_dead_letters_total").increment(1);
                Ok(())
            }
            // Somebody was faster, or it was read before.
            Err(PublishError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Like `bury`, for who goes on in any case.
    pub(crate) async fn try_to_bury(&self, message: &jetstream::Message, cause: &str) {
        if let Err(error) = self.bury(message, cause).await {
            metrics::counter!("framewatch_dead_letters_not_kept_total").increment(1);
            let (subject, error) = (message.subject.as_str(), with_causes(&error));
            tracing::warn!(subject, error, "a message that cannot be read was not kept");
        }
    }

    /// All dead letters, oldest first, without what they carry. Their numbers are what they are asked for by.
    pub async fn dead_letters(&self) -> Vec<Stored<DeadLetter>> {
        self.all().await
    }

    /// One of them, whole; `None` where there is none of this number.
    pub async fn dead_letter(&self, number: u64) -> Result<Option<Stored<DeadLetter>>, StoreError> {
        let stream = self.jetstream.get_stream_no_info(DEAD_LETTERS).await?;
        let message = match stream.get_raw_message(number).await {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Stored::of(&message)?))
    }

    /// Publishes a dead letter where it had been published, and removes it.
    pub async fn replay(&self, letter: &Stored<DeadLetter>) -> Result<(), ReplayError> {
        let DeadLetter {
            subject,
            headers,
            payload,
            ..
        } = &letter.event;
        let message = PublishMessage::build()
            .payload(payload.clone())
            .headers(headers.clone())
            .message_id(format!("replay.{}.{}", letter.sequence, letter.stored_at));
        self.publish_to(subject.clone(), message)
            .await
            .map_err(|source| ReplayError::Publish {
                subject: subject.clone(),
                source,
            })?;
        let remove = async {
            let stream = self.jetstream.get_stream_no_info(DEAD_LETTERS).await?;
            stream.delete_message(letter.sequence).await?;
            Ok::<_, StoreError>(())
        };
        remove.await.map_err(ReplayError::Store)
    }
}

/// How many of each subject were kept within this minute.
#[derive(Debug, Default)]
pub(crate) struct Burials(Mutex<Option<(Instant, HashMap<String, u32>)>>);

const MINUTE: Duration = Duration::from_secs(60);
const MOST_A_MINUTE: u32 = 10;
const MOST_SUBJECTS: usize = 10_000;

impl Burials {
    fn is_allowed(&self, subject: &str) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, counts) = match &mut *window {
            Some(window) if window.0.elapsed() < MINUTE => window,
            stale => stale.insert((Instant::now(), HashMap::new())),
        };
        if counts.len() >= MOST_SUBJECTS && !counts.contains_key(subject) {
            return false;
        }
        let count = counts.entry(subject.to_owned()).or_default();
        *count += 1;
        *count <= MOST_A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_floods_leaves_the_others_their_room() {
        let burials = Burials::default();
        let kept = (0..100).filter(|_| burials.is_allowed("frames.broken"));
        assert_eq!(kept.count(), 10);
        assert!(burials.is_allowed("frames.dock"));
    }
}
