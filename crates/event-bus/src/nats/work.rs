//! Work: the events of a stream, shared among all copies of a service, each acknowledged by who handled it.

use std::time::Duration;

use async_nats::jetstream::{
    self, AckKind,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures::TryStreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    bus::Bus,
    causes::with_causes,
    event::{Event, Stored},
    store_error::StoreError,
    unreadable::{UnreadableLog, not_kept},
};

/// After how long a message is delivered again that could not be put among the dead letters.
const RETRY: Duration = Duration::from_secs(5);

/// How the copies of a service share the events of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// The durable consumer that all copies pull from.
    pub consumer: &'static str,
    /// How many events one copy asks for at a time.
    pub batch: usize,
    /// After how long an event that was not acknowledged goes to another copy.
    pub ack_wait: Duration,
}

/// An event to be handled and then acknowledged. Dropped without that, it is delivered again after the ack wait.
pub struct Delivery<E: Event> {
    /// The event.
    pub stored: Stored<E>,
    message: jetstream::Message,
}

impl Bus {
    /// Pulls events into `queue` until shutdown, as fast as the queue takes them. Begins again after a lost connection,
    /// and makes the consumer again where it is gone. A message that can't be read becomes a dead letter.
    pub async fn work<E: Event>(
        &self,
        work: Work,
        queue: mpsc::Sender<Delivery<E>>,
        shutdown: &CancellationToken,
    ) {
        let mut attempts = self.attempts(E::STREAM, shutdown);
        while attempts.again(self.work_once(work, &queue)).await {}
    }

    async fn work_once<E: Event>(
        &self,
        work: Work,
        queue: &mpsc::Sender<Delivery<E>>,
    ) -> Result<(), StoreError> {
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let consumer = stream
            .get_or_create_consumer(
                work.consumer,
                pull::Config {
                    durable_name: Some(work.consumer.to_owned()),
                    deliver_policy: DeliverPolicy::All,
                    ack_policy: AckPolicy::Explicit,
                    ack_wait: work.ack_wait,
                    max_ack_pending: 4096,
                    ..pull::Config::default()
                },
            )
            .await?;
        self.interruptions.over(E::STREAM);
        let mut unreadable = UnreadableLog::default();
        let mut messages = consumer
            .stream()
            .max_messages_per_batch(work.batch)
            .messages()
            .await?;
        while let Some(message) = messages.try_next().await? {
            let stored = match unreadable.read(&message) {
                Ok(stored) => stored,
                Err(error) => {
                    self.reject(&message, &error.to_string()).await;
                    continue;
                }
            };
            if queue.send(Delivery { stored, message }).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// How far all copies together are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events that no copy was given yet.
    pub waiting: u64,
    /// Events that went by before any copy took them, for the stream keeps only the newest of each subject. A lower
    /// bound: events that were delivered twice count against it.
    pub passed_over: u64,
}

impl Bus {
    /// How far the copies that share this work are.
    pub async fn progress<E: Event>(&self, work: Work) -> Result<Progress, StoreError> {
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let info = stream.consumer_info(work.consumer).await?;
        let delivered = info.delivered;
        Ok(Progress {
            waiting: info.num_pending,
            passed_over: delivered
                .stream_sequence
                .saturating_sub(delivered.consumer_sequence),
        })
    }
}

impl<E: Event> Delivery<E> {
    /// Handled, and its effect is durable.
    pub async fn done(self) {
        acknowledge(&self.message, AckKind::Ack).await;
    }

    /// Could not be handled now: deliver it again after a while.
    pub async fn retry_after(self, delay: Duration) {
        acknowledge(&self.message, AckKind::Nak(Some(delay))).await;
    }

    /// Can never be handled: keep it with its cause, and do not deliver it again.
    pub async fn reject(self, bus: &Bus, cause: &str) {
        bus.reject(&self.message, cause).await;
    }
}

impl Bus {
    async fn reject(&self, message: &jetstream::Message, cause: &str) {
        let kind = match self.keep_dead_letter(message, cause).await {
            Ok(()) => AckKind::Term,
            Err(error) if !error.may_pass() => {
                not_kept(message, &error);
                AckKind::Term
            }
            Err(error) => {
                tracing::debug!(
                    error = with_causes(&error),
                    "a dead letter was not kept yet"
                );
                AckKind::Nak(Some(RETRY))
            }
        };
        acknowledge(message, kind).await;
    }
}

/// A lost acknowledgement only means that the event comes again, and handling it again is harmless.
async fn acknowledge(message: &jetstream::Message, kind: AckKind) {
    if let Err(error) = message.ack_with(kind).await {
        tracing::debug!(subject = %message.subject, %error, "an acknowledgement was not sent");
    }
}
