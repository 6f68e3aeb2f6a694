//! The bucket `folders`: the folders that were made with what people say of them, and marks of ours beside them.

use std::{convert::Infallible, fmt, str::FromStr};

use bytes::Bytes;
use proto::v1::Folder as Details;

use super::{
    declaration::{Declaration, REMEMBERED},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names},
        bus::Bus,
        codec::{from_json, to_json},
        event::Undecodable,
        store_error::StoreError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    newest_kept: REMEMBERED,
    rights: &[
        (
            Service::Upload,
            &[Right::Write, Right::Follow, Right::Ask, Right::Continue],
        ),
        (Service::Comparator, &[Right::Follow]),
        (Service::Sink, &[Right::Follow]),
        (Service::Notifier, &[Right::Follow]),
    ],
    ..Declaration::key_value(Folders::NAMES, "The folders that were made")
};

/// The folders that were made: the bucket `folders`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folders;

/// A folder was made, or removed (`None`).
pub type FolderChange = Change<Folders>;

/// A key of the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FolderKey {
    /// A folder.
    Folder(Folder),
    /// An entry that is no folder's.
    Mark(Mark),
}

/// The name of an entry that is no folder's: no folder can be named so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark(String);

impl FolderKey {
    /// The mark that the first folders were made, so that one that is removed stays removed.
    fn seeded() -> Self {
        FolderKey::Mark(Mark("_seeded".to_owned()))
    }

    /// The mark that a service is bringing the data to another format.
    pub(crate) fn migration() -> Self {
        FolderKey::Mark(Mark("_migration".to_owned()))
    }

    /// The folder, where it is the key of one.
    pub fn folder(self) -> Option<Folder> {
        match self {
            FolderKey::Folder(folder) => Some(folder),
            FolderKey::Mark(_) => None,
        }
    }
}

impl From<&Folder> for FolderKey {
    fn from(folder: &Folder) -> Self {
        FolderKey::Folder(folder.clone())
    }
}

impl fmt::Display for FolderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FolderKey::Folder(folder) => folder.fmt(f),
            FolderKey::Mark(Mark(name)) => f.write_str(name),
        }
    }
}

impl FromStr for FolderKey {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(match name.parse() {
            Ok(folder) => FolderKey::Folder(folder),
            Err(_) => FolderKey::Mark(Mark(name.to_owned())),
        })
    }
}

impl KeyValueBucket for Folders {
    const NAMES: BucketNames = key_value_names!("folders");
    type Key = FolderKey;
    /// What people say of the folder; marks have none of it.
    type Value = Details;

    fn encode(details: &Details) -> Result<Bytes, StoreError> {
        to_json(details)
    }

    fn decode(key: &FolderKey, payload: &Bytes) -> Result<Details, Undecodable> {
        // A mark says nothing, and before format 2 no entry did.
        if payload.is_empty() || matches!(key, FolderKey::Mark(_)) {
            return Ok(Details::default());
        }
        let details: Details = from_json(payload)?;
        details
            .check()
            .map_err(|error| Undecodable(error.to_string()))?;
        Ok(details)
    }
}

impl Bus {
    /// The folders that were made.
    pub fn folders(&self) -> KeyValue<Folders> {
        self.key_value()
    }
}

impl KeyValue<Folders> {
    /// Makes these folders if none were ever made here.
    pub async fn seed(&self, folders: &[Folder]) -> Result<(), StoreError> {
        if self.is_seeded().await? {
            return Ok(());
        }
        for folder in folders {
            self.make(folder).await?;
        }
        self.mark_seeded().await
    }

    /// Whether the first folders were ever made.
    pub async fn is_seeded(&self) -> Result<bool, StoreError> {
        Ok(self.get(&FolderKey::seeded()).await?.is_some())
    }

    /// Keeps [`seed`](KeyValue::seed) from making folders: those that there are to be are made.
    pub async fn mark_seeded(&self) -> Result<(), StoreError> {
        self.set(&FolderKey::seeded(), &Details::default())
            .await
            .map(drop)
    }

    /// Makes a folder of which nothing is said; says whether it is new.
    pub async fn make(&self, folder: &Folder) -> Result<bool, StoreError> {
        self.create(&folder.into(), &Details::default()).await
    }

    /// Says this of a folder, which is made where it is not there.
    pub async fn describe(&self, folder: &Folder, details: &Details) -> Result<u64, StoreError> {
        self.set(&folder.into(), details).await
    }

    /// Removes a folder's entry.
    pub async fn remove(&self, folder: &Folder) -> Result<(), StoreError> {
        self.unset(&folder.into()).await
    }
}
