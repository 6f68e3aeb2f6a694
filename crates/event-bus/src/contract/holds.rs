//! The bucket `holds`: what is remembered of a folder whose alert must last before it fires or resolves.

use proto::v1::Comparison;

use super::{
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names, values_as_json},
        bus::Bus,
        publish::Expected,
        publish_error::PublishError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    // They belong to the comparisons that a restore replaces.
    backup: Backup::Emptied,
    rights: &[(
        Service::Comparator,
        &[Right::Write, Right::Follow, Right::Ask, Right::Continue],
    )],
    ..Declaration::key_value(Holds::NAMES, "The comparisons with which holds began")
};

/// The comparison with which a folder's `hold` or `keep_firing` began, or was broken off: the bucket `holds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds;

/// A hold began or was broken off; `None` where the entry was deleted.
pub type Hold = Change<Holds>;

impl KeyValueBucket for Holds {
    const NAMES: BucketNames = key_value_names!("holds");
    type Key = Folder;
    type Value = Comparison;

    values_as_json!();
}

impl Bus {
    /// The holds.
    pub fn holds(&self) -> KeyValue<Holds> {
        self.key_value()
    }

    /// Remembers the comparison with which a hold begins or is broken off, if what was remembered is still as expected.
    pub async fn publish_hold(
        &self,
        folder: &Folder,
        comparison: &Comparison,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        self.holds().update(folder, comparison, expected).await
    }
}
