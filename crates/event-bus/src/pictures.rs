use std::collections::HashMap;

use async_nats::jetstream::object_store::{DeleteErrorKind, ObjectInfo, ObjectMetadata};
use bytes::Bytes;
use proto::v1::Upload;
use time::OffsetDateTime;

use crate::{
    Bus, Event, Folder, Undecodable, event::Message, objects::Bucket, topology::REFERENCES_BUCKET,
};

/// The stored reference pictures: the bucket `references`, objects `<folder>/<id>`. The bucket is the truth about which
/// pictures there are; `UPLOADS` says which of them is the reference.
#[derive(Clone)]
pub struct Pictures(Bucket);

/// Which picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PictureKey {
    /// Its folder.
    pub folder: Folder,
    /// [`Upload::id`].
    pub id: String,
}

/// The metadata under which a picture's [`Upload`] is kept, as JSON.
const UPLOAD_METADATA: &str = "upload";

impl Bus {
    /// The stored reference pictures.
    pub async fn pictures(&self) -> Result<Pictures, crate::StoreError> {
        let bucket = Bucket::open(&self.jetstream, REFERENCES_BUCKET).await?;
        Ok(Pictures(bucket))
    }
}

impl Pictures {
    /// How many bytes all of them take.
    pub async fn size(&self) -> Result<u64, crate::StoreError> {
        self.0.size().await
    }

    /// Stores a picture with all that is known of it.
    pub async fn put(
        &self,
        folder: &Folder,
        upload: &Upload,
        bytes: &[u8],
    ) -> Result<(), crate::StoreError> {
        let metadata = ObjectMetadata {
            name: object_name(folder, &upload.id),
            metadata: HashMap::from([(UPLOAD_METADATA.to_owned(), serde_json::to_string(upload)?)]),
            ..ObjectMetadata::default()
        };
        let mut reader = bytes;
        self.0.store.put(metadata, &mut reader).await?;
        Ok(())
    }

    /// A picture's bytes; `None` where there is no such picture.
    pub async fn get(&self, folder: &Folder, id: &str) -> Result<Option<Bytes>, crate::StoreError> {
        self.0.read(&object_name(folder, id)).await
    }

    /// Removes a picture. Removing one that is not there is no error.
    pub async fn delete(&self, folder: &Folder, id: &str) -> Result<(), crate::StoreError> {
        match self.0.store.delete(object_name(folder, id)).await {
            Err(error) if error.kind() != DeleteErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn object_name(folder: &Folder, id: &str) -> String {
    format!("{folder}/{id}")
}

/// A picture was stored, or removed (`None`).
#[derive(Debug, Clone, PartialEq)]
pub struct PictureChange(pub Option<Upload>);

impl Event for PictureChange {
    type Key = PictureKey;
    const STREAM: &'static str = "OBJ_references";
    const SUBJECTS: &'static str = "$O.references.M.>";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(PictureKey, Self), Undecodable> {
        let info: ObjectInfo = json(message.payload)?;
        let (folder, id) = info.name.split_once('/').ok_or_else(|| {
            Undecodable(format!("object {:?} is not named <folder>/<id>", info.name))
        })?;
        let key = PictureKey {
            folder: folder
                .parse()
                .map_err(|error| Undecodable(format!("object {:?}: {error}", info.name)))?,
            id: id.to_owned(),
        };
        if info.deleted {
            return Ok((key, PictureChange(None)));
        }
        let upload = info.metadata.get(UPLOAD_METADATA).ok_or_else(|| {
            Undecodable(format!(
                "object {:?} has no metadata {UPLOAD_METADATA:?}",
                info.name
            ))
        })?;
        Ok((key, PictureChange(Some(json(upload.as_bytes())?))))
    }
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Undecodable> {
    serde_json::from_slice(bytes)
        .map_err(|error| Undecodable(format!("not the JSON it should be: {error}")))
}
