use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use accounts::UserName;
use event_bus::{Bus, Latest, Session, SessionChange, SessionKey, Stored};
use time::OffsetDateTime;
use tokio::{sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Who is logged in: a fold over the bucket, in memory.
pub(super) struct Sessions {
    known: RwLock<HashMap<SessionKey, Session>>,
    /// The number of the last change that was taken in.
    reached: watch::Sender<u64>,
}

/// How long a change may take to come back through the broker.
const PATIENCE: Duration = Duration::from_secs(5);

impl Sessions {
    pub(super) fn new() -> Self {
        Sessions {
            known: RwLock::default(),
            reached: watch::Sender::new(0),
        }
    }

    /// Keeps them up to date until shutdown. Resolves when all that was there is loaded.
    pub(super) fn follow(
        self: &Arc<Self>,
        bus: &Bus,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let this = Arc::clone(self);
        let folds = bus.folds(tracker, shutdown);
        let following = folds.start_with(move |latest| match latest {
            Latest::Event(stored) => this.learn(stored),
            Latest::Anew => this.end_all(),
            Latest::CaughtUp => {}
        });
        following.wait()
    }

    /// Whoever deletes the bucket logs everybody out.
    fn end_all(&self) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.reached.send_replace(0);
    }

    fn learn(&self, stored: Stored<SessionChange>) {
        let now = OffsetDateTime::now_utc();
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.retain(|_, session| session.ends_at > now);
            match stored.event.value {
                Some(session) => known.insert(stored.key, session),
                None => known.remove(&stored.key),
            };
        }
        self.reached.send_replace(stored.sequence);
    }

    pub(super) fn get(&self, key: &SessionKey) -> Option<Session> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(key).cloned()
    }

    /// Those of a user beyond the newest so many.
    pub(super) fn surplus(&self, user: &UserName, most: usize) -> Vec<SessionKey> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let theirs = known
            .iter()
            .filter(|(_, session)| session.user == user.as_str());
        let mut theirs: Vec<_> = theirs
            .map(|(key, session)| (session.began_at, key))
            .collect();
        theirs.sort();
        let surplus = theirs.len().saturating_sub(most);
        theirs[..surplus]
            .iter()
            .map(|(_, key)| (*key).clone())
            .collect()
    }

    /// Changes with every session that begins or ends.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.reached.subscribe()
    }

    /// Waits until a change is taken in; says whether it was in time.
    pub(super) async fn until(&self, sequence: u64) -> bool {
        let mut changes = self.changes();
        let reached = changes.wait_for(|reached| *reached >= sequence);
        matches!(timeout(PATIENCE, reached).await, Ok(Ok(_)))
    }

    /// Waits until a session is known to have ended; says whether it was in time.
    pub(super) async fn until_gone(&self, key: &SessionKey) -> bool {
        let mut changes = self.changes();
        let gone = changes.wait_for(|_| self.get(key).is_none());
        matches!(timeout(PATIENCE, gone).await, Ok(Ok(_)))
    }
}
