//! Publishing: each event acknowledged by JetStream, and refused where another came first.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    context::{PublishError as JetStreamError, PublishErrorKind},
    message::PublishMessage,
    publish::PublishAck,
};
use tokio::time::sleep;

use super::{
    bus::Bus,
    event::{Event, Stored},
    origin::traced,
    publish_error::PublishError,
    store_error::StoreError,
};

/// The number of the event that must still be the last one of its subject; 0 where there must be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub u64);

impl Expected {
    /// Expects that the latest event that was seen is still the last one.
    pub fn after<E: Event>(latest: Option<&Stored<E>>) -> Self {
        Expected(latest.map_or(0, |stored| stored.sequence))
    }
}

impl Bus {
    /// Publishes an event of this key.
    pub(crate) async fn publish<E: Event>(
        &self,
        key: &E::Key,
        message: PublishMessage,
    ) -> Result<u64, PublishError> {
        self.publish_to(E::subject(key), message).await
    }

    /// Publishes on any subject of ours; where its stream is gone, makes it for the next attempt.
    pub(crate) async fn publish_to(
        &self,
        subject: String,
        message: PublishMessage,
    ) -> Result<u64, PublishError> {
        let published = self.publish_once(subject, message).await;
        published.map(|acknowledged| acknowledged.sequence)
    }

    /// The same, and whether a message of its id was there already.
    pub(crate) async fn publish_once(
        &self,
        subject: String,
        message: PublishMessage,
    ) -> Result<PublishAck, PublishError> {
        let published = send_once(&self.jetstream, subject, message).await;
        if let Err(PublishError::Store(StoreError::Missing(_))) = published {
            self.make_what_is_missing().await;
        }
        published
    }
}

/// Publishes without a [`Bus`], and waits for the acknowledgement; gives the event's number.
pub(crate) async fn send(
    jetstream: &jetstream::Context,
    subject: String,
    message: PublishMessage,
) -> Result<u64, PublishError> {
    let published = send_once(jetstream, subject, message).await;
    published.map(|acknowledged| acknowledged.sequence)
}

async fn send_once(
    jetstream: &jetstream::Context,
    subject: String,
    message: PublishMessage,
) -> Result<PublishAck, PublishError> {
    let message = traced(message);
    let publish = async || {
        let sent = jetstream.send_publish(subject.clone(), message.clone());
        sent.await?.await
    };
    let mut published = publish().await;
    for _ in 0..ASKED_AGAIN {
        if !published.as_ref().is_err_and(is_in_process) {
            break;
        }
        sleep(PAUSE).await;
        published = publish().await;
    }
    match published {
        Ok(acknowledged) => Ok(acknowledged),
        Err(error) if is_conflict(&error) => Err(PublishError::Conflict),
        Err(error) => Err(PublishError::Store(error.into())),
    }
}

/// How often, and after how long each time, a cluster is asked again that is storing a message of the same id at this moment:
/// it then says that it has it.
const ASKED_AGAIN: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// The cluster is storing a message of this id that somebody else has sent.
fn is_in_process(error: &JetStreamError) -> bool {
    const DUPLICATE_IN_PROCESS: u64 = 10158;
    code(error) == Some(DUPLICATE_IN_PROCESS)
}

/// A cluster may answer that the last sequence is another one by a code that the client does not know.
fn is_conflict(error: &JetStreamError) -> bool {
    const WRONG_LAST_SEQUENCE_CONSTANT: u64 = 10164;
    error.kind() == PublishErrorKind::WrongLastSequence
        || code(error) == Some(WRONG_LAST_SEQUENCE_CONSTANT)
}

/// By which number the server names what is wrong.
fn code(error: &JetStreamError) -> Option<u64> {
    let source = std::error::Error::source(error)?;
    let answer = source.downcast_ref::<jetstream::Error>()?;
    Some(answer.error_code().0)
}
