//! The bucket `latest`: the last frame of each camera that sends seldom, or no more, for longer than `FRAMES` remembers it.

use bytes::Bytes;
use prost::Message as _;
use proto::{
    from_timestamp,
    v1::{Frame, KeptFrame},
};

use super::{
    alerts,
    declaration::{Backup, Declaration},
    frames::{FrameArrival, FrameHeaders},
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{
        bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names},
        bus::Bus,
        codec::from_protobuf,
        event::{Stored, Undecodable},
        origin::Origin,
        store_error::StoreError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    // As long as an alert that shows it.
    max_age: Some(alerts::MAX_AGE),
    // Frames belong to the moment.
    backup: Backup::Emptied,
    rights: &[
        (Service::Comparator, &[Right::Write, Right::Ask]),
        (Service::Upload, &[Right::Write, Right::Ask]),
    ],
    ..Declaration::key_value(
        LatestFrames::NAMES,
        "The last frame of cameras that send seldom, or no more",
    )
};

/// The last frame of each camera that sends seldom, or no more: the bucket `latest`, a key each folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestFrames;

/// A frame was kept; `None` where it was removed.
pub type LatestFrameChange = Change<LatestFrames>;

impl KeyValueBucket for LatestFrames {
    const NAMES: BucketNames = key_value_names!("latest");
    type Key = Folder;
    type Value = KeptFrame;

    fn encode(frame: &KeptFrame) -> Result<Bytes, StoreError> {
        Ok(frame.encode_to_vec().into())
    }

    fn decode(_: &Folder, payload: &Bytes) -> Result<KeptFrame, Undecodable> {
        from_protobuf(payload)
    }
}

impl Stored<FrameArrival> {
    /// A frame that is kept, with the picture where that is wanted; `None` where nobody knows when it came.
    pub fn of_kept(folder: &Folder, frame: &Frame, picture: Bytes) -> Option<Self> {
        let stored_at = frame.stored_at.as_ref().and_then(from_timestamp)?;
        let captured_at = frame.captured_at.as_ref().and_then(from_timestamp);
        let headers = FrameHeaders {
            camera: frame.camera.clone(),
            captured_at: captured_at.unwrap_or(stored_at),
        };
        Some(Stored {
            key: folder.clone(),
            event: FrameArrival { headers, picture },
            stored_at,
            sequence: 0,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        })
    }
}

impl Bus {
    /// The last frame of a folder with its picture, be it one that `FRAMES` has forgotten and the bucket keeps.
    pub async fn last_frame(
        &self,
        folder: &Folder,
    ) -> Result<Option<Stored<FrameArrival>>, StoreError> {
        if let Some(last) = self.latest_readable::<FrameArrival>(folder).await? {
            return Ok(Some(last));
        }
        let kept = match self.latest_frames().get(folder).await {
            Err(StoreError::Damaged { .. }) => None,
            kept => kept?,
        };
        Ok(kept.and_then(|kept| Stored::of_kept(folder, &kept.frame?, kept.picture)))
    }

    /// The last frames of cameras that send seldom, or no more.
    pub fn latest_frames(&self) -> KeyValue<LatestFrames> {
        self.key_value()
    }
}
