//! Which streams and buckets a service should be following and is not.

use std::{collections::BTreeSet, sync::Arc};

use parking_lot::{Mutex, MutexGuard};

/// The streams whose following was interrupted and has not caught up again. Clones share what they know.
#[derive(Clone, Default)]
pub(super) struct Interruptions(Arc<Mutex<BTreeSet<&'static str>>>);

impl Interruptions {
    pub(super) fn began(&self, stream: &'static str) {
        self.streams().insert(stream);
    }

    pub(super) fn over(&self, stream: &'static str) {
        self.streams().remove(stream);
    }

    pub(super) fn are_over(&self) -> bool {
        self.streams().is_empty()
    }

    fn streams(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.lock()
    }
}
