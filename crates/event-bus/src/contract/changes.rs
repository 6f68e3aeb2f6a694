//! `CHANGES`: what people changed of each folder, and of the rule of all folders; what was before, what is after, and who it
//! was.

use async_nats::jetstream::message::PublishMessage;
use proto::v1::Change;
use time::OffsetDateTime;

use super::{
    by_folder::header,
    declaration::{Backup, Declaration},
    rights::{Right, Service},
    rules::RuleScope,
};
use crate::nats::{
    bus::Bus,
    codec::from_protobuf,
    event::{Event, Message, Undecodable},
    headers::said_by,
    publish_error::PublishError,
    subject::token,
};

const SUBJECTS: &str = "changes.*";

pub(super) const DECLARATION: Declaration = Declaration {
    // No limit in bytes: the server would set that much aside, on disks that had room for all else.
    newest_kept: Some(200),
    backup: Backup::Everything,
    rights: &[(Service::Upload, &[Right::Write])],
    ..Declaration::stream("CHANGES", SUBJECTS, "What people changed, and who it was")
};

const CHANGE: &str = "framewatch.v1.Change";
const WHAT: &str = "What";

impl Event for Change {
    type Key = RuleScope;
    const STREAM: &'static str = DECLARATION.stream;
    const SUBJECTS: &'static str = SUBJECTS;

    fn subject(scope: &RuleScope) -> String {
        format!("changes.{scope}")
    }

    fn key(subject: &str) -> Result<RuleScope, Undecodable> {
        let scope = token(subject, 1)?.parse();
        scope.map_err(|error| Undecodable(format!("subject {subject:?}: {error}")))
    }

    fn decode(_: &RuleScope, message: Message<'_>, _: OffsetDateTime) -> Result<Self, Undecodable> {
        from_protobuf(message.payload)
    }
}

impl Bus {
    /// Publishes what was changed of this scope.
    pub async fn publish_change(
        &self,
        scope: &RuleScope,
        change: &Change,
    ) -> Result<u64, PublishError> {
        self.publish::<Change>(scope, message(scope, change)).await
    }
}

pub(crate) fn message(scope: &RuleScope, change: &Change) -> PublishMessage {
    use prost::Message as _;
    let what = match change {
        Change { rule: Some(_), .. } => "rule",
        Change {
            reference: Some(_), ..
        } => "reference",
        Change {
            normals: Some(_), ..
        } => "normals",
        _ => "details",
    };
    let message = PublishMessage::build()
        .payload(change.encode_to_vec().into())
        .header(header::EVENT_TYPE, CHANGE)
        .header(header::FOLDER, scope.to_string())
        .header(WHAT, what);
    said_by(message, &change.who)
}
