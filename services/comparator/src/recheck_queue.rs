//! Which folders are to be looked at again, and why. Looking is left to `lanes`.

use std::collections::BTreeSet;

use parking_lot::{Mutex, MutexGuard};

use event_bus::Folder;
use tokio::sync::Notify;

/// The folders whose latest frame is to be judged again. A folder waits once, so what waits is bounded by what there is.
#[derive(Default)]
pub(crate) struct RecheckQueue {
    waiting: Mutex<Waiting>,
    added: Notify,
}

/// A folder is in one of them.
#[derive(Default)]
struct Waiting {
    transitions: BTreeSet<Folder>,
    changes: BTreeSet<Folder>,
}

/// Why a folder is looked at again; of two, the greater one asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// Its reference or its rule may have changed since its latest frame was judged.
    Change,
    /// An alert fired or resolved: another comparator that judged a newer frame may not have known of it.
    Transition,
}

impl RecheckQueue {
    pub(crate) fn add(&self, folder: Folder, cause: Cause) {
        let mut waiting = self.waiting();
        match cause {
            Cause::Transition => {
                waiting.changes.remove(&folder);
                waiting.transitions.insert(folder);
            }
            Cause::Change if waiting.transitions.contains(&folder) => {}
            Cause::Change => {
                waiting.changes.insert(folder);
            }
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// The next one. Cancelled, it has taken none.
    pub(crate) async fn next(&self) -> (Folder, Cause) {
        loop {
            if let Some(next) = self.pop() {
                return next;
            }
            self.added.notified().await;
        }
    }

    /// Those behind a transition first: a rule may change for ten thousand folders, and an alert must not wait for them.
    fn pop(&self) -> Option<(Folder, Cause)> {
        let mut waiting = self.waiting();
        if let Some(folder) = waiting.transitions.pop_first() {
            return Some((folder, Cause::Transition));
        }
        let folder = waiting.changes.pop_first()?;
        Some((folder, Cause::Change))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_waits_once_and_what_follows_an_alert_comes_first() {
        let queue = RecheckQueue::default();
        for (folder, cause) in [
            ("b", Cause::Change),
            ("a", Cause::Change),
            ("d", Cause::Transition),
            ("d", Cause::Change),
            ("c", Cause::Change),
            ("c", Cause::Transition),
            ("a", Cause::Change),
        ] {
            queue.add(folder.parse().unwrap(), cause);
        }
        let popped: Vec<_> = std::iter::from_fn(|| queue.pop())
            .map(|(folder, cause)| (folder.to_string(), cause))
            .collect();
        let expected = [
            ("c", Cause::Transition),
            ("d", Cause::Transition),
            ("a", Cause::Change),
            ("b", Cause::Change),
        ];
        assert_eq!(
            popped,
            expected.map(|(folder, cause)| (folder.to_owned(), cause))
        );
    }
}
