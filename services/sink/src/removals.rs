//! The folders that are removed: what was compared before must not come back, and what Redis holds of them goes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use event_bus::{Folder, FolderChange, Stored};
use time::OffsetDateTime;

/// When folders were removed last, and of which of them Redis may still hold something. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Removals(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    removed: HashMap<Folder, OffsetDateTime>,
    /// Whose keys of before are still to go.
    due: BTreeSet<Folder>,
}

impl Removals {
    pub(crate) fn learn(&self, stored: Stored<FolderChange>) {
        let Some(folder) = stored.key.folder() else {
            return;
        };
        // One that is made again begins anew: what was before its removal stays away.
        if stored.event.value.is_none() {
            let mut known = self.known();
            known.removed.insert(folder.clone(), stored.stored_at);
            known.due.insert(folder);
        }
    }

    /// Whether the folder was removed after this.
    pub(crate) fn are_after(&self, folder: &Folder, at: OffsetDateTime) -> bool {
        let known = self.known();
        known
            .removed
            .get(folder)
            .is_some_and(|removed| at < *removed)
    }

    /// A folder whose keys of before this time are to go; it stays so until [`done`](Self::done).
    pub(crate) fn due(&self) -> Option<(Folder, OffsetDateTime)> {
        let known = self.known();
        let folder = known.due.first()?;
        Some((folder.clone(), *known.removed.get(folder)?))
    }

    /// Makes all of them due once more, for a Redis of which it is not known what it has seen.
    pub(crate) fn begin_again(&self) {
        let mut known = self.known();
        known.due = known.removed.keys().cloned().collect();
    }

    pub(crate) fn done(&self, folder: &Folder) {
        self.known().due.remove(folder);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock()
    }
}
