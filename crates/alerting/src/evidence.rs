//! The pictures behind an alert, kept in the bucket `evidence` before the alert is published.

use bytes::Bytes;
use event_bus::{
    Bus, Evidence, Exhibit, ExhibitKey, Folder, Objects, PictureKey, References, StoreError,
};
use proto::v1::Alert;

/// Keeps the pictures behind alerts.
pub struct EvidenceWriter {
    evidence: Objects<Evidence>,
    references: Objects<References>,
    max_bytes: u64,
}

/// The pictures behind a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    /// The frame's bytes.
    pub frame: &'a Bytes,
    /// The id of the reference, which is stored.
    pub reference: &'a str,
}

/// Why they could not be kept now.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The bucket `evidence` did not take them.
    #[error("cannot store the evidence")]
    Store(#[source] StoreError),
    /// The bucket `references` did not give the reference.
    #[error("cannot read the reference {id} from the object store")]
    Reference {
        /// Which.
        id: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl EvidenceWriter {
    /// Keeps pictures until all of them together take `max_bytes`.
    pub fn new(bus: &Bus, max_bytes: u64) -> Self {
        EvidenceWriter {
            evidence: bus.evidence(),
            references: bus.references(),
            max_bytes,
        }
    }

    /// Another comparator that judges the same frame stores the same. The evidence of an alert that is not published after
    /// all goes with age.
    pub(crate) async fn store(
        &self,
        folder: &Folder,
        alert: &Alert,
        pictures: Pictures<'_>,
    ) -> Result<(), EvidenceError> {
        let size = self.evidence.size().await.map_err(EvidenceError::Store)?;
        if size >= self.max_bytes {
            metrics::counter!("framewatch_evidence_not_kept_total").increment(1);
            tracing::warn!(%folder, id = alert.id, size, "the evidence is as large as it may be: none is kept of this alert");
            return Ok(());
        }
        let put = async |exhibit, picture: &Bytes| {
            let key = ExhibitKey {
                alert: alert.id.clone(),
                exhibit,
            };
            let put = self.evidence.put(&key, &(), picture);
            put.await.map_err(EvidenceError::Store)
        };
        put(Exhibit::Frame, pictures.frame).await?;
        let reference = self
            .references
            .get(&PictureKey::new(folder, pictures.reference))
            .await;
        let reference = reference.map_err(|source| EvidenceError::Reference {
            id: pictures.reference.to_owned(),
            source,
        })?;
        match reference {
            Some(picture) => put(Exhibit::Reference, &picture).await,
            // It was deleted a moment ago: that is no reason to keep quiet about what was seen.
            None => Ok(()),
        }
    }
}
