use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use futures::TryStreamExt;
use time::OffsetDateTime;

use crate::{Bus, Event, Folder, StoreError, Stored, event::subject_of};

/// Where in a stream to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With the first event that was stored at this time or later.
    At(OffsetDateTime),
    /// With the first event after the one of this number.
    After(u64),
}

impl Bus {
    /// Hands the events that a stream holds now to `apply`, oldest first; those of one folder, or of all. One that cannot
    /// be read is passed over: whoever follows the stream complains about it.
    pub async fn past<E: Event<Key = Folder>>(
        &self,
        folder: Option<&Folder>,
        begin: Begin,
        mut apply: impl FnMut(Stored<E>),
    ) -> Result<(), StoreError> {
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let consumer = stream
            .create_consumer(OrderedConfig {
                filter_subject: folder.map_or_else(|| E::SUBJECTS.to_owned(), subject_of::<E>),
                deliver_policy: match begin {
                    Begin::At(start_time) => DeliverPolicy::ByStartTime { start_time },
                    Begin::After(sequence) => DeliverPolicy::ByStartSequence {
                        start_sequence: sequence + 1,
                    },
                },
                ..OrderedConfig::default()
            })
            .await?;
        if consumer.cached_info().num_pending == 0 {
            return Ok(());
        }
        let mut messages = consumer.messages().await?;
        while let Some(message) = messages.try_next().await? {
            if let Ok(stored) = Stored::read(&message) {
                apply(stored);
            }
            if message.info()?.pending == 0 {
                break;
            }
        }
        Ok(())
    }
}
