use async_nats::jetstream::consumer::DeliverPolicy;
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
        let subjects = folder.map_or_else(|| E::SUBJECTS.to_owned(), subject_of::<E>);
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
