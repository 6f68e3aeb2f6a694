//! Why an event was not published.

use super::store_error::StoreError;

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another event came first.
    #[error("another event came first on this subject")]
    Conflict,
    /// A payload larger than can be sent.
    #[error(
        "it has {bytes} bytes; at most {most} can be sent (max_payload of the NATS server, at most 8 MB)"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest.
        most: usize,
    },
    /// JetStream did not store it, or nobody knows whether it did.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PublishError {
    /// Whether it may succeed another time.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            PublishError::Store(
                StoreError::Missing(_) | StoreError::NoRoom(_) | StoreError::NoAnswer(_)
            )
        )
    }

    /// The same, where nothing was expected of the subject: then no event can come first.
    pub(crate) fn without_conflict(self) -> StoreError {
        match self {
            PublishError::Store(error) => error,
            other => StoreError::refused(other),
        }
    }
}
