//! The bucket `references`: all stored reference pictures. It is the truth about which there are; `UPLOADS` says which one
//! is a folder's reference.

use std::{collections::HashMap, fmt, str::FromStr};

use proto::v1::Upload;

use super::{
    declaration::Declaration,
    rights::{Right, Service},
};
use crate::{
    folder::{Folder, InvalidFolder},
    nats::{
        bucket::BucketNames,
        bus::Bus,
        codec::from_json,
        event::Undecodable,
        objects::{ObjectBucket, ObjectChange, Objects, object_names},
        store_error::StoreError,
    },
};

pub(super) const DECLARATION: Declaration = Declaration {
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow, Right::Ask]),
        (Service::Comparator, &[Right::Ask]),
    ],
    ..Declaration::objects(References::NAMES, "Every uploaded picture")
};

/// The stored reference pictures: the bucket `references`, objects `<folder>/<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct References;

/// A picture was stored, or removed (`None`).
pub type PictureChange = ObjectChange<References>;

/// Which picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PictureKey {
    /// Its folder.
    pub folder: Folder,
    /// [`Upload::id`].
    pub id: String,
}

/// A text that names no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPictureKey {
    /// It has no two parts.
    #[error("it is not named <folder>/<id>")]
    Unnamed,
    /// Its first part is no folder.
    #[error(transparent)]
    Folder(#[from] InvalidFolder),
}

/// The metadata under which a picture's [`Upload`] is kept, as JSON.
const UPLOAD: &str = "upload";

impl PictureKey {
    /// The picture of this id in this folder.
    pub fn new(folder: &Folder, id: impl Into<String>) -> Self {
        PictureKey {
            folder: folder.clone(),
            id: id.into(),
        }
    }
}

impl fmt::Display for PictureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.folder, self.id)
    }
}

impl FromStr for PictureKey {
    type Err = InvalidPictureKey;

    fn from_str(name: &str) -> Result<Self, InvalidPictureKey> {
        let (folder, id) = name.split_once('/').ok_or(InvalidPictureKey::Unnamed)?;
        Ok(PictureKey::new(&folder.parse()?, id))
    }
}

impl ObjectBucket for References {
    const NAMES: BucketNames = object_names!("references");
    type Key = PictureKey;
    type About = Upload;

    fn metadata(upload: &Upload) -> Result<HashMap<String, String>, StoreError> {
        of_upload(upload)
    }

    fn about(metadata: &HashMap<String, String>) -> Result<Upload, Undecodable> {
        upload_of(metadata)
    }
}

/// The metadata that say what is known of a picture.
pub(super) fn of_upload(upload: &Upload) -> Result<HashMap<String, String>, StoreError> {
    let json = serde_json::to_string(upload).map_err(StoreError::Unencodable)?;
    Ok(HashMap::from([(UPLOAD.to_owned(), json)]))
}

/// What such metadata say.
pub(super) fn upload_of(metadata: &HashMap<String, String>) -> Result<Upload, Undecodable> {
    let upload = metadata.get(UPLOAD);
    let upload = upload.ok_or_else(|| Undecodable(format!("it has no metadata {UPLOAD:?}")))?;
    from_json(upload.as_bytes())
}

impl Bus {
    /// The stored reference pictures.
    pub fn references(&self) -> Objects<References> {
        self.objects()
    }
}
