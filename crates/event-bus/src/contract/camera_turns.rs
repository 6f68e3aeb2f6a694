//! The bucket `camera-turns`: which copy of the camera service connects to a camera. How the copies share them is left to the
//! camera service.

use serde::{Deserialize, Serialize};

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
    backup: Backup::No,
    rights: &[(
        Service::Camera,
        &[Right::Write, Right::Follow, Right::Continue],
    )],
    ..Declaration::key_value(
        CameraTurns::NAMES,
        "Which copy of the camera service connects to a camera",
    )
};

/// Which copy of the camera service connects to a camera: the bucket `camera-turns`, a key each folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraTurns;

/// A copy has said that a camera is its, or another one asks for it.
pub type CameraTurnChange = Change<CameraTurns>;

/// Which copy connects to a camera, until it says nothing any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraTurn {
    /// The copy; empty where none does.
    pub holder: String,
    /// Grows each time that a copy says that the camera is its; what another copy adds leaves it as it is.
    pub beat: u64,
    /// A copy that has fewer cameras and would take this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<CameraAsk>,
}

/// Asks whoever has a camera to leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraAsk {
    /// The copy that asks.
    pub by: String,
    /// How many cameras it has.
    pub has: u64,
}

impl KeyValueBucket for CameraTurns {
    const NAMES: BucketNames = key_value_names!("camera-turns");
    type Key = Folder;
    type Value = CameraTurn;

    values_as_json!();
}

impl Bus {
    /// Which copies of the camera service connect to cameras.
    pub fn camera_turns(&self) -> KeyValue<CameraTurns> {
        self.key_value()
    }
}
