//! `HISTORY`: the last day of each folder in short, for when `COMPARISONS` reaches less far back.

use async_nats::jetstream::message::PublishMessage;
use proto::v1::HistoryPart;

use super::{
    by_folder,
    declaration::{Backup, DAY, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{bus::Bus, publish::Expected, publish_error::PublishError},
};

const SUBJECTS: &str = "history.*";

pub(super) const DECLARATION: Declaration = Declaration {
    is_state: true,
    max_age: Some(DAY),
    // No limit in bytes: the server would set that much aside. Twenty times as many as of a frame a second.
    newest_kept: Some(2000),
    // It belongs to the comparisons that a restore replaces.
    backup: Backup::Emptied,
    rights: &[
        (
            Service::Upload,
            &[Right::Write, Right::Follow, Right::Continue],
        ),
        (Service::Comparator, &[Right::AskForMany]),
    ],
    ..Declaration::stream(
        "HISTORY",
        SUBJECTS,
        "What each frame of the last day measured, in short",
    )
};

const HISTORY_PART: &str = "framewatch.v1.HistoryPart";

by_folder::event!(HistoryPart, DECLARATION.stream, SUBJECTS);

impl Bus {
    /// Publishes what comes next of a folder's past, if nothing came in between: of several that write the same, one does.
    pub async fn publish_history(
        &self,
        folder: &Folder,
        part: &HistoryPart,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = message(folder, part).expected_last_subject_sequence(expected.0);
        self.publish::<HistoryPart>(folder, message).await
    }
}

fn message(folder: &Folder, part: &HistoryPart) -> PublishMessage {
    by_folder::message(HISTORY_PART, folder, part)
}
