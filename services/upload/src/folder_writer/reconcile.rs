//! Doing what was left undone between the object store and `UPLOADS`: by a crash, or by a broker that went away.

use std::{collections::HashSet, time::Duration};

use event_bus::{Folder, ReferenceChange};
use folder_state::Known;
use proto::v1::Upload;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Folders, normals::unspoken};
use crate::{access::By, problem::Problem};

/// How often folders are looked at. A folder is put right when two looks in a row find it wrong, since the folds of its
/// pictures and of its reference do not move in step.
const INTERVAL: Duration = Duration::from_secs(3);

impl Folders {
    /// Puts all folders right whose events do not fit their pictures. What fails is left to [`keep_reconciled`]: one folder that
    /// cannot be read must not keep the others waiting.
    ///
    /// [`keep_reconciled`]: Folders::keep_reconciled
    pub(crate) async fn reconcile_all(&self) {
        for folder in self.amiss() {
            self.try_reconcile(&folder).await;
        }
    }

    /// Does so again and again until shutdown.
    pub(crate) async fn keep_reconciled(self, shutdown: CancellationToken) {
        let mut suspects = HashSet::new();
        while shutdown
            .run_until_cancelled(sleep(INTERVAL))
            .await
            .is_some()
        {
            let amiss: HashSet<Folder> = self.amiss().into_iter().collect();
            for folder in amiss.intersection(&suspects) {
                self.try_reconcile(folder).await;
            }
            suspects = amiss;
        }
    }

    async fn try_reconcile(&self, folder: &Folder) {
        if let Err(problem) = self.reconcile(folder).await {
            tracing::debug!(%folder, problem.detail, "not reconciled yet");
        }
    }

    fn amiss(&self) -> Vec<Folder> {
        let state = self.states.read();
        let mut folders = state.folders_with_pictures();
        folders.retain(|folder| is_amiss(&state, folder));
        folders
    }

    async fn reconcile(&self, folder: &Folder) -> Result<(), Problem> {
        let _turn = self.turns.take(folder).await;
        let latest = self.broker.latest_reference(folder).await?.event;
        let change = latest.as_ref().map(|latest| &latest.event);
        if let Some(reference) = change.and_then(ReferenceChange::reference)
            && self.was_deleted(folder, &reference.id).await?
        {
            tracing::warn!(%folder, id = reference.id, "the reference was deleted unannounced");
            self.announce_removal(folder, std::slice::from_ref(&reference.id), &By::default())
                .await?;
            return Ok(());
        }
        let unannounced = {
            let state = self.states.read();
            let newest = unannounced(&state, folder, change);
            newest.map(|newest| Upload {
                normals: match change {
                    Some(_) => Vec::new(),
                    // What was said of the folder is lost. Of its normal pictures nothing says that they are retired.
                    None => state.stored_normals(folder).values().cloned().collect(),
                },
                ..newest.clone()
            })
        };
        if let Some(upload) = unannounced {
            tracing::warn!(%folder, id = upload.id, "a picture was stored unannounced");
            self.broker
                .publish_uploaded(folder, &upload, By::default().name())
                .await?;
            return Ok(());
        }
        self.delete_unspoken(folder, change).await?;
        self.retire_proposals(folder).await;
        Ok(())
    }

    /// A picture that was lost, with its bucket or part of it, is still the reference: its event has all that frames are
    /// compared with.
    async fn was_deleted(&self, folder: &Folder, id: &str) -> Result<bool, Problem> {
        if self.states.read().pictures(folder).contains_key(id) {
            return Ok(false);
        }
        self.broker.was_deleted(folder, id).await
    }
}

fn is_amiss(state: &Known, folder: &Folder) -> bool {
    let pictures = state.pictures(folder);
    let change = state.reference_change(folder);
    let reference = change.and_then(ReferenceChange::reference);
    reference.is_some_and(|reference| !pictures.contains_key(&reference.id))
        || unannounced(state, folder, change).is_some()
        || unspoken(state, folder, change).next().is_some()
        || !state.stale_proposals(folder).is_empty()
}

/// The newest reference picture, if it is newer than all that the folder's last event speaks of.
fn unannounced<'a>(
    state: &'a Known,
    folder: &Folder,
    change: Option<&ReferenceChange>,
) -> Option<&'a Upload> {
    let (id, newest) = state.pictures(folder).last_key_value()?;
    let is_announced = change.is_some_and(|change| {
        let removed = match change {
            ReferenceChange::Removed(removed) => Some(&removed.id),
            _ => None,
        };
        let reference = change.reference().map(|reference| &reference.id);
        Some(id) <= reference.max(removed)
    });
    (!is_announced).then_some(newest)
}
