//! The reference of a folder as this comparator uses it: from the upload's event to the baseline of its frames.

use std::sync::Arc;

use comparison::{Baseline, BaselinePicture, Look};
use event_bus::{ReferenceChange, Stored};
use proto::{timestamp, v1};
use time::OffsetDateTime;

/// The picture that a folder's frames are compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CurrentReference {
    pub(crate) id: String,
    pub(crate) name: String,
    /// When it became the reference, by the broker's clock.
    pub(crate) since: OffsetDateTime,
    /// What frames are held against. `None` where the upload service computed the picture's look by another version of the
    /// algorithm than ours.
    pub(crate) baseline: Option<Arc<Baseline>>,
}

impl CurrentReference {
    /// The reference after a change; `None` where the folder has none any more.
    pub(crate) fn after(change: &Stored<ReferenceChange>) -> Option<Self> {
        let upload = change.event.reference()?;
        let reference = CurrentReference {
            id: upload.id.clone(),
            name: upload.name.clone(),
            since: change.stored_at,
            baseline: None,
        };
        let look = upload.fingerprint.as_ref();
        let look = look.and_then(v1::Fingerprint::comparable);
        Some(CurrentReference {
            baseline: look.map(|look| Arc::new(reference.baseline_of(look))),
            ..reference
        })
    }

    /// The baseline that this reference makes, its picture having this look.
    pub(crate) fn baseline_of(&self, look: Look) -> Baseline {
        Baseline::new(BaselinePicture {
            id: self.id.clone(),
            name: self.name.clone(),
            look,
        })
    }

    pub(crate) fn to_message(&self) -> v1::Reference {
        v1::Reference {
            id: self.id.clone(),
            name: self.name.clone(),
            since: Some(timestamp(self.since)),
        }
    }
}
