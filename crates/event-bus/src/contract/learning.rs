//! The bucket `learning`: since when each folder's view is quiet, and which frame waits to be proposed as a normal picture.
//! It belongs to the comparators alone. They change it by compare-and-set, which decides which of them proposes.

use proto::v1::Learning;

use super::{
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names, values_as_json},
        bus::Bus,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    // It is of the frames before a restore.
    backup: Backup::Emptied,
    rights: &[(
        Service::Comparator,
        &[Right::Write, Right::Follow, Right::Ask, Right::Continue],
    )],
    ..Declaration::key_value(Learnings::NAMES, "Since when each folder's view is quiet")
};

/// What is remembered of each folder so that normal pictures can be proposed: the bucket `learning`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learnings;

/// What is remembered of a folder has changed.
pub type LearningChange = Change<Learnings>;

impl KeyValueBucket for Learnings {
    const NAMES: BucketNames = key_value_names!("learning");
    type Key = Folder;
    type Value = Learning;

    values_as_json!();
}

impl Bus {
    /// What is remembered so that normal pictures can be proposed.
    pub fn learning(&self) -> KeyValue<Learnings> {
        self.key_value()
    }
}
