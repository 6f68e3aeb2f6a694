//! What a stream holds now, of one key or of all.

use async_nats::jetstream::consumer::DeliverPolicy;
use time::OffsetDateTime;

use super::{
    bus::Bus,
    event::{Event, Stored},
    store_error::StoreError,
};

/// Where in a stream to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With the first event that was stored at this time or later.
    At(OffsetDateTime),
    /// With the first event after the one of this number.
    After(u64),
}

impl Bus {
    /// Hands the events that a stream holds now to `apply`, oldest first; those of one key, or of all. One that cannot
    /// be read is passed over: whoever follows the stream complains about it.
    pub async fn past<E: Event>(
        &self,
        key: Option<&E::Key>,
        begin: Begin,
        mut apply: impl FnMut(Stored<E>),
    ) -> Result<(), StoreError> {
        let subjects = key.map_or_else(|| E::SUBJECTS.to_owned(), E::subject);
        let deliver_policy = match begin {
            Begin::At(start_time) => DeliverPolicy::ByStartTime { start_time },
            Begin::After(sequence) => DeliverPolicy::ByStartSequence {
                start_sequence: sequence + 1,
            },
        };
        let mut events = self.snapshot_of(subjects, deliver_policy).await?;
        while let Some(stored) = events.next().await? {
            apply(stored);
        }
        Ok(())
    }
}
