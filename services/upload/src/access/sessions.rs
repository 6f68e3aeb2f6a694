//! Who is logged in.

use std::{collections::HashMap, sync::Arc};

use accounts::UserName;
use event_bus::{Bus, Latest, Session, SessionChange, SessionKey, Stored};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::followed::Followed;

/// Who is logged in: a fold over the bucket, in memory.
#[derive(Default)]
pub(super) struct Sessions(Followed<Known>);

#[derive(Default)]
struct Known {
    sessions: HashMap<SessionKey, Session>,
    /// The number of the last change that was taken in.
    reached: u64,
}

impl Sessions {
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
        self.0.change(|known| *known = Known::default());
    }

    fn learn(&self, stored: Stored<SessionChange>) {
        let now = OffsetDateTime::now_utc();
        self.0.change(|known| {
            known.sessions.retain(|_, session| session.ends_at > now);
            match stored.event.value {
                Some(session) => known.sessions.insert(stored.key, session),
                None => known.sessions.remove(&stored.key),
            };
            known.reached = stored.sequence;
        });
    }

    pub(super) fn get(&self, key: &SessionKey) -> Option<Session> {
        self.0.read().sessions.get(key).cloned()
    }

    /// Those of a user beyond the newest so many.
    pub(super) fn surplus(&self, user: &UserName, most: usize) -> Vec<SessionKey> {
        let known = self.0.read();
        let theirs = known
            .sessions
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
        self.0.changes()
    }

    /// Waits until a change is taken in; says whether it was in time.
    pub(super) async fn until(&self, sequence: u64) -> bool {
        self.0.until(|known| known.reached >= sequence).await
    }

    /// Waits until a session is known to have ended; says whether it was in time.
    pub(super) async fn until_gone(&self, key: &SessionKey) -> bool {
        self.0
            .until(|known| !known.sessions.contains_key(key))
            .await
    }
}
