//! Publishing, each event acknowledged by JetStream, and reading the latest one of a key.

use async_nats::jetstream::{
    self,
    context::{PublishError as JetStreamError, PublishErrorKind},
    message::PublishMessage,
    stream::{DirectGetError, DirectGetErrorKind},
};
use bytes::Bytes;
use proto::v1::{Alert, Comparison, Upload, UploadRemoved};
use time::format_description::well_known::Rfc3339;

use crate::{
    Bus, Event, Folder, FrameArrival, FrameHeaders, Hold, MAX_FRAME_BYTES, ReferenceChange, Stored,
    Undecodable,
    event::{self, header, subject_of},
    origin::traced,
};

/// The number of the event that must still be the last one of its subject; 0 where there must be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub u64);

impl Expected {
    /// What follows the latest event that was seen.
    pub fn after<E: Event>(latest: Option<&Stored<E>>) -> Self {
        Expected(latest.map_or(0, |stored| stored.sequence))
    }
}

/// The end of a folder's subject.
#[derive(Debug)]
pub struct Last<E: Event> {
    /// The last event; `None` where there is none, or where it cannot be read.
    pub event: Option<Stored<E>>,
    /// What the next event must expect, be the last one readable or not.
    pub expected: Expected,
}

/// Why an event was not published, or not read.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another event came first.
    #[error("another event came first on this subject")]
    Conflict,
    /// A frame larger than can be sent.
    #[error("the frame has {bytes} bytes; at most {MAX_FRAME_BYTES} can be sent")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// JetStream did not store it, or nobody knows whether it did. Who may not publish there gets no answer.
    #[error("JetStream did not acknowledge: there may be no room, or no right to publish there")]
    Unavailable(#[source] JetStreamError),
    /// JetStream did not answer a question.
    #[error("JetStream did not answer")]
    Unreadable(#[source] DirectGetError),
    /// The latest event is not what its subject promises.
    #[error("the latest event of the subject, number {sequence}, cannot be read")]
    Undecodable {
        /// Its number, which the next event of the subject must expect.
        sequence: u64,
        /// Why.
        #[source]
        source: Undecodable,
    },
}

impl Bus {
    /// Publishes a frame: the bare bytes of a picture. `content_type` where the sender knows it.
    pub async fn publish_frame(
        &self,
        folder: &Folder,
        headers: &FrameHeaders,
        content_type: Option<&str>,
        picture: Bytes,
    ) -> Result<u64, PublishError> {
        if picture.len() > MAX_FRAME_BYTES {
            return Err(PublishError::TooLarge {
                bytes: picture.len(),
            });
        }
        let captured_at = headers
            .captured_at
            .format(&Rfc3339)
            .expect("a time of the years 0 to 9999 has a text form");
        let mut message = PublishMessage::build()
            .payload(picture)
            .header(header::CAPTURED_AT, captured_at);
        if !headers.camera.is_empty() {
            message = message.header(header::CAMERA, value(&headers.camera));
        }
        if let Some(content_type) = content_type {
            message = message.header(header::CONTENT_TYPE, value(content_type));
        }
        self.publish::<FrameArrival>(folder, message).await
    }

    /// Publishes that a picture was stored and is the reference from now on. Published again, it counts once.
    pub async fn publish_uploaded(
        &self,
        folder: &Folder,
        upload: &Upload,
    ) -> Result<u64, PublishError> {
        let message = uploaded_message(folder, upload)
            .message_id(value(&format!("uploaded.{folder}.{}", upload.id)));
        self.publish::<ReferenceChange>(folder, message).await
    }

    /// Publishes that a picture was removed, if nothing came in between.
    pub async fn publish_removed(
        &self,
        folder: &Folder,
        removed: &UploadRemoved,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = removed_message(folder, removed).expected_last_subject_sequence(expected.0);
        self.publish::<ReferenceChange>(folder, message).await
    }

    /// Publishes a comparison. The same frame against the same reference and threshold, published again, counts once.
    pub async fn publish_comparison(
        &self,
        folder: &Folder,
        comparison: &Comparison,
    ) -> Result<u64, PublishError> {
        let message =
            comparison_message(folder, comparison).message_id(comparison_id(folder, comparison));
        self.publish::<Comparison>(folder, message).await
    }

    /// Publishes a change of the folder's alert state, if it is still as expected.
    pub async fn publish_alert(
        &self,
        folder: &Folder,
        alert: &Alert,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = alert_message(folder, alert).expected_last_subject_sequence(expected.0);
        self.publish::<Alert>(folder, message).await
    }

    /// Remembers the comparison with which a hold begins or is broken off, if what was remembered is still as expected.
    pub async fn publish_hold(
        &self,
        folder: &Folder,
        comparison: &Comparison,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let json = serde_json::to_vec(comparison).expect("a comparison of ours has a JSON form");
        let message = PublishMessage::build()
            .payload(json.into())
            .expected_last_subject_sequence(expected.0);
        self.publish::<Hold>(folder, message).await
    }

    /// The latest event of a folder, with its payload.
    pub async fn latest<E: Event<Key = Folder>>(
        &self,
        folder: &Folder,
    ) -> Result<Option<Stored<E>>, PublishError> {
        let stream = self
            .jetstream
            .get_stream_no_info(E::STREAM)
            .await
            .expect("without asking for information there is nothing that can fail");
        let message = match stream
            .direct_get_last_for_subject(subject_of::<E>(folder))
            .await
        {
            Ok(message) => message,
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PublishError::Unreadable(error)),
        };
        Stored::of(&message)
            .map(Some)
            .map_err(|source| PublishError::Undecodable {
                sequence: message.sequence,
                source,
            })
    }

    /// The end of a folder's subject, for who publishes what follows: there an event that cannot be read still counts.
    pub async fn last<E: Event<Key = Folder>>(
        &self,
        folder: &Folder,
    ) -> Result<Last<E>, PublishError> {
        match self.latest(folder).await {
            Ok(event) => Ok(Last {
                expected: Expected::after(event.as_ref()),
                event,
            }),
            Err(PublishError::Undecodable { sequence, .. }) => Ok(Last {
                event: None,
                expected: Expected(sequence),
            }),
            Err(error) => Err(error),
        }
    }

    /// Forgets the frames of a folder.
    pub async fn discard_frames(&self, folder: &Folder) -> Result<(), crate::StoreError> {
        let stream = self
            .jetstream
            .get_stream_no_info(FrameArrival::STREAM)
            .await?;
        stream
            .purge()
            .filter(subject_of::<FrameArrival>(folder))
            .await?;
        Ok(())
    }

    async fn publish<E: Event<Key = Folder>>(
        &self,
        folder: &Folder,
        message: PublishMessage,
    ) -> Result<u64, PublishError> {
        self.publish_to(subject_of::<E>(folder), message).await
    }

    /// Publishes on any subject of ours, and makes its stream where that is gone.
    pub(crate) async fn publish_to(
        &self,
        subject: String,
        message: PublishMessage,
    ) -> Result<u64, PublishError> {
        let message = traced(message);
        let published = async { self.jetstream.send_publish(subject, message).await?.await };
        match published.await {
            Ok(acknowledged) => Ok(acknowledged.sequence),
            Err(error) => {
                if error.kind() == PublishErrorKind::StreamNotFound {
                    self.make_what_is_missing().await;
                }
                Err(publish_error(error))
            }
        }
    }
}

fn publish_error(error: JetStreamError) -> PublishError {
    if error.kind() == PublishErrorKind::WrongLastSequence || is_other_conflict(&error) {
        PublishError::Conflict
    } else {
        PublishError::Unavailable(error)
    }
}

/// A cluster may answer that the last sequence is another one by a code that the client does not know.
fn is_other_conflict(error: &JetStreamError) -> bool {
    const WRONG_LAST_SEQUENCE_CONSTANT: u64 = 10164;
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<jetstream::Error>())
        .is_some_and(|source| source.error_code().0 == WRONG_LAST_SEQUENCE_CONSTANT)
}

/// A header's value: text without control characters, of which a line break would end the header.
pub(crate) fn value(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn typed(event_type: &str, folder: &Folder, message: &impl prost::Message) -> PublishMessage {
    PublishMessage::build()
        .payload(message.encode_to_vec().into())
        .header(header::EVENT_TYPE, event_type)
        .header(header::FOLDER, folder.as_str())
}

pub(crate) fn uploaded_message(folder: &Folder, upload: &Upload) -> PublishMessage {
    typed(event::UPLOAD, folder, upload)
        .header(header::REFERENCE_ID, value(&upload.id))
        .header(header::NAME, value(&upload.name))
}

pub(crate) fn removed_message(folder: &Folder, removed: &UploadRemoved) -> PublishMessage {
    typed(event::UPLOAD_REMOVED, folder, removed).header(header::REFERENCE_ID, value(&removed.id))
}

pub(crate) fn comparison_message(folder: &Folder, comparison: &Comparison) -> PublishMessage {
    typed(event::COMPARISON, folder, comparison)
        .header(header::VERDICT, comparison.verdict().word())
        .header(header::SIMILARITY, comparison.similarity.to_string())
}

pub(crate) fn alert_message(folder: &Folder, alert: &Alert) -> PublishMessage {
    typed(event::ALERT, folder, alert)
        .header(header::ALERT_ID, value(&alert.id))
        .header(header::PHASE, alert.phase().word())
        .header(header::SIMILARITY, alert.similarity.to_string())
        .header(header::MESSAGE, value(&alert.message))
}

fn comparison_id(folder: &Folder, comparison: &Comparison) -> String {
    let stored_at = comparison
        .frame
        .as_ref()
        .and_then(|frame| frame.stored_at)
        .unwrap_or_default();
    let since = comparison
        .reference
        .as_ref()
        .and_then(|reference| reference.since)
        .unwrap_or_default();
    format!(
        "{folder}.{}.{}.{}.{}.{}",
        stored_at.seconds, stored_at.nanos, since.seconds, since.nanos, comparison.threshold
    )
}
