//! What a comparator knows of all folders, folded from the broker's streams. It can be lost: a restart reads it anew.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use alerting::{AlertStates, FolderRule};
use event_bus::{
    AlertSubject, Bus, Folder, Hold, Latest, ReferenceChange, RuleChange, RuleScope, Stored,
};
use proto::{
    EffectiveRule, Measure,
    v1::{Alert, Phase, Subject},
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    recheck_queue::{Cause, RecheckQueue},
    references::CurrentReference,
};

/// What a comparator knows. Every worker reads it. Only the folds write it, except that a worker also writes the alert
/// that it has just published. No lock is held across an await.
#[derive(Default)]
pub(crate) struct State {
    /// Without it there are neither `view` nor `parts`.
    has_network: bool,
    known: RwLock<Known>,
    pub(crate) alerts: Arc<AlertStates>,
}

#[derive(Default)]
struct Known {
    references: HashMap<Folder, KnownReference>,
    rules: HashMap<RuleScope, Stored<RuleChange>>,
    /// The rules that name a measure which this process does not have.
    of_other_measures: HashSet<RuleScope>,
}

/// A folder's reference, or that it has none any more.
struct KnownReference {
    current: Option<CurrentReference>,
    /// Who made it so; empty where nobody knows.
    by: String,
}

impl State {
    /// Nothing is known yet.
    pub(crate) fn new(has_network: bool) -> Self {
        State {
            has_network,
            ..State::default()
        }
    }

    pub(crate) fn reference(&self, folder: &Folder) -> Option<CurrentReference> {
        self.read().references.get(folder)?.current.clone()
    }

    /// The folders that have a reference.
    pub(crate) fn folders(&self) -> Vec<Folder> {
        let known = self.read();
        let references = known.references.iter();
        references
            .filter(|(_, reference)| reference.current.is_some())
            .map(|(folder, _)| folder.clone())
            .collect()
    }

    /// Whether somebody has given the folder a reference or a rule.
    pub(crate) fn concerns_people(&self, folder: &Folder) -> bool {
        let known = self.read();
        let rule = known.rules.get(&RuleScope::Folder(folder.clone()));
        let reference = known.references.get(folder);
        rule.is_some_and(|change| change.event.value.is_some())
            || reference.is_some_and(|reference| reference.current.is_some())
    }

    /// Whether the alert of the folder's camera fires.
    pub(crate) fn has_camera_alert(&self, folder: &Folder) -> bool {
        let alert = self.alerts.alert(&AlertSubject::camera(folder));
        alert.is_some_and(|alert| alert.event.phase() == Phase::Firing)
    }

    pub(crate) fn rule(&self, folder: &Folder) -> FolderRule {
        let known = self.read();
        let own = known.rules.get(&RuleScope::Folder(folder.clone()));
        let default = known.rules.get(&RuleScope::Default);
        let rule = |change: Option<&Stored<RuleChange>>| {
            change.and_then(|change| change.event.value.clone())
        };
        let latest = own
            .into_iter()
            .chain(default)
            .max_by_key(|change| change.sequence);
        let reference = known.references.get(folder);
        FolderRule {
            rule: EffectiveRule::of(rule(own), rule(default)),
            rule_by: latest.map_or_else(String::new, |change| change.by.clone()),
            reference_by: reference.map_or_else(String::new, |reference| reference.by.clone()),
        }
    }

    /// Whether all rules that are set name measures that this version has.
    pub(crate) fn has_all_measures(&self) -> bool {
        self.read().of_other_measures.is_empty()
    }

    fn learn_reference(&self, change: &Stored<ReferenceChange>) {
        let references = &mut self.write().references;
        let by = if change.event.leaves_reference() {
            let before = references.remove(&change.key);
            before.map_or_else(String::new, |before| before.by)
        } else {
            change.by.clone()
        };
        let known = KnownReference {
            current: CurrentReference::after(change),
            by,
        };
        references.insert(change.key.clone(), known);
    }

    fn learn_rule(&self, change: Stored<RuleChange>) {
        let mut known = self.write();
        let measure = EffectiveRule::of(change.event.value.clone(), None).measure;
        match measure {
            Measure::Unknown => known.of_other_measures.insert(change.key.clone()),
            needing if needing.needs_network() && !self.has_network => {
                known.of_other_measures.insert(change.key.clone())
            }
            Measure::View | Measure::Parts | Measure::Phash | Measure::Hash(_) => {
                known.of_other_measures.remove(&change.key)
            }
        };
        known.rules.insert(change.key.clone(), change);
    }

    /// The folders whose latest frame may have to be judged again: all that have a reference, or an alert of their view
    /// firing.
    fn open_folders(&self) -> Vec<Folder> {
        let firing = self.alerts.firing().into_iter();
        let views = firing.filter(|subject| subject.subject == Subject::View);
        let mut folders = self.folders();
        folders.extend(views.map(|subject| subject.folder));
        folders.sort();
        folders.dedup();
        folders
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write()
    }
}

/// Keeps `state` up to date and adds to `queue` each folder that has to be looked at again: at the beginning all that may
/// need it, then those whose reference, rule or alert changes. Resolves when all is loaded.
pub(crate) fn follow(
    state: &Arc<State>,
    bus: &Bus,
    queue: &Arc<RecheckQueue>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let folds = bus.folds(tracker, shutdown);
    let (live, is_live) = watch::channel(false);
    let recheck = {
        let queue = Arc::clone(queue);
        move |folder: Folder, cause| {
            if *is_live.borrow() {
                queue.add(folder, cause);
            }
        }
    };

    let references = folds.start::<ReferenceChange>({
        let (state, recheck) = (Arc::clone(state), recheck.clone());
        move |change| {
            state.learn_reference(&change);
            recheck(change.key, Cause::Change);
        }
    });
    let rules = folds.start::<RuleChange>({
        let (state, recheck) = (Arc::clone(state), recheck.clone());
        move |change| {
            let scope = change.key.clone();
            state.learn_rule(change);
            let concerned = match scope {
                RuleScope::Folder(folder) => vec![folder],
                RuleScope::Default => state.folders(),
            };
            concerned
                .into_iter()
                .for_each(|folder| recheck(folder, Cause::Change));
        }
    });
    let alerts = folds.start_with::<Alert>({
        let state = Arc::clone(state);
        move |latest| match latest {
            Latest::Event(alert) => {
                let AlertSubject { folder, subject } = alert.key.clone();
                if state.alerts.learn_alert(alert) && subject == Subject::View {
                    recheck(folder, Cause::Transition);
                }
            }
            Latest::Anew => state.alerts.alerts_are_anew(),
            Latest::CaughtUp => {}
        }
    });
    let holds = folds.start_with::<Hold>({
        let state = Arc::clone(state);
        move |latest| match latest {
            Latest::Event(hold) => state.alerts.learn_hold(hold),
            Latest::Anew => state.alerts.holds_are_anew(),
            Latest::CaughtUp => {}
        }
    });

    let (state, queue) = (Arc::clone(state), Arc::clone(queue));
    async move {
        tokio::join!(references.wait(), rules.wait(), alerts.wait(), holds.wait(),);
        live.send_replace(true);
        for folder in state.open_folders() {
            queue.add(folder, Cause::Change);
        }
    }
}
