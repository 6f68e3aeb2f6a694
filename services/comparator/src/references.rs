//! The reference of a folder as this comparator uses it: from the upload's event to the baseline of its frames.

use std::{iter, sync::Arc};

use comparison::{Baseline, BaselinePicture, Look};
use event_bus::{ReferenceChange, Stored};
use proto::{from_timestamp, timestamp, v1};
use time::OffsetDateTime;

/// The pictures that a folder's frames are compared with.
#[derive(Debug, Clone)]
pub(crate) struct CurrentReference {
    picture: KnownPicture,
    /// Those that are right as well.
    normals: Vec<KnownPicture>,
    /// When it became the reference, by the broker's clock.
    pub(crate) since: OffsetDateTime,
    /// The baseline that the events make. `None` where the upload service computed the look of a picture by another
    /// version of the algorithm than ours.
    pub(crate) baseline: Option<Arc<Baseline>>,
}

/// What is known of a picture.
#[derive(Debug, Clone)]
pub(crate) struct KnownPicture {
    pub(crate) id: String,
    name: String,
    /// Without what only some measures need; `None` where it is of another version.
    look: Option<Look>,
    /// Its mean grey level, 0 to 255.
    pub(crate) brightness: f32,
    /// When the frame was stored that it was; `None` where somebody uploaded it.
    pub(crate) frame_at: Option<OffsetDateTime>,
}

impl KnownPicture {
    fn of(upload: &v1::Upload) -> Self {
        let fingerprint = upload.fingerprint.as_ref();
        let brightness = fingerprint.map_or(0.0, |it| it.brightness);
        let fingerprint = fingerprint.and_then(v1::Fingerprint::comparable);
        KnownPicture {
            id: upload.id.clone(),
            name: upload.name.clone(),
            look: fingerprint.map(Look::from),
            brightness,
            frame_at: upload.frame_at.as_ref().and_then(from_timestamp),
        }
    }

    /// As a picture of a baseline, looking so.
    pub(crate) fn with(&self, look: Look) -> BaselinePicture {
        BaselinePicture {
            id: self.id.clone(),
            name: self.name.clone(),
            look,
        }
    }

    fn as_it_is(&self) -> Option<BaselinePicture> {
        self.look.clone().map(|look| self.with(look))
    }
}

impl CurrentReference {
    /// The reference after a change; `None` where the folder has none any more.
    pub(crate) fn after(change: &Stored<ReferenceChange>) -> Option<Self> {
        let upload = change.event.reference()?;
        let picture = KnownPicture::of(upload);
        let normals: Vec<_> = change
            .event
            .normals()
            .iter()
            .map(KnownPicture::of)
            .collect();
        let looks: Option<Vec<_>> = normals.iter().map(KnownPicture::as_it_is).collect();
        let baseline = picture.as_it_is().zip(looks);
        let baseline = baseline.map(|(picture, normals)| Arc::new(Baseline::new(picture, normals)));
        Some(CurrentReference {
            since: change.reference_since(),
            picture,
            normals,
            baseline,
        })
    }

    /// The reference's id.
    pub(crate) fn id(&self) -> &str {
        &self.picture.id
    }

    /// The reference itself.
    pub(crate) fn picture(&self) -> &KnownPicture {
        &self.picture
    }

    /// The pictures that are right as well.
    pub(crate) fn normals(&self) -> &[KnownPicture] {
        &self.normals
    }

    /// All pictures, the reference first.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = &KnownPicture> {
        iter::once(&self.picture).chain(&self.normals)
    }

    pub(crate) fn to_message(&self) -> v1::Reference {
        v1::Reference {
            id: self.picture.id.clone(),
            name: self.picture.name.clone(),
            since: Some(timestamp(self.since)),
        }
    }
}
