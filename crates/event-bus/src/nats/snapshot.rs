//! What a stream holds now, at the reader's pace.

use std::{mem, vec};

use async_nats::jetstream::{
    Message,
    consumer::{
        DeliverPolicy,
        pull::{Ordered, OrderedConfig},
    },
    stream::Stream,
};
use tokio::runtime::Handle;

use super::{
    backlog::Backlog,
    bus::Bus,
    event::{Event, Stored},
    readable::LatestReadable,
    store_error::StoreError,
};

/// What a stream holds at one moment, oldest first, for a reader that works between two events.
pub struct Snapshot<E: Event> {
    /// `None` where there is nothing.
    messages: Option<Ordered>,
    /// Until it is dropped.
    _consumer: Removal,
    backlog: Backlog,
    unreadable: u64,
    /// The latest readable event of each key, where only these are wanted and the consumer cannot find them.
    latest: Option<vec::IntoIter<Stored<E>>>,
}

/// How much of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that it holds.
    Everything,
    /// The latest event of every key.
    LatestOfEachKey,
}

/// A consumer that is removed when this is dropped. The server would keep it for some time, and look at it with every
/// message of the stream meanwhile.
struct Removal {
    stream: Stream<()>,
    consumer: String,
}

impl Drop for Removal {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (stream, consumer) = (self.stream.clone(), mem::take(&mut self.consumer));
        runtime.spawn(async move {
            if let Err(error) = stream.delete_consumer(&consumer).await {
                tracing::debug!(consumer, %error, "a consumer is left for the server to remove");
            }
        });
    }
}

impl Bus {
    /// What a stream holds now.
    pub async fn snapshot<E: Event>(&self, extent: Extent) -> Result<Snapshot<E>, StoreError> {
        let deliver_policy = match extent {
            Extent::LatestOfEachKey if !E::FALLS_BACK => DeliverPolicy::LastPerSubject,
            Extent::Everything | Extent::LatestOfEachKey => DeliverPolicy::All,
        };
        let subjects = E::SUBJECTS.to_owned();
        let mut snapshot = self.snapshot_of(subjects, deliver_policy).await?;
        if E::FALLS_BACK && extent == Extent::LatestOfEachKey {
            let mut latest = LatestReadable::new();
            while let Some(message) = snapshot.next_message().await? {
                snapshot.unreadable += u64::from(!latest.learn(message));
            }
            snapshot.latest = Some(latest.take_latest());
        }
        Ok(snapshot)
    }

    /// What a stream holds now of these subjects.
    pub(crate) async fn snapshot_of<E: Event>(
        &self,
        filter_subject: String,
        deliver_policy: DeliverPolicy,
    ) -> Result<Snapshot<E>, StoreError> {
        let config = OrderedConfig {
            filter_subject,
            deliver_policy,
            ..OrderedConfig::default()
        };
        let (consumer, backlog) = self.consume::<E>(config).await?;
        let removal = Removal {
            stream: self.jetstream.get_stream_no_info(E::STREAM).await?,
            consumer: backlog.consumer().to_owned(),
        };
        let messages = match backlog.is_over() {
            true => None,
            false => Some(consumer.messages().await?),
        };
        Ok(Snapshot {
            messages,
            _consumer: removal,
            backlog,
            unreadable: 0,
            latest: None,
        })
    }
}

impl<E: Event> Snapshot<E> {
    /// The next event; `None` where that was all. One that cannot be read is counted and passed over: whoever follows the
    /// stream complains about it.
    pub async fn next(&mut self) -> Result<Option<Stored<E>>, StoreError> {
        if let Some(latest) = &mut self.latest {
            return Ok(latest.next());
        }
        while let Some(message) = self.next_message().await? {
            match Stored::read(&message) {
                Ok(stored) => return Ok(Some(stored)),
                Err(_) => self.unreadable += 1,
            }
        }
        Ok(None)
    }

    async fn next_message(&mut self) -> Result<Option<Message>, StoreError> {
        match &mut self.messages {
            Some(messages) => self.backlog.next(messages).await,
            None => Ok(None),
        }
    }

    /// How many could not be read so far because they are not what their subject promises.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// How many the server itself could not read so far because they are damaged in its store.
    pub fn damaged(&self) -> u64 {
        self.backlog.unreadable()
    }
}
