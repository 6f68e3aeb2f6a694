//! The bucket `routes`: who is told of what, where people have set it by page or API. Its one key is `set`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names, values_as_json},
    bus::Bus,
};

pub(super) const DECLARATION: Declaration = Declaration {
    // A restore leaves it, as it leaves the notifier's file, whose receivers it names.
    backup: Backup::No,
    rights: &[
        // It puts back what is deleted.
        (Service::Upload, &[Right::Write, Right::Follow]),
        (Service::Notifier, &[Right::Write, Right::Follow]),
    ],
    ..Declaration::key_value(
        SetRoutes::NAMES,
        "Who is told of what, where people have set it",
    )
};

/// Who is told of what, where people have set it: the bucket `routes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetRoutes;

/// Routes were set, or taken back (`None`).
pub type RoutesChange = Change<SetRoutes>;

/// The one key: `set`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoutesKey;

/// A text that is not the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key of routes is {KEY:?}")]
pub struct InvalidRoutesKey;

const KEY: &str = "set";

/// Routes that people have set. They take the place of those in the notifier's file; its receivers stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutesText {
    /// Tables `[[route]]`, as in the file.
    pub text: String,
    /// Who set them; empty where nobody logs in.
    #[serde(default)]
    pub by: String,
}

impl FromStr for RoutesKey {
    type Err = InvalidRoutesKey;

    fn from_str(key: &str) -> Result<Self, InvalidRoutesKey> {
        (key == KEY).then_some(RoutesKey).ok_or(InvalidRoutesKey)
    }
}

impl fmt::Display for RoutesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KEY)
    }
}

impl KeyValueBucket for SetRoutes {
    const NAMES: BucketNames = key_value_names!("routes");
    type Key = RoutesKey;
    type Value = RoutesText;

    values_as_json!();
}

impl Bus {
    /// Who is told of what, where people have set it.
    pub fn set_routes(&self) -> KeyValue<SetRoutes> {
        self.key_value()
    }
}
