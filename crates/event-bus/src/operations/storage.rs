//! How much JetStream holds for us.

use crate::nats::{bus::Bus, store_error::StoreError};

/// What JetStream holds on disk for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// In bytes, of all streams and buckets of the account.
    pub bytes: u64,
    /// What the account may take, in bytes; `None` where the server's configuration sets no limit.
    pub limit: Option<u64>,
}

impl Bus {
    /// Asks how much is held.
    pub async fn storage(&self) -> Result<Storage, StoreError> {
        let account = self.jetstream.query_account().await?;
        let limit = account.limits.max_storage;
        Ok(Storage {
            bytes: account.storage,
            limit: limit.and_then(|bytes| bytes.try_into().ok()),
        })
    }
}
