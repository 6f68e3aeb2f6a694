use std::time::Duration;

use async_nats::jetstream::{
    self,
    kv::{CreateErrorKind, Entry, Operation, Store, UpdateErrorKind},
};
use tokio::time::{Instant, sleep};

use crate::{StoreError, bus::RETRY, topology::FOLDERS_BUCKET};

/// What one service may do at a time: a key in the bucket `folders`, that is there meanwhile.
pub(crate) struct Lease(Store);

/// No folder can be named so.
const KEY: &str = "_migration";

/// After how long without a change it is taken from a holder that must have died. What is done under it is done within
/// this, and harmless when done twice.
const ABANDONED_AFTER: Duration = Duration::from_secs(5);

impl Lease {
    /// Waits until it is ours.
    pub(crate) async fn take(context: &jetstream::Context) -> Result<Self, StoreError> {
        let store = context.get_key_value(FOLDERS_BUCKET).await?;
        let mut held: Option<(u64, Instant)> = None;
        loop {
            let entry = store.entry(KEY).await?;
            let is_ours = match entry.filter(|entry| entry.operation == Operation::Put) {
                None => create(&store).await?,
                // By our own clock: how long it was that we have seen nothing happen.
                Some(entry) => match held {
                    Some((revision, since)) if revision == entry.revision => {
                        since.elapsed() > ABANDONED_AFTER && take_over(&store, &entry).await?
                    }
                    _ => {
                        held = Some((entry.revision, Instant::now()));
                        false
                    }
                },
            };
            if is_ours {
                return Ok(Lease(store));
            }
            sleep(RETRY).await;
        }
    }

    pub(crate) async fn release(self) -> Result<(), StoreError> {
        Ok(self.0.delete(KEY).await?)
    }
}

async fn create(store: &Store) -> Result<bool, StoreError> {
    match store.create(KEY, "".into()).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn take_over(store: &Store, from: &Entry) -> Result<bool, StoreError> {
    match store.update(KEY, "".into(), from.revision).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(false),
        Err(error) => Err(error.into()),
    }
}
