use bytes::Bytes;
use event_bus::{Bus, Evidence, Exhibit, Folder, StoreError};
use proto::v1::Alert;
use tokio::sync::OnceCell;

use crate::references::{CurrentReference, ReferenceError, ReferencePictures};

/// Keeps the pictures behind alerts.
pub(crate) struct Exhibits {
    bus: Bus,
    evidence: OnceCell<Evidence>,
    max_bytes: u64,
}

/// The pictures behind a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Pictures<'a> {
    pub(crate) frame: &'a Bytes,
    pub(crate) reference: &'a CurrentReference,
    pub(crate) references: &'a ReferencePictures,
}

/// Why they could not be kept now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExhibitError {
    #[error("cannot store the evidence")]
    Store(#[source] StoreError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl Exhibits {
    pub(crate) fn new(bus: Bus, max_bytes: u64) -> Self {
        Exhibits {
            bus,
            evidence: OnceCell::new(),
            max_bytes,
        }
    }

    /// Another comparator that judges the same frame stores the same; an alert that isn't published after all leaves its
    /// evidence to age.
    pub(crate) async fn store(
        &self,
        folder: &Folder,
        alert: &Alert,
        pictures: Pictures<'_>,
    ) -> Result<(), ExhibitError> {
        let evidence = self.evidence.get_or_try_init(|| self.bus.evidence());
        let evidence = evidence.await.map_err(ExhibitError::Store)?;
        let size = evidence.size().await.map_err(ExhibitError::Store)?;
        if size >= self.max_bytes {
            metrics::counter!("framewatch_evidence_not_kept_total").increment(1);
            tracing::warn!(%folder, id = alert.id, size, "the evidence is as large as it may be: none is kept of this alert");
            return Ok(());
        }
        let put = async |exhibit, picture: &Bytes| {
            let put = evidence.put(&alert.id, exhibit, picture);
            put.await.map_err(ExhibitError::Store)
        };
        put(Exhibit::Frame, pictures.frame).await?;
        match pictures.references.get(folder, pictures.reference).await {
            Ok(picture) => put(Exhibit::Reference, &picture).await,
            // It was deleted a moment ago: that is no reason to keep quiet about what was seen.
            Err(ReferenceError::Gone { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
