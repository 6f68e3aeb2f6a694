//! What a stream holds now, at the pace of who reads it.

use std::marker::PhantomData;

use async_nats::jetstream::consumer::{
    DeliverPolicy,
    pull::{Ordered, OrderedConfig},
};
use futures::TryStreamExt;

use super::{
    bus::Bus,
    event::{Event, Stored},
    store_error::StoreError,
};

/// What a stream holds at one moment, oldest first, for who has work to do between two events.
pub struct Snapshot<E> {
    /// `None` where there is nothing.
    messages: Option<Ordered>,
    left: u64,
    unreadable: u64,
    event: PhantomData<E>,
}

/// How much of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that it holds.
    Everything,
    /// The latest event of every key.
    LatestOfEachKey,
}

impl Bus {
    /// What a stream holds now.
    pub async fn snapshot<E: Event>(&self, extent: Extent) -> Result<Snapshot<E>, StoreError> {
        let deliver_policy = match extent {
            Extent::Everything => DeliverPolicy::All,
            Extent::LatestOfEachKey => DeliverPolicy::LastPerSubject,
        };
        let subjects = E::SUBJECTS.to_owned();
        self.snapshot_of(subjects, deliver_policy).await
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
        let messages = match left {
            0 => None,
            _ => Some(consumer.messages().await?),
        };
        Ok(Snapshot {
            messages,
            left,
            unreadable: 0,
            event: PhantomData,
        })
    }
}

impl<E: Event> Snapshot<E> {
    /// The next event; `None` where that was all. One that cannot be read is counted and passed over: whoever follows the
    /// stream complains about it.
    pub async fn next(&mut self) -> Result<Option<Stored<E>>, StoreError> {
        let Some(messages) = &mut self.messages else {
            return Ok(None);
        };
        while self.left > 0 {
            let Some(message) = messages.try_next().await? else {
                break;
            };
            // What has gone by age meanwhile does not come.
            self.left = (self.left - 1).min(message.info().map_err(StoreError::Refused)?.pending);
            match Stored::read(&message) {
                Ok(stored) => return Ok(Some(stored)),
                Err(_) => self.unreadable += 1,
            }
        }
        Ok(None)
    }

    /// How many could not be read so far.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }
}
