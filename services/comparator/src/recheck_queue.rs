//! Which folders are to be looked at again, and why. Looking is left to `lanes`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use event_bus::Folder;
use tokio::sync::Notify;

/// The folders whose latest frame is to be judged again. A folder waits once, so what waits is bounded by what there is.
#[derive(Default)]
pub(crate) struct RecheckQueue {
    waiting: Mutex<BTreeMap<Folder, Cause>>,
    added: Notify,
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
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let known = waiting.entry(folder).or_insert(cause);
        *known = cause.max(*known);
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

    fn pop(&self) -> Option<(Folder, Cause)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_first()
    }
}
