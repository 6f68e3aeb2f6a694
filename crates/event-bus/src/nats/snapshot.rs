//! What a stream holds now, at the pace of who reads it.

use std::{mem, vec};

use async_nats::jetstream::{
    Message,
    consumer::{
        DeliverPolicy,
        pull::{Ordered, OrderedConfig},
    },
    stream::Stream,
};
use futures::TryStreamExt;
use tokio::runtime::Handle;

use super::{
    bus::Bus,
    event::{Event, Stored},
    readable::LatestReadable,
    store_error::StoreError,
};

/// What a stream holds at one moment, oldest first, for who has work to do between two events.
pub struct Snapshot<E: Event> {
    /// `None` where there is nothing.
    messages: Option<Ordered>,
    /// Until it is dropped.
    _consumer: Removal,
    left: u64,
    unreadable: u64,
    /// Where only the latest event of each key that can be read is wanted, and not the consumer finds it: those.
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
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let consumer = stream
            .create_consumer(OrderedConfig {
                filter_subject,
                deliver_policy,
                ..OrderedConfig::default()
            })
            .await?;
        let left = consumer.cached_info().num_pending;
        let removal = Removal {
            stream,
            consumer: consumer.cached_info().name.clone(),
        };
        let messages = match left {
            0 => None,
            _ => Some(consumer.messages().await?),
        };
        Ok(Snapshot {
            messages,
            _consumer: removal,
            left,
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
        let messages = self.messages.as_mut().filter(|_| self.left > 0);
        let Some(messages) = messages else {
            return Ok(None);
        };
        let Some(message) = messages.try_next().await? else {
            return Ok(None);
        };
        // What has gone by age meanwhile does not come.
        self.left = (self.left - 1).min(message.info().map_err(StoreError::Refused)?.pending);
        Ok(Some(message))
    }

    /// How many could not be read so far.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }
}
