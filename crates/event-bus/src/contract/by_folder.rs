//! Events of folders: on `<word>.<folder>`, a protobuf message that says in headers what it is.

use async_nats::jetstream::message::PublishMessage;

use crate::{
    folder::Folder,
    nats::{event::Undecodable, subject::token},
};

pub(super) mod header {
    pub(in crate::contract) const EVENT_TYPE: &str = "Event-Type";
    pub(in crate::contract) const FOLDER: &str = "Folder";
}

/// Makes a message of the contract the event that a stream holds of each folder, on `<word>.<folder>`.
macro_rules! event {
    ($message:ty, $stream:expr, $subjects:expr) => {
        impl $crate::nats::event::Event for $message {
            type Key = $crate::folder::Folder;
            const STREAM: &'static str = $stream;
            const SUBJECTS: &'static str = $subjects;

            fn subject(folder: &$crate::folder::Folder) -> String {
                $subjects.replace('*', folder.as_str())
            }

            fn key(
                subject: &str,
            ) -> Result<$crate::folder::Folder, $crate::nats::event::Undecodable> {
                $crate::contract::by_folder::folder(subject)
            }

            fn decode(
                _: &$crate::folder::Folder,
                message: $crate::nats::event::Message<'_>,
                _: time::OffsetDateTime,
            ) -> Result<Self, $crate::nats::event::Undecodable> {
                $crate::nats::codec::from_protobuf(message.payload)
            }
        }
    };
}
pub(super) use event;

/// The folder of a subject: its second token.
pub(super) fn folder(subject: &str) -> Result<Folder, Undecodable> {
    token(subject, 1)?
        .parse()
        .map_err(|error| Undecodable(format!("subject {subject:?}: {error}")))
}

pub(super) fn message(
    event_type: &str,
    folder: &Folder,
    message: &impl prost::Message,
) -> PublishMessage {
    PublishMessage::build()
        .payload(message.encode_to_vec().into())
        .header(header::EVENT_TYPE, event_type)
        .header(header::FOLDER, folder.as_str())
}

/// Says how similar a frame was, where that was measured.
pub(super) fn with_similarity(message: PublishMessage, similarity: Option<f64>) -> PublishMessage {
    match similarity {
        Some(similarity) => message.header("Similarity", similarity.to_string()),
        None => message,
    }
}
