//! What is known of a bucket. A task writes it and everybody reads it. Whoever has changed the bucket waits until the
//! change shows here.

use std::time::Duration;

use parking_lot::{RwLock, RwLockReadGuard};

use tokio::{sync::watch, time::timeout};

/// How long a change may take to come back through the broker.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Followed<T> {
    known: RwLock<T>,
    /// How many changes there were.
    changes: watch::Sender<u64>,
}

impl<T> Followed<T> {
    /// What is known now. It must not be held across an await.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.known.read()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.known.write());
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Changes with every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Another number after every change.
    pub(crate) fn version(&self) -> u64 {
        *self.changes.borrow()
    }

    /// Waits until this holds; says whether it did within 5 s.
    pub(crate) async fn until(&self, holds: impl Fn(&T) -> bool) -> bool {
        let mut changes = self.changes();
        let waiting = async {
            while !holds(&self.read()) {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        timeout(PATIENCE, waiting).await.is_ok()
    }
}

/// Says in the log that a change is stored, but does not show yet: to be called with what [`Followed::until`] and its like say.
pub(crate) fn log_unseen(is_seen: bool, what: &impl std::fmt::Display) {
    if !is_seen {
        tracing::warn!(%what, "a change is stored, but has not come back from NATS in time");
    }
}
