use event_bus::{ReferenceChange, Stored};
use fingerprint::Fingerprint;
use proto::{timestamp, v1};
use time::OffsetDateTime;

/// The picture that a folder's frames are compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CurrentReference {
    pub(crate) id: String,
    pub(crate) name: String,
    /// When it became the reference, by the broker's clock.
    pub(crate) since: OffsetDateTime,
    /// `None` where the upload service computed it by another version of the algorithm than ours.
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl CurrentReference {
    /// The reference after a change; `None` where the folder has none any more.
    pub(crate) fn after(change: &Stored<ReferenceChange>) -> Option<Self> {
        let upload = change.event.reference()?;
        Some(CurrentReference {
            id: upload.id.clone(),
            name: upload.name.clone(),
            since: change.stored_at,
            fingerprint: upload
                .fingerprint
                .as_ref()
                .and_then(v1::Fingerprint::comparable),
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
