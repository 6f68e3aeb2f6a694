//! Asking for the latest event of a key.
//!
//! Each server of a cluster that has the stream answers who asks for the latest event, and one that follows may not have it
//! yet. Who publishes what is to come next asks the leader.

use async_nats::jetstream::{
    self,
    message::StreamMessage,
    stream::{DirectGetErrorKind, LastRawMessageErrorKind},
};

use time::OffsetDateTime;

use super::{
    bus::Bus,
    event::{Event, Stored, Undecodable},
    publish::Expected,
    store_error::StoreError,
};

/// The end of a key's subject.
#[derive(Debug)]
pub struct Last<E: Event> {
    /// The last event; `None` where there is none, or where it cannot be read.
    pub event: Option<Stored<E>>,
    /// What the next event must expect, whether the last one can be read or not.
    pub expected: Expected,
}

/// What a subject ends with.
enum End<E: Event> {
    Nothing,
    Event(Stored<E>),
    Unreadable { sequence: u64, why: Undecodable },
}

impl Bus {
    /// The latest event of a key, with its payload, or in a cluster one of shortly before.
    pub async fn latest<E: Event>(&self, key: &E::Key) -> Result<Option<Stored<E>>, StoreError> {
        latest(&self.jetstream, key).await
    }

    /// The same; also `None` where it cannot be read.
    pub async fn latest_readable<E: Event>(
        &self,
        key: &E::Key,
    ) -> Result<Option<Stored<E>>, StoreError> {
        Ok(match end_of(&self.jetstream, key).await? {
            End::Event(stored) => Some(stored),
            End::Nothing | End::Unreadable { .. } => None,
        })
    }

    /// The end of a key's subject, for who publishes what follows: an event that cannot be read still counts there. Not for
    /// large payloads: the leader's answer is larger still.
    pub async fn last<E: Event>(&self, key: &E::Key) -> Result<Last<E>, StoreError> {
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let message = stream
            .get_last_raw_message_by_subject(&E::subject(key))
            .await;
        let message = match message {
            Ok(message) => Some(message),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => None,
            Err(error) => return Err(error.into()),
        };
        let (event, expected) = match End::of(message) {
            End::Nothing => (None, Expected(0)),
            End::Event(stored) => {
                let expected = Expected(stored.sequence);
                (Some(stored), expected)
            }
            End::Unreadable { sequence, .. } => (None, Expected(sequence)),
        };
        Ok(Last { event, expected })
    }
}

impl Bus {
    /// The event of a key that was stored at this time; `None` where the stream does not hold it any more. For keys of which
    /// it holds few: it asks for one event after another, the last first.
    pub async fn stored_at<E: Event>(
        &self,
        key: &E::Key,
        at: OffsetDateTime,
    ) -> Result<Option<Stored<E>>, StoreError> {
        let last = self.latest_readable::<E>(key).await?;
        let Some(last) = last.filter(|last| last.stored_at >= at) else {
            return Ok(None);
        };
        if last.stored_at == at {
            return Ok(Some(last));
        }
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let mut from = 1;
        loop {
            let next = stream.direct_get_next_for_subject(E::subject(key), Some(from));
            let message = match next.await {
                Ok(message) if message.time > at => return Ok(None),
                Ok(message) => message,
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            if message.time == at {
                return Ok(Stored::of(&message).ok());
            }
            from = message.sequence + 1;
        }
    }
}

/// The latest event of a key, asked for without a [`Bus`].
pub(crate) async fn latest<E: Event>(
    jetstream: &jetstream::Context,
    key: &E::Key,
) -> Result<Option<Stored<E>>, StoreError> {
    match end_of::<E>(jetstream, key).await? {
        End::Nothing => Ok(None),
        End::Event(stored) => Ok(Some(stored)),
        End::Unreadable { sequence, why } => Err(StoreError::Damaged {
            name: format!("the message {sequence} on {}", E::subject(key)),
            source: why,
        }),
    }
}

async fn end_of<E: Event>(
    jetstream: &jetstream::Context,
    key: &E::Key,
) -> Result<End<E>, StoreError> {
    let stream = jetstream.get_stream_no_info(E::STREAM).await?;
    match stream.direct_get_last_for_subject(E::subject(key)).await {
        Ok(message) => Ok(End::of(Some(message))),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(End::Nothing),
        Err(error) => Err(error.into()),
    }
}

impl<E: Event> End<E> {
    fn of(message: Option<StreamMessage>) -> Self {
        let Some(message) = message else {
            return End::Nothing;
        };
        match Stored::of(&message) {
            Ok(stored) => End::Event(stored),
            Err(why) => End::Unreadable {
                sequence: message.sequence,
                why,
            },
        }
    }
}
