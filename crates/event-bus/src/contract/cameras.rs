//! `CAMERAS`: what the watch over cameras knows of each folder's camera is its last event.

use proto::v1::CameraState;

use super::{
    alerts, by_folder,
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{bus::Bus, publish::Expected, publish_error::PublishError},
};

const SUBJECTS: &str = "cameras.*";

pub(super) const DECLARATION: Declaration = Declaration {
    is_state: true,
    newest_kept: Some(1),
    // As long as the alerts of cameras.
    max_age: Some(alerts::MAX_AGE),
    // It belongs to frames that a restore does not bring back, and is learned again.
    backup: Backup::Emptied,
    rights: &[
        (
            Service::Comparator,
            &[Right::Write, Right::Follow, Right::Ask],
        ),
        (Service::Upload, &[Right::Follow]),
        (Service::Notifier, &[Right::Follow]),
    ],
    ..Declaration::stream("CAMERAS", SUBJECTS, "How each folder's camera sends")
};

const CAMERA_STATE: &str = "framewatch.v1.CameraState";

by_folder::event!(CameraState, DECLARATION.stream, SUBJECTS);

impl Bus {
    /// Publishes what is known of a folder's camera, if nobody has said something else meanwhile.
    pub async fn publish_camera_state(
        &self,
        folder: &Folder,
        state: &CameraState,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = by_folder::message(CAMERA_STATE, folder, state)
            .header("State", state.state().words())
            .expected_last_subject_sequence(expected.0);
        self.publish::<CameraState>(folder, message).await
    }
}
