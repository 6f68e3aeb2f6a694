//! Why what NATS holds for us cannot be made, or not be used as it is.

use super::store_error::StoreError;

/// A stream or bucket that is missing and can't be made, or is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A stream's settings are not known.
    #[error("cannot ask for the settings of the stream {name}")]
    AskStream {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A stream could not be made.
    #[error("cannot create the stream {name}")]
    CreateStream {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A stream is there, but its settings can't be changed to what they must be.
    #[error(
        "the stream {name} is there with other settings, which cannot be changed; delete it, or use another account"
    )]
    UpdateStream {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A bucket could not be made.
    #[error("cannot create the bucket {name}")]
    CreateBucket {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A backup is being restored, or its restore was broken off.
    #[error(
        "a restore into the stream {name} is going on or was broken off; run it again with the same file: `framewatch restore FILE`"
    )]
    Restoring {
        /// Which.
        name: &'static str,
    },
    /// A later version has written there.
    #[error(
        "the stream {name} has the data format {found}, and this version knows formats up to {known}; start a version that knows it, or restore a backup of this version's (docs/backup.md)"
    )]
    Newer {
        /// Which.
        name: &'static str,
        /// Its format.
        found: String,
        /// Ours.
        known: u32,
    },
    /// An earlier version has written there, and no upload service of this version has started since.
    #[error(
        "the stream {name} has the data format {found}; the upload service of this version brings it to {known} when it starts: start that first"
    )]
    Older {
        /// Which.
        name: &'static str,
        /// Its format.
        found: String,
        /// Ours.
        known: u32,
    },
    /// The stored data could not be brought to our format.
    #[error("the data cannot be brought to the format of this version")]
    Migration {
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl StorageError {
    /// Whether only a person can put it right.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            StorageError::Newer { .. } | StorageError::Restoring { .. }
        )
    }

    /// Whether a stream or bucket could not be made because there is no room for it.
    pub(crate) fn is_of_room(&self) -> bool {
        matches!(
            self,
            StorageError::CreateStream {
                source: StoreError::NoRoom(_),
                ..
            } | StorageError::CreateBucket {
                source: StoreError::NoRoom(_),
                ..
            }
        )
    }

    /// Whether it is about what the streams hold.
    pub(crate) fn is_of_data(&self) -> bool {
        self.is_final() || matches!(self, StorageError::Older { .. })
    }
}
