//! The folders that are removed: what was compared before must not come back, and what Redis holds of them goes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use event_bus::{Folder, FolderChange, Stored};
use time::OffsetDateTime;

/// The folders that are removed, and which of them Redis may still hold. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Removals(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    removed: HashMap<Folder, OffsetDateTime>,
    /// Whose keys are still to go.
    due: BTreeSet<Folder>,
}

impl Removals {
    pub(crate) fn learn(&self, stored: Stored<FolderChange>) {
        let Some(folder) = stored.key.folder() else {
            return;
        };
        let mut known = self.known();
        match stored.event.value {
            Some(_) => {
                known.removed.remove(&folder);
                known.due.remove(&folder);
            }
            None => {
                known.removed.insert(folder.clone(), stored.stored_at);
                known.due.insert(folder);
            }
        }
    }

    /// Whether the folder was removed after this, and is not there again.
    pub(crate) fn are_after(&self, folder: &Folder, at: OffsetDateTime) -> bool {
        let known = self.known();
        known
            .removed
            .get(folder)
            .is_some_and(|removed| at < *removed)
    }

    /// A folder whose keys are to go; it stays so until [`done`](Self::done).
    pub(crate) fn due(&self) -> Option<Folder> {
        self.known().due.first().cloned()
    }

    pub(crate) fn done(&self, folder: &Folder) {
        self.known().due.remove(folder);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
