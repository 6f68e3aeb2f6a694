//! `FRAMES`: the newest pictures that cameras sent, bare; what is said of them is in the headers.

use std::time::Duration;

use async_nats::jetstream::{self, message::PublishMessage};
use bytes::Bytes;
use futures::StreamExt as _;
use proto::{rfc3339, timestamp, v1::Frame};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{
    by_folder,
    declaration::{Declaration, MINUTE, Medium, Room},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bus::Bus,
        config::BusConfig,
        event::{Event, Message, Undecodable},
        headers::value,
        publish_error::PublishError,
        store_error::StoreError,
    },
};

/// The largest frame that is published: NATS recommends no more than 8 MB a message, headers included.
pub const MAX_FRAME_BYTES: usize = MAX_MESSAGE_BYTES - HEADER_BYTES;

/// Room for a frame's headers: what they can be, and what ours are.
const HEADER_BYTES: usize = 16 * 1024;
const USUAL_HEADER_BYTES: usize = 1024;

/// What a NATS server must let a message have, headers and all: its setting `max_payload`.
pub(crate) const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

const SUBJECTS: &str = "frames.*";

/// The shortest window that nats-server allows. Cameras that number their frames anew after a restart must not lose
/// any, and with a window of two minutes the ids took more memory than the frames.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);

pub(super) const DECLARATION: Declaration = Declaration {
    medium: Medium::Memory,
    newest_kept: Some(4),
    max_age: Some(MINUTE.saturating_mul(5)),
    duplicate_window: DUPLICATE_WINDOW,
    room: Room::Configured(BusConfig::frames_max_bytes),
    is_marked: false,
    rights: &[
        (Service::Camera, &[Right::Write]),
        (Service::OutsideCamera, &[Right::Write]),
        (
            Service::Comparator,
            &[
                Right::Share("comparator"),
                Right::Follow,
                Right::Ask,
                Right::Continue,
                Right::AskForMany,
            ],
        ),
        (
            Service::Upload,
            &[Right::Follow, Right::Ask, Right::Discard],
        ),
    ],
    ..Declaration::stream(
        "FRAMES",
        SUBJECTS,
        "The newest frames of each folder: bare pictures",
    )
};

const CONTENT_TYPE: &str = "Content-Type";
const CAPTURED_AT: &str = "Captured-At";
const CAMERA: &str = "Camera";

/// A frame: the bare bytes of a picture, and what its headers say. The bytes are empty when following, where nobody
/// needs them.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameArrival {
    /// The headers.
    pub headers: FrameHeaders,
    /// The picture.
    pub picture: Bytes,
}

/// What a camera says of a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameHeaders {
    /// The camera's name; empty where it gives none.
    pub camera: String,
    /// When it took the picture; the time of storing where it does not say so intelligibly, or in UTC it is a year before 1
    /// or after 9999, which no text of ours can say.
    pub captured_at: OffsetDateTime,
}

/// Names of cameras are shown to people; longer ones are cut.
const MAX_CAMERA_NAME: usize = 128;

impl FrameHeaders {
    /// What is said of the frame that came with these headers and was stored at this time.
    pub fn frame(&self, stored_at: OffsetDateTime) -> Frame {
        Frame {
            stored_at: Some(timestamp(stored_at)),
            captured_at: Some(timestamp(self.captured_at)),
            camera: self.camera.clone(),
        }
    }

    fn read(message: Message<'_>, stored_at: OffsetDateTime) -> Self {
        FrameHeaders {
            camera: message
                .header(CAMERA)
                .unwrap_or_default()
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_CAMERA_NAME)
                .collect(),
            captured_at: message
                .header(CAPTURED_AT)
                .and_then(captured_at)
                .unwrap_or(stored_at),
        }
    }
}

fn captured_at(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let at = at.checked_to_offset(UtcOffset::UTC)?;
    (1..=9999).contains(&at.year()).then_some(at)
}

impl Event for FrameArrival {
    type Key = Folder;
    const STREAM: &'static str = DECLARATION.stream;
    const SUBJECTS: &'static str = SUBJECTS;
    const HEADERS_ONLY: bool = true;

    fn subject(folder: &Folder) -> String {
        format!("frames.{folder}")
    }

    fn key(subject: &str) -> Result<Folder, Undecodable> {
        by_folder::folder(subject)
    }

    fn decode(
        _: &Folder,
        message: Message<'_>,
        stored_at: OffsetDateTime,
    ) -> Result<Self, Undecodable> {
        Ok(FrameArrival {
            headers: FrameHeaders::read(message, stored_at),
            picture: message.payload.clone(),
        })
    }
}

/// The subjects of frames that no stream takes.
const MISDIRECTED: &str = "frames.*.>";
const QUEUE: &str = "framewatch-misdirected-frames";
const NOT_TAKEN: &str = "no stream takes this subject: frames are published on frames.<folder>, and a folder's name has no dot";

/// Why nobody can wait for a frame that is published where no stream takes it, or it could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum MisdirectedError {
    /// The client is closed, or may not listen there.
    #[error("nobody can listen on {MISDIRECTED}")]
    Ended,
    /// It was not kept.
    #[error("it could not be kept as a dead letter")]
    NotKept(#[from] PublishError),
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
        let most = self.max_payload().saturating_sub(USUAL_HEADER_BYTES);
        let most = most.min(MAX_FRAME_BYTES);
        if picture.len() > most {
            return Err(PublishError::TooLarge {
                bytes: picture.len(),
                most,
            });
        }
        let mut message = PublishMessage::build()
            .payload(picture)
            .header(CAPTURED_AT, rfc3339(headers.captured_at));
        if !headers.camera.is_empty() {
            message = message.header(CAMERA, value(&headers.camera));
        }
        if let Some(content_type) = content_type {
            message = message.header(CONTENT_TYPE, value(content_type));
        }
        self.publish::<FrameArrival>(folder, message).await
    }

    /// Waits for a frame that is published where no stream takes it, on more than two tokens such as `frames.gate.cam1`;
    /// keeps it as a dead letter, and gives its subject. Of several services that wait one gets it.
    pub async fn misdirected_frame(&self) -> Result<String, MisdirectedError> {
        let misdirected = self.client().queue_subscribe(MISDIRECTED, QUEUE.to_owned());
        let mut misdirected = misdirected.await.map_err(|_| MisdirectedError::Ended)?;
        let message = misdirected.next().await.ok_or(MisdirectedError::Ended)?;
        let subject = message.subject.to_string();
        let message = jetstream::Message {
            message,
            context: self.jetstream.clone(),
        };
        self.keep_dead_letter(&message, NOT_TAKEN).await?;
        Ok(subject)
    }

    /// Forgets the frames of a folder, and the one that is kept of it.
    pub async fn discard_frames(&self, folder: &Folder) -> Result<(), StoreError> {
        let stream = self
            .jetstream
            .get_stream_no_info(FrameArrival::STREAM)
            .await?;
        let subject = FrameArrival::subject(folder);
        stream.purge().filter(subject).await?;
        self.latest_frames().unset(folder).await
    }
}
