//! `SOURCES`: how the connection to each folder's camera stands, as the camera service knows it. What follows from it is left
//! to who watches over cameras.

use proto::v1::{Source, SourceState};

use super::{
    by_folder,
    declaration::Declaration,
    rights::{Right, Service},
};
use crate::{
    folder::Folder,
    nats::{bus::Bus, headers::value, publish_error::PublishError},
};

const SUBJECTS: &str = "sources.*";

pub(super) const DECLARATION: Declaration = Declaration {
    newest_kept: Some(1),
    is_state: true,
    // It is said again every minute.
    is_marked: false,
    rights: &[
        // A copy that takes a camera over goes on from what was last said of it.
        (Service::Camera, &[Right::Write, Right::Ask]),
        (Service::OutsideCamera, &[Right::Write]),
        (Service::Comparator, &[Right::Follow, Right::Ask]),
        (Service::Upload, &[Right::Follow, Right::Ask]),
    ],
    ..Declaration::stream(
        "SOURCES",
        SUBJECTS,
        "How the connection to each camera stands",
    )
};

const SOURCE: &str = "framewatch.v1.Source";
const STATE: &str = "State";
const CAMERA: &str = "Camera";

by_folder::event!(Source, DECLARATION.stream, SUBJECTS);

impl Bus {
    /// Publishes how the connection to a folder's camera stands.
    pub async fn publish_source(
        &self,
        folder: &Folder,
        source: &Source,
    ) -> Result<u64, PublishError> {
        let state: SourceState = source.state();
        let message = by_folder::message(SOURCE, folder, source)
            .header(STATE, state.words())
            .header(CAMERA, value(&source.camera));
        self.publish::<Source>(folder, message).await
    }
}
