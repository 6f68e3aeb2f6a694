//! The bucket `drift`: how similar the matching frames of each folder have been lately and before, remembered for the upload
//! services, which fold it from `COMPARISONS`. What it means is left to `folder-state`.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    declaration::{Backup, DAY, Declaration},
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
    // Of folders that nobody watches any more.
    max_age: Some(Duration::from_secs(90 * DAY.as_secs())),
    // It belongs to pictures by their digest, and begins anew where they are others.
    backup: Backup::No,
    rights: &[(Service::Upload, &[Right::Write, Right::Follow])],
    ..Declaration::key_value(
        Drifts::NAMES,
        "How similar matching frames have been, lately and before",
    )
};

/// How similar the matching frames of folders have been: the bucket `drift`, a key each folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drifts;

/// A folder's averages were written.
pub type DriftChange = Change<Drifts>;

/// How similar the matching frames of a folder have been to the same pictures, by the same detectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Averages {
    /// Names these pictures, this measure and these detectors; others have another basis.
    pub basis: String,
    /// The average of the last day or so.
    pub lately: f64,
    /// The average of the last two weeks or so.
    pub before: f64,
    /// For how long frames have been averaged, in seconds.
    pub seconds: f64,
    /// When the last of these frames was stored.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Averages {
    fn check(&self) -> Result<(), Undecodable> {
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let is_right = is_share(self.lately) && is_share(self.before);
        match is_right && self.seconds.is_finite() && self.seconds >= 0.0 {
            true => Ok(()),
            false => Err(Undecodable(
                "an average is not between 0 and 1, or its time is none".to_owned(),
            )),
        }
    }
}

impl KeyValueBucket for Drifts {
    const NAMES: BucketNames = key_value_names!("drift");
    type Key = Folder;
    type Value = Averages;

    fn encode(averages: &Averages) -> Result<Bytes, StoreError> {
        to_json(averages)
    }

    fn decode(_: &Folder, payload: &Bytes) -> Result<Averages, Undecodable> {
        let averages: Averages = from_json(payload)?;
        averages.check()?;
        Ok(averages)
    }
}

impl Bus {
    /// How similar the matching frames of folders have been.
    pub fn drifts(&self) -> KeyValue<Drifts> {
        self.key_value()
    }
}
