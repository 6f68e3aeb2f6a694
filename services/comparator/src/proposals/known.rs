//! What is known of all folders' proposals, folded from the buckets `learning` and `proposals`. It may be a moment
//! behind. So what is to be done is decided again by what the broker holds.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use event_bus::{Bus, Folder, Latest, LearningChange, ProposalChange, ProposalPlace, Stored};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    decision::There,
    remembered::{Remembered, Waiting},
};

/// What is known. No lock is held across an await.
#[derive(Default)]
pub(super) struct Known(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    remembered: HashMap<Folder, Remembered>,
    proposed: HashMap<Folder, BTreeMap<String, There>>,
}

impl Known {
    pub(super) fn remembered(&self, folder: &Folder) -> Option<Remembered> {
        self.lock().remembered.get(folder).cloned()
    }

    /// The folder's proposals that wait for people.
    pub(super) fn proposed(&self, folder: &Folder) -> Vec<There> {
        let known = self.lock();
        let proposed = known.proposed.get(folder);
        proposed.map_or_else(Vec::new, |it| it.values().copied().collect())
    }

    fn learn(&self, stored: Stored<LearningChange>) {
        let remembered = &mut self.lock().remembered;
        match stored.event.value.and_then(Remembered::read) {
            Some(read) => remembered.insert(stored.key, read),
            None => remembered.remove(&stored.key),
        };
    }

    fn learn_proposal(&self, stored: Stored<ProposalChange>) {
        let ProposalPlace::Proposed(id) = stored.key.place else {
            return;
        };
        let proposed = &mut self.lock().proposed;
        let of_folder = proposed.entry(stored.key.folder.clone()).or_default();
        match stored.event.about {
            Some(proposal) => {
                let there = There {
                    brightness: proposal.brightness,
                    frame_at: Waiting::of(proposal).map(|it| it.at),
                };
                of_folder.insert(id, there);
            }
            None => drop(of_folder.remove(&id)),
        }
        if of_folder.is_empty() {
            proposed.remove(&stored.key.folder);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }
}

/// Keeps `known` up to date until shutdown. Resolves when all that was there is loaded.
pub(super) fn follow(
    known: &Arc<Known>,
    bus: &Bus,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let folds = bus.folds(tracker, shutdown);
    let learning = folds.start_with::<LearningChange>({
        let known = Arc::clone(known);
        move |latest| match latest {
            Latest::Event(stored) => known.learn(stored),
            Latest::Anew => known.lock().remembered.clear(),
            Latest::CaughtUp => {}
        }
    });
    let proposals = folds.start_with::<ProposalChange>({
        let known = Arc::clone(known);
        move |latest| match latest {
            Latest::Event(stored) => known.learn_proposal(stored),
            Latest::Anew => known.lock().proposed.clear(),
            Latest::CaughtUp => {}
        }
    });
    async move {
        tokio::join!(learning.wait(), proposals.wait());
    }
}
