//! Object buckets of any kind. Objects are read and written whole: they are pictures, which are small enough for that.
//! What a bucket holds is left to `contract`.
//!
//! An object is its chunks on `$O.<bucket>.C.<id>` and its description on `$O.<bucket>.M.<name in base64>`, as in every
//! client of NATS (ADR-20). The client's own calls are not used: reading makes a consumer for each object, which the
//! server keeps for a while, so that some thousand reads at a time are too many; and writing loses why it failed.

use std::{
    collections::HashMap,
    fmt::{Debug, Display},
    marker::PhantomData,
    str::FromStr,
};

use async_nats::{
    header::NATS_ROLLUP,
    jetstream::{
        context::GetStreamError,
        message::PublishMessage,
        object_store::{ObjectInfo, ObjectOptions},
        stream::{DirectGetErrorKind, Stream},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use bytes::Bytes;
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;

use super::{
    bucket::BucketNames,
    bus::Bus,
    codec::{from_json, to_json},
    event::{Event, Message, Undecodable},
    publish_error::PublishError,
    store_error::StoreError,
    subject::token,
};

/// The names of an object bucket.
macro_rules! object_names {
    ($bucket:literal) => {
        $crate::nats::bucket::BucketNames {
            bucket: $bucket,
            stream: concat!("OBJ_", $bucket),
            subjects: concat!("$O.", $bucket, ".M.>"),
        }
    };
}
pub(crate) use object_names;

/// What an object bucket holds.
pub trait ObjectBucket: Debug + Clone + Copy + PartialEq + Send + Sync + 'static {
    /// What it is called; the subjects are those of the descriptions.
    const NAMES: BucketNames;

    /// What an object is named by.
    type Key: Clone + Debug + Display + FromStr<Err: Display> + Send + Sync;

    /// What is known of an object besides its bytes.
    type About: Debug + Send + Sync;

    /// The metadata in which that is kept.
    fn metadata(about: &Self::About) -> Result<HashMap<String, String>, StoreError>;

    /// Reads it from such metadata.
    fn about(metadata: &HashMap<String, String>) -> Result<Self::About, Undecodable>;
}

/// An object bucket. Made without asking the server; cheap to clone.
#[derive(Clone)]
pub struct Objects<B> {
    bus: Bus,
    bucket: PhantomData<B>,
}

/// An object was stored, or removed (`None`).
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectChange<B: ObjectBucket> {
    /// What is known of the object that is there now.
    pub about: Option<B::About>,
    /// How large it is; 0 where it was removed.
    pub size_bytes: u64,
}

/// How much of an object one message carries, in bytes.
const CHUNK: usize = 128 * 1024;

impl Bus {
    pub(crate) fn objects<B: ObjectBucket>(&self) -> Objects<B> {
        Objects {
            bus: self.clone(),
            bucket: PhantomData,
        }
    }
}

impl<B: ObjectBucket> Objects<B> {
    /// How many bytes all objects take.
    pub async fn size(&self) -> Result<u64, StoreError> {
        Ok(self.stream().await?.get_info().await?.state.bytes)
    }

    /// Whether there is such an object.
    pub async fn has(&self, key: &B::Key) -> Result<bool, StoreError> {
        Ok(self.info(key).await?.is_some())
    }

    /// Whether somebody has deleted this object. An object that went with a lost bucket was not deleted.
    pub async fn was_deleted(&self, key: &B::Key) -> Result<bool, StoreError> {
        let described = self.described(key).await?;
        Ok(described.is_some_and(|info| info.deleted))
    }

    /// An object's bytes; `None` where there is no such object.
    pub async fn get(&self, key: &B::Key) -> Result<Option<Bytes>, StoreError> {
        match self.info(key).await? {
            Some(info) => Ok(Some(self.bytes_of(key, &info).await?)),
            None => Ok(None),
        }
    }

    /// An object's bytes with what is known of these very bytes; `None` where there is no such object.
    pub async fn get_described(
        &self,
        key: &B::Key,
    ) -> Result<Option<(B::About, Bytes)>, StoreError> {
        let Some(info) = self.info(key).await? else {
            return Ok(None);
        };
        let about = B::about(&info.metadata).map_err(|source| StoreError::Damaged {
            name: name_of::<B>(key),
            source,
        })?;
        Ok(Some((about, self.bytes_of(key, &info).await?)))
    }

    async fn bytes_of(&self, key: &B::Key, info: &ObjectInfo) -> Result<Bytes, StoreError> {
        let stream = self.stream().await?;
        let subject = chunks::<B>(&info.nuid);
        let (mut bytes, mut from) = (Vec::new(), 1);
        for _ in 0..info.chunks {
            let chunk = stream
                .direct_get_next_for_subject(subject.as_str(), Some(from))
                .await;
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
                    return Err(damaged::<B>(key, "a part of it is gone"));
                }
                Err(error) => return Err(error.into()),
            };
            bytes.extend_from_slice(&chunk.payload);
            from = chunk.sequence + 1;
            if bytes.len() > info.size {
                return Err(damaged::<B>(key, "it is longer than it was"));
            }
        }
        let said = info.digest.as_ref();
        if said.is_some_and(|said| *said != digest_of(&bytes)) {
            return Err(damaged::<B>(key, "its digest is another"));
        }
        Ok(bytes.into())
    }

    /// Stores an object, in place of one of the same key.
    pub async fn put(
        &self,
        key: &B::Key,
        about: &B::About,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let replaced = match self.info(key).await {
            // What cannot be read is replaced as well.
            Err(StoreError::Damaged { .. }) => None,
            found => found?,
        };
        let nuid = self.bus.unique_id();
        for chunk in bytes.chunks(CHUNK) {
            let message = PublishMessage::build().payload(Bytes::copy_from_slice(chunk));
            self.publish(chunks::<B>(&nuid), message).await?;
        }
        let info = ObjectInfo {
            name: key.to_string(),
            description: None,
            metadata: B::metadata(about)?,
            headers: None,
            options: Some(ObjectOptions {
                link: None,
                max_chunk_size: Some(CHUNK),
            }),
            bucket: B::NAMES.bucket.to_owned(),
            nuid,
            size: bytes.len(),
            chunks: bytes.chunks(CHUNK).len(),
            modified: Some(OffsetDateTime::now_utc()),
            digest: Some(digest_of(bytes)),
            deleted: false,
        };
        self.describe(key, &info).await?;
        match replaced {
            Some(replaced) => self.purge(&replaced).await,
            None => Ok(()),
        }
    }

    /// Removes an object. Removing one that is not there is no error.
    pub async fn delete(&self, key: &B::Key) -> Result<(), StoreError> {
        let Some(info) = self.info(key).await? else {
            return Ok(());
        };
        let deleted = ObjectInfo {
            chunks: 0,
            size: 0,
            deleted: true,
            ..info.clone()
        };
        self.describe(key, &deleted).await?;
        self.purge(&info).await
    }

    /// What is known of an object; `None` where there is no such object.
    async fn info(&self, key: &B::Key) -> Result<Option<ObjectInfo>, StoreError> {
        let described = self.described(key).await?;
        Ok(described.filter(|info| !info.deleted))
    }

    /// What was last said of an object, even if that it was deleted.
    async fn described(&self, key: &B::Key) -> Result<Option<ObjectInfo>, StoreError> {
        let subject = ObjectChange::<B>::subject(key);
        let stream = self.stream().await?;
        let message = match stream.direct_get_last_for_subject(subject).await {
            Ok(message) => message,
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let info = from_json(&message.payload).map_err(|source| StoreError::Damaged {
            name: name_of::<B>(key),
            source,
        })?;
        Ok(Some(info))
    }

    async fn describe(&self, key: &B::Key, info: &ObjectInfo) -> Result<(), StoreError> {
        let message = PublishMessage::build()
            .payload(to_json(info)?)
            .header(NATS_ROLLUP, "sub");
        self.publish(ObjectChange::<B>::subject(key), message).await
    }

    async fn publish(&self, subject: String, message: PublishMessage) -> Result<(), StoreError> {
        let published = self.bus.publish_to(subject, message).await;
        published.map(drop).map_err(PublishError::without_conflict)
    }

    /// Removes the bytes of an object that is no more.
    async fn purge(&self, of: &ObjectInfo) -> Result<(), StoreError> {
        let stream = self.stream().await?;
        stream.purge().filter(chunks::<B>(&of.nuid)).await?;
        Ok(())
    }

    async fn stream(&self) -> Result<Stream<()>, GetStreamError> {
        let jetstream = &self.bus.jetstream;
        jetstream.get_stream_no_info(B::NAMES.stream).await
    }
}

fn chunks<B: ObjectBucket>(nuid: &str) -> String {
    format!("$O.{}.C.{nuid}", B::NAMES.bucket)
}

fn name_of<B: ObjectBucket>(key: &B::Key) -> String {
    format!("the object {key} of the bucket {}", B::NAMES.bucket)
}

fn damaged<B: ObjectBucket>(key: &B::Key, how: &str) -> StoreError {
    StoreError::Damaged {
        name: name_of::<B>(key),
        source: Undecodable(how.to_owned()),
    }
}

fn digest_of(bytes: &[u8]) -> String {
    format!("SHA-256={}", URL_SAFE.encode(digest(&SHA256, bytes)))
}

impl<B: ObjectBucket> Event for ObjectChange<B> {
    type Key = B::Key;
    const STREAM: &'static str = B::NAMES.stream;
    const SUBJECTS: &'static str = B::NAMES.subjects;

    fn subject(key: &B::Key) -> String {
        let name = URL_SAFE.encode(key.to_string());
        format!("$O.{}.M.{name}", B::NAMES.bucket)
    }

    fn key(subject: &str) -> Result<B::Key, Undecodable> {
        let undecodable = |how: &dyn Display| Undecodable(format!("subject {subject:?}: {how}"));
        let name = URL_SAFE
            .decode(token(subject, 3)?)
            .map_err(|error| undecodable(&error))?;
        let name = String::from_utf8(name).map_err(|error| undecodable(&error))?;
        name.parse()
            .map_err(|error| Undecodable(format!("object {name:?}: {error}")))
    }

    fn decode(key: &B::Key, message: Message<'_>, _: OffsetDateTime) -> Result<Self, Undecodable> {
        let info: ObjectInfo = from_json(message.payload)?;
        let about = (!info.deleted).then(|| B::about(&info.metadata));
        let about = about.transpose();
        let about =
            about.map_err(|Undecodable(why)| Undecodable(format!("object {key}: {why}")))?;
        Ok(ObjectChange {
            about,
            size_bytes: info.size as u64,
        })
    }
}
