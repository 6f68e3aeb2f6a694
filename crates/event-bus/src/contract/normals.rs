//! The bucket `normals`: the normal pictures of folders, those that are right as well as the reference. Which of them hold,
//! `UPLOADS` says.

use std::collections::HashMap;

use proto::v1::Upload;

use super::{
    declaration::Declaration,
    references::{PictureKey, of_upload, upload_of},
    rights::{Right, Service},
};
use crate::nats::{
    bucket::BucketNames,
    bus::Bus,
    event::Undecodable,
    objects::{ObjectBucket, ObjectChange, Objects, object_names},
    store_error::StoreError,
};

pub(super) const DECLARATION: Declaration = Declaration {
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow, Right::Ask]),
        (Service::Comparator, &[Right::Ask]),
    ],
    ..Declaration::objects(
        Normals::NAMES,
        "Pictures that are right as well as the reference",
    )
};

/// The stored normal pictures: the bucket `normals`, objects `<folder>/<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normals;

/// A normal picture was stored, or removed (`None`).
pub type NormalChange = ObjectChange<Normals>;

impl ObjectBucket for Normals {
    const NAMES: BucketNames = object_names!("normals");
    type Key = PictureKey;
    type About = Upload;

    fn metadata(upload: &Upload) -> Result<HashMap<String, String>, StoreError> {
        of_upload(upload)
    }

    fn about(metadata: &HashMap<String, String>) -> Result<Upload, Undecodable> {
        upload_of(metadata)
    }
}

impl Bus {
    /// The stored normal pictures.
    pub fn normals(&self) -> Objects<Normals> {
        self.objects()
    }
}
