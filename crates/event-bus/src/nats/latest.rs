//! Asking for the latest event of a key.

use async_nats::jetstream::{self, stream::DirectGetErrorKind};

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
    /// What the next event must expect, be the last one readable or not.
    pub expected: Expected,
}

/// What a subject ends with.
enum End<E: Event> {
    Nothing,
    Event(Stored<E>),
    Unreadable { sequence: u64, why: Undecodable },
}

impl Bus {
    /// The latest event of a key, with its payload.
    pub async fn latest<E: Event>(&self, key: &E::Key) -> Result<Option<Stored<E>>, StoreError> {
        latest(&self.jetstream, key).await
    }

    /// The end of a key's subject, for who publishes what follows: an event that cannot be read still counts there.
    pub async fn last<E: Event>(&self, key: &E::Key) -> Result<Last<E>, StoreError> {
        let (event, expected) = match end_of::<E>(&self.jetstream, key).await? {
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
    let message = match stream.direct_get_last_for_subject(E::subject(key)).await {
        Ok(message) => message,
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(End::Nothing),
        Err(error) => return Err(error.into()),
    };
    Ok(match Stored::of(&message) {
        Ok(stored) => End::Event(stored),
        Err(why) => End::Unreadable {
            sequence: message.sequence,
            why,
        },
    })
}
