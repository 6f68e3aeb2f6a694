//! `UPLOADS`: what happened to each folder's reference. Which pictures there are, the bucket `references` says.

use async_nats::jetstream::message::PublishMessage;
use proto::v1::{Upload, UploadRemoved};
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
        event::{Event, Message, Undecodable},
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
            &[Right::Write, Right::Follow, Right::Ask, Right::PutBack],
        ),
        (Service::Comparator, &[Right::Follow]),
    ],
    ..Declaration::stream("UPLOADS", SUBJECTS, "Reference pictures: stored, removed")
};

const UPLOAD: &str = "framewatch.v1.Upload";
const UPLOAD_REMOVED: &str = "framewatch.v1.UploadRemoved";
const NAME: &str = "Name";
const REFERENCE_ID: &str = "Reference-Id";

/// What happened to a folder's reference.
#[derive(Debug, Clone, PartialEq)]
pub enum ReferenceChange {
    /// A picture was stored and is the reference from now on.
    Uploaded(Upload),
    /// A picture was removed; the event says which is the reference from now on.
    Removed(UploadRemoved),
}

impl ReferenceChange {
    /// The folder's reference after this change.
    pub fn reference(&self) -> Option<&Upload> {
        match self {
            ReferenceChange::Uploaded(upload) => Some(upload),
            ReferenceChange::Removed(removed) => removed.reference.as_ref(),
        }
    }

    /// The message without an id: published again, it counts again.
    pub(crate) fn message(&self, folder: &Folder) -> PublishMessage {
        match self {
            ReferenceChange::Uploaded(upload) => upload_message(folder, upload),
            ReferenceChange::Removed(removed) => removal_message(folder, removed),
        }
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
        match message.header(header::EVENT_TYPE) {
            Some(UPLOAD) => Ok(ReferenceChange::Uploaded(from_protobuf(message.payload)?)),
            Some(UPLOAD_REMOVED) => Ok(ReferenceChange::Removed(from_protobuf(message.payload)?)),
            other => Err(Undecodable(format!(
                "header {} is {other:?}, neither {UPLOAD} nor {UPLOAD_REMOVED}",
                header::EVENT_TYPE
            ))),
        }
    }
}

impl Bus {
    /// Publishes that a picture was stored and is the reference from now on. Published again, it counts once. `by` is who
    /// uploaded it; empty where nobody knows.
    pub async fn publish_uploaded(
        &self,
        folder: &Folder,
        upload: &Upload,
        by: &str,
    ) -> Result<u64, PublishError> {
        let id = value(&format!("uploaded.{folder}.{}", upload.id));
        let message = said_by(upload_message(folder, upload), by).message_id(id);
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
}

fn upload_message(folder: &Folder, upload: &Upload) -> PublishMessage {
    by_folder::message(UPLOAD, folder, upload)
        .header(REFERENCE_ID, value(&upload.id))
        .header(NAME, value(&upload.name))
}

fn removal_message(folder: &Folder, removed: &UploadRemoved) -> PublishMessage {
    by_folder::message(UPLOAD_REMOVED, folder, removed).header(REFERENCE_ID, value(&removed.id))
}
