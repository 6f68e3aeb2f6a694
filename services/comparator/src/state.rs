//! What a comparator knows: the folds over `UPLOADS`, `ALERTS` and the rules.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use event_bus::{Bus, Event, Folder, Latest, ReferenceChange, RuleChange, RuleScope, Stored};
use proto::v1::{Alert, Phase, Rule};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::references::CurrentReference;

/// Read by every worker, written by the folds alone (and by the worker that has just published an alert). No lock is
/// held across an await.
#[derive(Default)]
pub(crate) struct State {
    references: Shared<Folder, CurrentReference>,
    alerts: Shared<Folder, Stored<Alert>>,
    rules: Shared<RuleScope, Rule>,
}

struct Shared<K, V>(RwLock<HashMap<K, V>>);

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Shared(RwLock::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Shared<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<K, V>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn set(&self, key: K, value: Option<V>) {
        self.change(|map| {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        });
    }

    fn keys(&self) -> Vec<K> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .cloned()
            .collect()
    }
}

impl State {
    pub(crate) fn reference(&self, folder: &Folder) -> Option<CurrentReference> {
        self.references.get(folder)
    }

    pub(crate) fn references(&self) -> Vec<Folder> {
        self.references.keys()
    }

    /// The folder's last alert: its alert state.
    pub(crate) fn alert(&self, folder: &Folder) -> Option<Stored<Alert>> {
        self.alerts.get(folder)
    }

    pub(crate) fn threshold(&self, folder: &Folder) -> f64 {
        let of = |scope| self.rules.get(&scope).and_then(|rule| rule.threshold);
        of(RuleScope::Folder(folder.clone()))
            .or_else(|| of(RuleScope::Default))
            .unwrap_or(Rule::DEFAULT_THRESHOLD)
    }

    /// Takes in an alert unless a later one is known.
    pub(crate) fn learn_alert(&self, alert: Stored<Alert>) {
        self.alerts.change(|alerts| {
            if alerts
                .get(&alert.key)
                .is_none_or(|known| known.sequence < alert.sequence)
            {
                alerts.insert(alert.key.clone(), alert);
            }
        });
    }

    /// Replaces what is known of the folder's alerts by what the stream holds.
    pub(crate) fn set_alert(&self, folder: &Folder, alert: Option<Stored<Alert>>) {
        self.alerts.set(folder.clone(), alert);
    }

    /// Keeps a fingerprint that was computed anew, unless the reference has changed meanwhile.
    pub(crate) fn learn_fingerprint(&self, folder: &Folder, reference: &CurrentReference) {
        self.references.change(|references| {
            if let Some(known) = references.get_mut(folder)
                && known.id == reference.id
            {
                known.fingerprint = reference.fingerprint;
            }
        });
    }

    fn learn_reference(&self, change: &Stored<ReferenceChange>) {
        self.references
            .set(change.key.clone(), CurrentReference::after(change));
    }

    fn learn_rule(&self, scope: RuleScope, rule: Option<Rule>) {
        self.rules.set(scope, rule);
    }

    /// The folders whose latest frame may have to be judged again: all that have a reference, or an alert firing.
    fn open_folders(&self) -> Vec<Folder> {
        let firing = self.alerts.keys().into_iter().filter(|folder| {
            self.alert(folder)
                .is_some_and(|alert| alert.event.phase() == Phase::Firing)
        });
        let mut folders = self.references();
        folders.extend(firing);
        folders.sort();
        folders.dedup();
        folders
    }
}

/// Keeps `state` up to date and sends to `revisit` each folder whose latest frame has to be judged again: at the
/// beginning all that may need it, then those whose reference or rule changes. Resolves when all is loaded.
pub(crate) fn follow(
    state: &Arc<State>,
    bus: &Bus,
    revisit: mpsc::UnboundedSender<Folder>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let follower = Follower {
        bus: bus.clone(),
        tracker: tracker.clone(),
        shutdown: shutdown.clone(),
    };
    let (live, is_live) = watch::channel(false);

    let references = follower.start::<ReferenceChange>({
        let (state, revisit, is_live) = (Arc::clone(state), revisit.clone(), is_live.clone());
        move |change| {
            state.learn_reference(&change);
            if *is_live.borrow() {
                send(&revisit, change.key);
            }
        }
    });
    let rules = follower.start::<RuleChange>({
        let (state, revisit) = (Arc::clone(state), revisit.clone());
        move |change| {
            state.learn_rule(change.key.clone(), change.event.0);
            if *is_live.borrow() {
                let concerned = match change.key {
                    RuleScope::Folder(folder) => vec![folder],
                    RuleScope::Default => state.references(),
                };
                concerned
                    .into_iter()
                    .for_each(|folder| send(&revisit, folder));
            }
        }
    });
    let alerts = follower.start::<Alert>({
        let state = Arc::clone(state);
        move |alert| state.learn_alert(alert)
    });

    let state = Arc::clone(state);
    async move {
        tokio::join!(
            references.caught_up(),
            rules.caught_up(),
            alerts.caught_up()
        );
        live.send_replace(true);
        state
            .open_folders()
            .into_iter()
            .for_each(|folder| send(&revisit, folder));
    }
}

/// Nobody listens only when the service is ending.
fn send(revisit: &mpsc::UnboundedSender<Folder>, folder: Folder) {
    if revisit.send(folder).is_err() {
        tracing::debug!("ending: a folder is not judged again");
    }
}

struct Follower {
    bus: Bus,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

struct CaughtUp(watch::Receiver<bool>);

impl Follower {
    fn start<E: Event>(&self, mut learn: impl FnMut(Stored<E>) + Send + 'static) -> CaughtUp {
        let (sender, receiver) = watch::channel(false);
        let (bus, shutdown) = (self.bus.clone(), self.shutdown.clone());
        self.tracker.spawn(async move {
            bus.follow(&shutdown, |latest| match latest {
                Latest::Event(stored) => learn(stored),
                Latest::CaughtUp => {
                    sender.send_replace(true);
                }
            })
            .await;
        });
        CaughtUp(receiver)
    }
}

impl CaughtUp {
    async fn caught_up(mut self) {
        if self.0.wait_for(|caught_up| *caught_up).await.is_err() {
            // The fold has ended, which it does only at shutdown: never go on.
            std::future::pending::<()>().await;
        }
    }
}
