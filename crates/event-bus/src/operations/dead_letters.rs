//! Keeping messages that nobody can handle, showing them, and publishing them again. What one looks like is left to
//! `contract`.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use async_nats::jetstream::{self, message::PublishMessage, stream::RawMessageErrorKind};

use crate::{
    contract::{
        DECLARATIONS,
        dead_letters::{DeadLetter, of_message},
    },
    nats::{
        bus::Bus,
        event::{Event, Stored},
        publish_error::PublishError,
        store_error::StoreError,
    },
};

/// Why a dead letter could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The last message of its subject says what holds.
    #[error(
        "it was published to {subject}, whose last message says what holds now; published again it would come after \
         newer ones, so set what it says anew"
    )]
    State {
        /// Where it had been published.
        subject: String,
    },
    /// It is not whole.
    #[error(
        "it is not as it was published, {left_out} left out; what is there of it can be had with `show --output`"
    )]
    NotWhole {
        /// What is missing.
        left_out: String,
    },
    /// It could not be removed after it was published.
    #[error("the stream {} cannot be used", DeadLetter::STREAM)]
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

impl ReplayError {
    /// Whether it can never be replayed.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            ReplayError::State { .. } | ReplayError::NotWhole { .. }
        )
    }
}

impl Bus {
    /// All dead letters, oldest first, without what they carry. Their numbers are what they are asked for by.
    pub async fn dead_letters(&self) -> Vec<Stored<DeadLetter>> {
        self.all().await
    }

    /// One of them, whole; `None` where there is none of this number.
    pub async fn dead_letter(&self, number: u64) -> Result<Option<Stored<DeadLetter>>, StoreError> {
        let stream = self
            .jetstream
            .get_stream_no_info(DeadLetter::STREAM)
            .await?;
        let message = match stream.get_raw_message(number).await {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let letter = Stored::of(&message).map_err(|source| StoreError::Damaged {
            name: format!("the message {number} of {}", DeadLetter::STREAM),
            source,
        })?;
        Ok(Some(letter))
    }

    /// Publishes a dead letter where it had been published, and removes it. One that would change what holds now stays: where
    /// it is still the last of its subject, who can read it does so without.
    pub async fn replay(&self, letter: &Stored<DeadLetter>) -> Result<(), ReplayError> {
        let DeadLetter {
            subject,
            headers,
            payload,
            left_out,
            ..
        } = &letter.event;
        if DECLARATIONS
            .iter()
            .any(|declared| declared.is_state && declared.takes(subject))
        {
            return Err(ReplayError::State {
                subject: subject.clone(),
            });
        }
        if !left_out.is_empty() {
            return Err(ReplayError::NotWhole {
                left_out: left_out.clone(),
            });
        }
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
        self.remove(letter.sequence)
            .await
            .map_err(ReplayError::Store)
    }

    async fn remove(&self, number: u64) -> Result<(), StoreError> {
        let stream = self
            .jetstream
            .get_stream_no_info(DeadLetter::STREAM)
            .await?;
        stream.delete_message(number).await?;
        Ok(())
    }
}

/// How many messages of each subject were kept in this minute.
#[derive(Debug, Default)]
pub(super) struct DeadLetterLimiter(Mutex<Option<(Instant, HashMap<String, u32>)>>);

const MINUTE: Duration = Duration::from_secs(60);
const MOST_A_MINUTE: u32 = 10;
const MOST_SUBJECTS: usize = 10_000;

impl DeadLetterLimiter {
    /// Keeps a message that can never be handled. Each is kept once, whoever finds it and however often; of one subject
    /// at most ten within a minute, so that a broken camera cannot push out what others left.
    pub(super) async fn keep(
        &self,
        bus: &Bus,
        message: &jetstream::Message,
        cause: &str,
    ) -> Result<(), PublishError> {
        if !self.is_allowed(&message.subject) {
            metrics::counter!("framewatch_dead_letters_not_kept_total").increment(1);
            return Ok(());
        }
        let (key, letter) = of_message(message, cause, bus.service(), bus.max_payload());
        match bus.publish::<DeadLetter>(&key, letter).await {
            Ok(_) => {
                metrics::counter!("framewatch_dead_letters_total").increment(1);
                Ok(())
            }
            // Somebody was faster, or it was read before.
            Err(PublishError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn is_allowed(&self, subject: &str) -> bool {
        let mut window = self.0.lock();
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
        let limiter = DeadLetterLimiter::default();
        let kept = (0..100).filter(|_| limiter.is_allowed("frames.broken"));
        assert_eq!(kept.count(), 10);
        assert!(limiter.is_allowed("frames.dock"));
    }
}
