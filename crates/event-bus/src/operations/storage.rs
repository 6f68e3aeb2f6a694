//! How much JetStream holds for us.

use time::OffsetDateTime;

use crate::{
    contract::frames::FrameArrival,
    nats::{bus::Bus, event::Event as _, store_error::StoreError},
};

/// What JetStream holds on disk for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// In bytes, of all streams and buckets of the account.
    pub bytes: u64,
    /// What the account may take, in bytes; `None` where the server's configuration sets no limit.
    pub limit: Option<u64>,
}

/// What `FRAMES` holds of all folders together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramesHeld {
    /// In bytes.
    pub bytes: u64,
    /// The most that it may hold, in bytes; `None` where somebody has taken the limit away.
    pub limit: Option<u64>,
    /// When the oldest of these frames was stored; `None` where there is none. Of earlier ones it has forgotten all.
    pub oldest: Option<OffsetDateTime>,
}

impl Bus {
    /// Asks how far the frames reach.
    pub async fn frames_held(&self) -> Result<FramesHeld, StoreError> {
        let stream = self.jetstream.get_stream(FrameArrival::STREAM).await?;
        let info = stream.cached_info();
        let state = &info.state;
        Ok(FramesHeld {
            bytes: state.bytes,
            limit: u64::try_from(info.config.max_bytes)
                .ok()
                .filter(|it| *it > 0),
            oldest: (state.messages > 0).then_some(state.first_timestamp),
        })
    }

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
