//! Objects of a bucket, whole: both buckets hold pictures, which are small enough for that.

use async_nats::jetstream::object_store::{GetErrorKind, ObjectStore};
use bytes::Bytes;
use tokio::io::AsyncReadExt;

use crate::StoreError;

/// An object's bytes; `None` where there is no such object.
pub(crate) async fn read(store: &ObjectStore, name: String) -> Result<Option<Bytes>, StoreError> {
    let mut object = match store.get(name).await {
        Ok(object) => object,
        Err(error) if error.kind() == GetErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    object.read_to_end(&mut bytes).await?;
    Ok(Some(bytes.into()))
}
