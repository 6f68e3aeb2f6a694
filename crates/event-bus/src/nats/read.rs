//! Reading a stream in order from a position that its user keeps.

use std::{marker::PhantomData, time::Duration};

use async_nats::jetstream::consumer::{
    DeliverPolicy,
    pull::{Ordered, OrderedConfig},
};
use futures::{FutureExt, StreamExt};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    backlog::Backlog,
    bus::Bus,
    event::{Event, Stored},
    storage_error::StorageError,
    store_error::StoreError,
    unreadable::UnreadableLog,
};

/// Reads a stream in order from a position that the reader's user keeps.
pub struct Reader<E> {
    messages: Ordered,
    backlog: Backlog,
    generation: watch::Receiver<u64>,
    bus: Bus,
    begins_after: u64,
    made_at: OffsetDateTime,
    reached: u64,
    looked_at: Instant,
    waiting: u64,
    unreadable: UnreadableLog,
    event: PhantomData<E>,
}

/// Why reading stopped; a new reader goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stream can't be read.
    #[error("the stream cannot be read")]
    Stream(#[source] StoreError),
    /// This version cannot read what the stream holds.
    #[error(transparent)]
    Unfit(StorageError),
    /// The connection was lost, and is back.
    #[error("the connection was lost meanwhile")]
    Reconnected,
    /// The stream is no longer the one that was read, or holds less than was read of it.
    #[error("the stream was made anew")]
    MadeAnew,
    /// The client gave up on the stream.
    #[error("the stream has ended")]
    Ended,
}

/// How often to look whether the stream is still the same: the client goes on with the next number in a stream that was
/// deleted and made anew.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// Where to begin.
enum Start {
    After(u64),
    At(OffsetDateTime),
}

impl Bus {
    /// Reads what comes after the event of this number. A number that the stream has not reached is one of an earlier
    /// stream: reading then begins at the beginning ([`Reader::begins_after`] says so).
    pub async fn read<E: Event>(&self, after: u64) -> Result<Reader<E>, ReadError> {
        self.read_from(|last_sequence| match after > last_sequence {
            true => Start::After(0),
            false => Start::After(after),
        })
        .await
    }

    /// Reads what was stored at this time or later.
    pub async fn read_since<E: Event>(&self, time: OffsetDateTime) -> Result<Reader<E>, ReadError> {
        self.read_from(|_| Start::At(time)).await
    }

    /// Begins where `start` says, which is given the number of the stream's last event.
    async fn read_from<E: Event>(
        &self,
        start: impl FnOnce(u64) -> Start,
    ) -> Result<Reader<E>, ReadError> {
        let mut generation = self.generation();
        generation.mark_unchanged();
        let stream = self.jetstream.get_stream(E::STREAM).await;
        let stream = stream.map_err(read_error)?;
        let info = stream.cached_info();
        self.check_stream(E::STREAM, &info.config)
            .map_err(ReadError::Unfit)?;
        let start = start(info.state.last_sequence);
        let (begins_after, deliver_policy) = match start {
            Start::After(sequence) => (
                sequence,
                DeliverPolicy::ByStartSequence {
                    start_sequence: sequence + 1,
                },
            ),
            Start::At(start_time) => (0, DeliverPolicy::ByStartTime { start_time }),
        };
        let config = OrderedConfig {
            filter_subject: E::SUBJECTS.to_owned(),
            deliver_policy,
            ..OrderedConfig::default()
        };
        let (consumer, backlog) = self.consume::<E>(config).await.map_err(ReadError::Stream)?;
        let waiting = consumer.cached_info().num_pending;
        let messages = consumer.messages().await.map_err(read_error)?;
        Ok(Reader {
            messages,
            backlog,
            generation,
            bus: self.clone(),
            begins_after,
            made_at: info.created,
            reached: begins_after,
            looked_at: Instant::now(),
            waiting,
            unreadable: UnreadableLog::default(),
            event: PhantomData,
        })
    }
}

impl<E: Event> Reader<E> {
    /// The number of the event after which this reader begins; 0 where it begins at a time.
    pub fn begins_after(&self) -> u64 {
        self.begins_after
    }

    /// When the stream was made: one that is made anew counts its events from the beginning.
    pub fn made_at(&self) -> OffsetDateTime {
        self.made_at
    }

    /// How many events the stream held after the last one that was read, at the moment when that one was sent. At
    /// first, all that are to come.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Waits for an event and takes with it those that are there already, up to `most`; none after 5 s without one. One
    /// that can't be read is logged, kept as a dead letter, and passed over.
    pub async fn next_batch(&mut self, most: usize) -> Result<Vec<Stored<E>>, ReadError> {
        if self.looked_at.elapsed() >= LOOK_AFTER {
            self.check_stream().await?;
        }
        let mut batch = Vec::new();
        while batch.is_empty() {
            let message = tokio::select! {
                message = self.messages.next() => message,
                _ = self.generation.changed() => return Err(ReadError::Reconnected),
                () = sleep(LOOK_AFTER) => {
                    self.look().await?;
                    break;
                }
            };
            let mut next = Some(message);
            while let Some(message) = next {
                let message = message.ok_or(ReadError::Ended)?.map_err(read_error)?;
                self.backlog.learn(&message).map_err(ReadError::Stream)?;
                self.waiting = message.info().map_or(0, |info| info.pending);
                match self.unreadable.read(&message) {
                    Ok(stored) => batch.push(stored),
                    Err(error) => self.bus.pass_over::<E>(&message, &error.to_string()).await,
                }
                next = (batch.len() < most)
                    .then(|| self.messages.next().now_or_never())
                    .flatten();
            }
        }
        self.reached = batch.last().map_or(self.reached, |last| last.sequence);
        Ok(batch)
    }

    /// Checks that the stream is still the same, and finds out what will not come. Called where nothing came for a
    /// while.
    async fn look(&mut self) -> Result<(), ReadError> {
        self.check_stream().await?;
        if !self.backlog.is_over() {
            self.backlog.ask(1).await.map_err(ReadError::Stream)?;
        }
        if self.backlog.is_over() {
            self.waiting = 0;
        }
        Ok(())
    }

    async fn check_stream(&mut self) -> Result<(), ReadError> {
        let stream = self.bus.jetstream.get_stream(E::STREAM).await;
        let stream = stream.map_err(read_error)?;
        let info = stream.cached_info();
        if info.created != self.made_at || info.state.last_sequence < self.reached {
            return Err(ReadError::MadeAnew);
        }
        self.looked_at = Instant::now();
        Ok(())
    }
}

fn read_error(error: impl Into<StoreError>) -> ReadError {
    ReadError::Stream(error.into())
}
