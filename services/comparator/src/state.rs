//! What a comparator knows: the folds over `UPLOADS`, `ALERTS`, the rules and the holds.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use event_bus::{Bus, Event, Folder, Hold, ReferenceChange, RuleChange, RuleScope, Stored};
use proto::{
    EffectiveRule,
    v1::{Alert, Phase, Rule},
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    references::CurrentReference,
    revisits::{Cause, Revisits},
};

/// Read by every worker, written by the folds alone (and by the worker that has just published an alert). No lock is
/// held across an await.
#[derive(Default)]
pub(crate) struct State {
    references: Shared<Folder, CurrentReference>,
    alerts: Shared<Folder, Stored<Alert>>,
    holds: Shared<Folder, Stored<Hold>>,
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

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
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

impl<E: Event<Key = Folder> + Clone> Shared<Folder, Stored<E>> {
    /// Takes in an event unless it or a later one is known; says whether it was news.
    fn learn(&self, event: Stored<E>) -> bool {
        self.change(|map| {
            let known = map.get(&event.key);
            let is_news = known.is_none_or(|known| known.sequence < event.sequence);
            if is_news {
                map.insert(event.key.clone(), event);
            }
            is_news
        })
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

    /// What was last remembered of a hold of the folder.
    pub(crate) fn hold(&self, folder: &Folder) -> Option<Stored<Hold>> {
        self.holds.get(folder)
    }

    pub(crate) fn rule(&self, folder: &Folder) -> EffectiveRule {
        EffectiveRule::of(
            self.rules.get(&RuleScope::Folder(folder.clone())),
            self.rules.get(&RuleScope::Default),
        )
    }

    pub(crate) fn is_firing(&self, folder: &Folder) -> bool {
        self.alert(folder)
            .is_some_and(|alert| alert.event.phase() == Phase::Firing)
    }

    /// Takes in an alert unless it or a later one is known; says whether it was news.
    pub(crate) fn learn_alert(&self, alert: Stored<Alert>) -> bool {
        self.alerts.learn(alert)
    }

    /// Takes in a hold unless it or a later one is known.
    pub(crate) fn learn_hold(&self, hold: Stored<Hold>) {
        self.holds.learn(hold);
    }

    /// Replaces what is known of the folder's alerts by what the stream holds.
    pub(crate) fn set_alert(&self, folder: &Folder, alert: Option<Stored<Alert>>) {
        self.alerts.set(folder.clone(), alert);
    }

    /// Replaces what is known of the folder's hold by what the bucket holds.
    pub(crate) fn set_hold(&self, folder: &Folder, hold: Option<Stored<Hold>>) {
        self.holds.set(folder.clone(), hold);
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
        let alerts = self.alerts.keys().into_iter();
        let mut folders = self.references();
        folders.extend(alerts.filter(|folder| self.is_firing(folder)));
        folders.sort();
        folders.dedup();
        folders
    }
}

/// Keeps `state` up to date and adds to `revisits` each folder that has to be looked at again: at the beginning all that
/// may need it, then those whose reference, rule or alert changes. Resolves when all is loaded.
pub(crate) fn follow(
    state: &Arc<State>,
    bus: &Bus,
    revisits: &Arc<Revisits>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let folds = bus.folds(tracker, shutdown);
    let (live, is_live) = watch::channel(false);
    let revisit = {
        let revisits = Arc::clone(revisits);
        move |folder: Folder, cause| {
            if *is_live.borrow() {
                revisits.add(folder, cause);
            }
        }
    };

    let references = folds.start::<ReferenceChange>({
        let (state, revisit) = (Arc::clone(state), revisit.clone());
        move |change| {
            state.learn_reference(&change);
            revisit(change.key, Cause::Change);
        }
    });
    let rules = folds.start::<RuleChange>({
        let (state, revisit) = (Arc::clone(state), revisit.clone());
        move |change| {
            state.learn_rule(change.key.clone(), change.event.0);
            let concerned = match change.key {
                RuleScope::Folder(folder) => vec![folder],
                RuleScope::Default => state.references(),
            };
            concerned
                .into_iter()
                .for_each(|folder| revisit(folder, Cause::Change));
        }
    });
    let alerts = folds.start::<Alert>({
        let state = Arc::clone(state);
        move |alert| {
            let folder = alert.key.clone();
            if state.learn_alert(alert) {
                revisit(folder, Cause::Transition);
            }
        }
    });
    let holds = folds.start::<Hold>({
        let state = Arc::clone(state);
        move |hold| state.learn_hold(hold)
    });

    let (state, revisits) = (Arc::clone(state), Arc::clone(revisits));
    async move {
        tokio::join!(references.wait(), rules.wait(), alerts.wait(), holds.wait(),);
        live.send_replace(true);
        for folder in state.open_folders() {
            revisits.add(folder, Cause::Change);
        }
    }
}
