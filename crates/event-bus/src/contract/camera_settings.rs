//! The bucket `camera-settings`: the cameras that were set on the page or by API, the password of each encrypted. What each
//! setting may be, and the key, are left to the crate `camera-settings`.

use serde::{Deserialize, Serialize};

use super::{
    declaration::{Declaration, REMEMBERED},
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
    newest_kept: REMEMBERED,
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow, Right::Ask]),
        (Service::Camera, &[Right::Follow]),
    ],
    ..Declaration::key_value(
        CameraSettingsBucket::NAMES,
        "The cameras that were set on the page or by API",
    )
};

/// The cameras that were set on the page or by API: the bucket `camera-settings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraSettingsBucket;

/// The camera of a folder was set, or removed (`None`).
pub type CameraSettingsChange = Change<CameraSettingsBucket>;

/// A camera as it was set. What is absent is as usual.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraSettings {
    /// Its address, which holds no name and no password.
    pub source: String,
    /// Whom it knows us as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password, encrypted, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_password: Option<String>,
    /// At most one picture in this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_seconds: Option<f64>,
    /// Pictures of video are made no wider than this, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_width: Option<u32>,
    /// A picture to take where its video has no key frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_snapshot: Option<String>,
    /// The certificate that it must show: `sha256:` and hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_certificate: Option<String>,
    /// Whether it is said when its picture stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_frozen: Option<bool>,
}

impl KeyValueBucket for CameraSettingsBucket {
    const NAMES: BucketNames = key_value_names!("camera-settings");
    type Key = Folder;
    type Value = CameraSettings;

    values_as_json!();
}

impl Bus {
    /// The cameras that were set on the page or by API.
    pub fn camera_settings(&self) -> KeyValue<CameraSettingsBucket> {
        self.key_value()
    }
}
