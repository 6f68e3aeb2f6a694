//! Objects of a bucket, whole: both buckets hold pictures, which are small enough for that.

use async_nats::jetstream::{
    self,
    object_store::{InfoErrorKind, ObjectInfo, ObjectStore},
    stream::Stream,
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use bytes::Bytes;
use ring::digest::{SHA256, digest};

use crate::StoreError;

/// An object bucket, and the stream that it is made of.
#[derive(Clone)]
pub(crate) struct Bucket {
    pub(crate) store: ObjectStore,
    stream: Stream<()>,
    name: &'static str,
}

/// An object that is not as its description says.
#[derive(Debug, thiserror::Error)]
#[error("the object {name} is damaged: {how}")]
struct Damaged {
    name: String,
    how: &'static str,
}

impl Bucket {
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        name: &'static str,
    ) -> Result<Self, StoreError> {
        Ok(Bucket {
            store: jetstream.get_object_store(name).await?,
            stream: jetstream.get_stream_no_info(format!("OBJ_{name}")).await?,
            name,
        })
    }

    /// How many bytes all objects take.
    pub(crate) async fn size(&self) -> Result<u64, StoreError> {
        Ok(self.stream.get_info().await?.state.bytes)
    }

    /// What is known of an object; `None` where there is no such object.
    pub(crate) async fn info(&self, name: &str) -> Result<Option<ObjectInfo>, StoreError> {
        match self.store.info(name).await {
            Ok(info) => Ok(Some(info).filter(|info| !info.deleted)),
            Err(error) if error.kind() == InfoErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// An object's bytes; `None` where there is no such object.
    ///
    /// Asks for its chunks one by one. The client's own way makes a consumer for each object, which the server keeps for a
    /// while: some thousand reads at a time and it makes no more.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(info) = self.info(name).await? else {
            return Ok(None);
        };
        let damaged = |how| Damaged {
            name: name.to_owned(),
            how,
        };
        let subject = format!("$O.{}.C.{}", self.name, info.nuid);
        let (mut bytes, mut from) = (Vec::new(), 1);
        for _ in 0..info.chunks {
            let chunk = self
                .stream
                .direct_get_next_for_subject(subject.as_str(), Some(from))
                .await?;
            bytes.extend_from_slice(&chunk.payload);
            from = chunk.sequence + 1;
            if bytes.len() > info.size {
                return Err(damaged("it is longer").into());
            }
        }
        if !has_digest(&info, &bytes) {
            return Err(damaged("its digest is another").into());
        }
        Ok(Some(bytes.into()))
    }
}

fn has_digest(info: &ObjectInfo, bytes: &[u8]) -> bool {
    let found = format!("SHA-256={}", URL_SAFE.encode(digest(&SHA256, bytes)));
    info.digest.as_ref().is_none_or(|said| *said == found)
}
