use bytes::Bytes;
use event_bus::{Bus, Folder, Pictures, ReferenceChange, StoreError, Stored};
use fingerprint::Fingerprint;
use proto::{timestamp, v1};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

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

/// The stored pictures of references, opened when one is first needed.
pub(crate) struct ReferencePictures {
    bus: Bus,
    pictures: OnceCell<Pictures>,
}

/// Why a reference's picture could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReferenceError {
    #[error("cannot read the reference from the object store")]
    Store(#[source] StoreError),
    #[error("the reference {id} is not in the object store")]
    Gone { id: String },
}

impl ReferencePictures {
    pub(crate) fn new(bus: Bus) -> Self {
        ReferencePictures {
            bus,
            pictures: OnceCell::new(),
        }
    }

    pub(crate) async fn get(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
    ) -> Result<Bytes, ReferenceError> {
        let pictures = self.pictures.get_or_try_init(|| self.bus.pictures());
        let pictures = pictures.await.map_err(ReferenceError::Store)?;
        let picture = pictures.get(folder, &reference.id).await;
        picture
            .map_err(ReferenceError::Store)?
            .ok_or_else(|| ReferenceError::Gone {
                id: reference.id.clone(),
            })
    }
}
