//! A lease on what only one service may do at a time: a key in the bucket `folders` that exists meanwhile.

use std::time::Duration;

use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::{
    contract::folders::{FolderChange, FolderKey},
    nats::{
        bucket::{delete_message, put_message},
        connect::RETRY,
        event::Event,
        latest::latest,
        publish::send,
        publish_error::PublishError,
        store_error::StoreError,
    },
};

/// Held as long as the key is there.
pub(super) struct Lease {
    context: jetstream::Context,
    key: FolderKey,
}

/// After how long without a change it is taken from a holder that must have died. What is done under it is done within
/// this, and harmless when done twice.
const ABANDONED_AFTER: Duration = Duration::from_secs(5);

impl Lease {
    /// Waits until it is ours.
    pub(super) async fn take(context: &jetstream::Context) -> Result<Self, StoreError> {
        let lease = Lease {
            context: context.clone(),
            key: FolderKey::migration(),
        };
        let mut held: Option<(u64, Instant)> = None;
        loop {
            let last = latest::<FolderChange>(context, &lease.key).await?;
            let revision = last.as_ref().map_or(0, |last| last.sequence);
            let is_free = last.is_none_or(|last| last.event.value.is_none());
            // By our own clock: how long it was that we have seen nothing happen.
            let is_abandoned = held
                .is_some_and(|(seen, since)| seen == revision && since.elapsed() > ABANDONED_AFTER);
            if (is_free || is_abandoned) && lease.take_after(revision).await? {
                return Ok(lease);
            }
            if held.is_none_or(|(seen, _)| seen != revision) {
                held = Some((revision, Instant::now()));
            }
            sleep(RETRY).await;
        }
    }

    pub(super) async fn release(self) -> Result<(), StoreError> {
        let released = self.write(delete_message()).await;
        released.map_err(PublishError::without_conflict)
    }

    /// Takes it if nothing came after this change; says whether nothing did.
    async fn take_after(&self, revision: u64) -> Result<bool, StoreError> {
        let message = put_message(Bytes::new()).expected_last_subject_sequence(revision);
        match self.write(message).await {
            Ok(()) => Ok(true),
            Err(PublishError::Conflict) => Ok(false),
            Err(error) => Err(error.without_conflict()),
        }
    }

    async fn write(&self, message: PublishMessage) -> Result<(), PublishError> {
        let subject = FolderChange::subject(&self.key);
        send(&self.context, subject, message).await.map(drop)
    }
}
