//! `UPLOADS`: what happened to each folder's reference and normal pictures. The last event of a folder says all that holds.
//! Which reference pictures there are, the bucket `references` says.

use async_nats::jetstream::message::PublishMessage;
use proto::{
    from_timestamp,
    v1::{NormalAdded, NormalRemoved, Upload, UploadRemoved},
};
use time::OffsetDateTime;

use super::{
    by_folder::{self, header},
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bus::Bus,
        codec::from_protobuf,
        event::{Event, Message, Stored, Undecodable},
        headers::{said_by, value},
        publish::Expected,
        publish_error::PublishError,
    },
};

const SUBJECTS: &str = "uploads.*";

pub(super) const DECLARATION: Declaration = Declaration {
    is_state: true,
    newest_kept: Some(64),
    backup: Backup::LatestOfEachKey,
    rights: &[
        (
            Service::Upload,
            &[
                Right::Write,
                Right::Follow,
                Right::Ask,
                Right::Continue,
                Right::PutBack,
            ],
        ),
        (Service::Comparator, &[Right::Follow]),
    ],
    ..Declaration::stream(
        "UPLOADS",
        SUBJECTS,
        "References and normal pictures: stored, removed",
    )
};

const UPLOAD: &str = "framewatch.v1.Upload";
const UPLOAD_REMOVED: &str = "framewatch.v1.UploadRemoved";
const NORMAL_ADDED: &str = "framewatch.v1.NormalAdded";
const NORMAL_REMOVED: &str = "framewatch.v1.NormalRemoved";
const NAME: &str = "Name";
const REFERENCE_ID: &str = "Reference-Id";
const NORMAL_ID: &str = "Normal-Id";

/// What happened to a folder's reference or to its normal pictures. Each says all that holds from now on.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceChange {
    /// A picture was stored and is the reference from now on.
    Uploaded(Upload),
    /// A picture was removed; the event says which is the reference from now on.
    Removed(UploadRemoved),
    /// A normal picture was added.
    NormalAdded(NormalAdded),
    /// A normal picture was removed.
    NormalRemoved(NormalRemoved),
}

impl ReferenceChange {
    /// The folder's reference after this change.
    pub fn reference(&self) -> Option<&Upload> {
        match self {
            ReferenceChange::Uploaded(upload) => Some(upload),
            ReferenceChange::Removed(removed) => removed.reference.as_ref(),
            ReferenceChange::NormalAdded(added) => added.reference.as_ref(),
            ReferenceChange::NormalRemoved(removed) => removed.reference.as_ref(),
        }
    }

    /// The folder's normal pictures after this change, the oldest first.
    pub fn normals(&self) -> &[Upload] {
        match self {
            ReferenceChange::Uploaded(upload) => &upload.normals,
            ReferenceChange::Removed(removed) => &removed.normals,
            ReferenceChange::NormalAdded(added) => &added.normals,
            ReferenceChange::NormalRemoved(removed) => &removed.normals,
        }
    }

    /// Whether the folder's reference is the one that it was before.
    pub fn leaves_reference(&self) -> bool {
        match self {
            ReferenceChange::Uploaded(_) => false,
            ReferenceChange::Removed(removed) => removed.reference_since.is_some(),
            ReferenceChange::NormalAdded(_) | ReferenceChange::NormalRemoved(_) => true,
        }
    }

    /// The id of the picture that was stored or removed.
    pub fn id(&self) -> &str {
        match self {
            ReferenceChange::Uploaded(upload) => &upload.id,
            ReferenceChange::Removed(removed) => &removed.id,
            ReferenceChange::NormalAdded(added) => &added.id,
            ReferenceChange::NormalRemoved(removed) => &removed.id,
        }
    }

    /// The message without an id: published again, it counts again.
    pub(crate) fn message(&self, folder: &Folder) -> PublishMessage {
        match self {
            ReferenceChange::Uploaded(upload) => upload_message(folder, upload),
            ReferenceChange::Removed(removed) => removal_message(folder, removed),
            ReferenceChange::NormalAdded(added) => {
                normal_message(NORMAL_ADDED, folder, &added.id, added)
            }
            ReferenceChange::NormalRemoved(removed) => {
                normal_message(NORMAL_REMOVED, folder, &removed.id, removed)
            }
        }
    }
}

impl Stored<ReferenceChange> {
    /// Since when the reference is in force that is so after this change, by the broker's clock. Other pictures that
    /// come and go leave it as it was, and so does whoever puts it back into a stream that had been deleted. Every
    /// reader says the same of it, whenever it began to read.
    pub fn reference_since(&self) -> OffsetDateTime {
        let said = match &self.event {
            ReferenceChange::Uploaded(_) => None,
            ReferenceChange::Removed(removed) => removed.reference_since,
            ReferenceChange::NormalAdded(added) => added.reference_since,
            ReferenceChange::NormalRemoved(removed) => removed.reference_since,
        };
        let said = said.as_ref().and_then(from_timestamp);
        said.or(self.first_said_at).unwrap_or(self.stored_at)
    }
}

impl Event for ReferenceChange {
    type Key = Folder;
    const STREAM: &'static str = DECLARATION.stream;
    const SUBJECTS: &'static str = SUBJECTS;

    fn subject(folder: &Folder) -> String {
        format!("uploads.{folder}")
    }

    fn key(subject: &str) -> Result<Folder, Undecodable> {
        by_folder::folder(subject)
    }

    fn decode(_: &Folder, message: Message<'_>, _: OffsetDateTime) -> Result<Self, Undecodable> {
        let payload = message.payload;
        Ok(match message.header(header::EVENT_TYPE) {
            Some(UPLOAD) => ReferenceChange::Uploaded(from_protobuf(payload)?),
            Some(UPLOAD_REMOVED) => ReferenceChange::Removed(from_protobuf(payload)?),
            Some(NORMAL_ADDED) => ReferenceChange::NormalAdded(from_protobuf(payload)?),
            Some(NORMAL_REMOVED) => ReferenceChange::NormalRemoved(from_protobuf(payload)?),
            other => {
                return Err(Undecodable(format!(
                    "header {} is {other:?}, none of {UPLOAD}, {UPLOAD_REMOVED}, {NORMAL_ADDED}, {NORMAL_REMOVED}",
                    header::EVENT_TYPE
                )));
            }
        })
    }
}

impl Bus {
    /// Publishes that a picture was stored and is the reference from now on. Published again, it counts once. `by` is who
    /// uploaded it; empty where nobody knows. An upload that keeps normal pictures says what it `expects`, so that it keeps
    /// those that hold.
    pub async fn publish_uploaded(
        &self,
        folder: &Folder,
        upload: &Upload,
        by: &str,
        expects: Option<Expected>,
    ) -> Result<u64, PublishError> {
        let id = value(&format!("uploaded.{folder}.{}", upload.id));
        let mut message = said_by(upload_message(folder, upload), by).message_id(id);
        if let Some(Expected(last)) = expects {
            message = message.expected_last_subject_sequence(last);
        }
        self.publish::<ReferenceChange>(folder, message).await
    }

    /// Publishes that a picture was removed, if nothing came in between. `by` is who removed it; empty where nobody knows.
    pub async fn publish_removed(
        &self,
        folder: &Folder,
        removed: &UploadRemoved,
        by: &str,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = said_by(removal_message(folder, removed), by)
            .expected_last_subject_sequence(expected.0);
        self.publish::<ReferenceChange>(folder, message).await
    }

    /// Publishes that a normal picture was added, if nothing came in between. `by` is who added it; empty where nobody knows.
    pub async fn publish_normal_added(
        &self,
        folder: &Folder,
        added: &NormalAdded,
        by: &str,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = normal_message(NORMAL_ADDED, folder, &added.id, added);
        let message = said_by(message, by).expected_last_subject_sequence(expected.0);
        self.publish::<ReferenceChange>(folder, message).await
    }

    /// Publishes that a normal picture was removed, if nothing came in between. `by` is who removed it; empty where nobody
    /// knows.
    pub async fn publish_normal_removed(
        &self,
        folder: &Folder,
        removed: &NormalRemoved,
        by: &str,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = normal_message(NORMAL_REMOVED, folder, &removed.id, removed);
        let message = said_by(message, by).expected_last_subject_sequence(expected.0);
        self.publish::<ReferenceChange>(folder, message).await
    }
}

fn upload_message(folder: &Folder, upload: &Upload) -> PublishMessage {
    by_folder::message(UPLOAD, folder, upload)
        .header(REFERENCE_ID, value(&upload.id))
        .header(NAME, value(&upload.name))
}

fn removal_message(folder: &Folder, removed: &UploadRemoved) -> PublishMessage {
    by_folder::message(UPLOAD_REMOVED, folder, removed).header(REFERENCE_ID, value(&removed.id))
}

fn normal_message(
    event_type: &str,
    folder: &Folder,
    id: &str,
    event: &impl prost::Message,
) -> PublishMessage {
    by_folder::message(event_type, folder, event).header(NORMAL_ID, value(id))
}
