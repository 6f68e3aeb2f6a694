//! What each event changes in what is known.

use std::sync::Arc;

use bytes::Bytes;
use event_bus::{
    AcknowledgementChange, Begin, Bus, DriftChange, Event, Folder, FolderChange, FrameArrival,
    Latest, NormalChange, Origin, PictureChange, ProposalChange, ProposalKey, ReferenceChange,
    RuleChange, RuleScope, Stored,
};
use proto::{
    from_timestamp,
    v1::{Alert, CameraState, Comparison, HistoryPart, Subject, Verdict},
};
use time::OffsetDateTime;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{FolderStates, Known, KnownFolder, Removal};
use crate::{
    acknowledgements::{Acknowledgements, Learnt},
    live::News,
    recent::Recent,
};

impl FolderStates {
    /// Keeps them up to date until shutdown. Resolves when all that was there is loaded.
    pub fn follow(
        self: &Arc<Self>,
        bus: &Bus,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let folds = bus.folds(tracker, shutdown);
        let started = [
            folds.start(into(self, learn_folder)),
            folds.start(into(self, learn_picture)),
            folds.start(into(self, learn_normal)),
            folds.start_with(beginning_anew(self, learn_proposal, proposals_are_anew)),
            folds.start_with(beginning_anew(self, learn_reference, references_are_anew)),
            folds.start(into(self, learn_comparison)),
            folds.start(into(self, learn_kept_comparison)),
            folds.start(into(self, learn_alert)),
            folds.start(into(self, learn_frame)),
            folds.start(into(self, learn_camera)),
            folds.start(into(self, learn_rule)),
            folds.start(into(self, learn_drift)),
            folds.start_with(beginning_anew(
                self,
                learn_acknowledgement,
                acknowledgements_are_anew,
            )),
            folds.start_with_the_first(beginning_anew(self, learn_episode, episodes_are_anew)),
        ];
        let this = Arc::clone(self);
        async move {
            for caught_up in started {
                caught_up.wait().await;
            }
            this.change(Known::hold_unmade);
        }
    }

    /// Fills in the last minutes, of which [`follow`](Self::follow) takes only the last comparison. Until it has, less
    /// is known of them.
    pub async fn recall(&self, bus: &Bus) {
        let begin = Begin::At(OffsetDateTime::now_utc() - Recent::REACH);
        let recalled = bus.past(None, begin, |stored| learn_recent(self, &stored));
        if let Err(error) = recalled.await {
            tracing::warn!(%error, "the comparisons of the last minutes cannot be read again");
        }
    }
}

fn into<E: Event>(
    states: &Arc<FolderStates>,
    learn: fn(&FolderStates, Stored<E>),
) -> impl FnMut(Stored<E>) + use<E> {
    let states = Arc::clone(states);
    move |stored| learn(&states, stored)
}

/// The same, for what is known by numbers, which begin again in a stream that was made anew.
fn beginning_anew<E: Event>(
    states: &Arc<FolderStates>,
    learn: fn(&FolderStates, Stored<E>),
    begin_anew: fn(&FolderStates),
) -> impl FnMut(Latest<E>) + use<E> {
    let states = Arc::clone(states);
    move |latest| match latest {
        Latest::Event(stored) => learn(&states, stored),
        Latest::Anew => begin_anew(&states),
        Latest::CaughtUp => {}
    }
}

fn learn_folder(states: &FolderStates, stored: Stored<FolderChange>) {
    let Some(folder) = stored.key.folder() else {
        return;
    };
    states.change(|known| {
        let folder = known.folder(&folder);
        folder.made = stored.event.value;
        if folder.made.is_some() {
            return;
        }
        folder.removed = Some(Removal {
            at: stored.stored_at,
            sequence: stored.sequence,
        });
        // Its frames were discarded with it.
        folder
            .frame
            .take_if(|frame| frame.stored_at < stored.stored_at);
    });
}

fn learn_picture(states: &FolderStates, stored: Stored<PictureChange>) {
    states.change(|known| {
        let pictures = &mut known.folder(&stored.key.folder).pictures;
        match stored.event.about {
            Some(upload) => pictures.insert(stored.key.id, upload),
            None => pictures.remove(&stored.key.id),
        };
    });
}

fn learn_normal(states: &FolderStates, stored: Stored<NormalChange>) {
    states.change(|known| {
        let normals = &mut known.folder(&stored.key.folder).stored_normals;
        match stored.event.about {
            Some(upload) => normals.insert(stored.key.id, upload),
            None => normals.remove(&stored.key.id),
        };
    });
}

fn learn_proposal(states: &FolderStates, stored: Stored<ProposalChange>) {
    let ProposalKey { folder, place } = stored.key;
    states.change(|known| {
        let proposals = &mut known.folder(&folder).stored_proposals;
        proposals.learn(place, stored.event.about);
    });
}

/// None of those that were known is there any more.
fn proposals_are_anew(states: &FolderStates) {
    states.change(|known| {
        let change = known.next_change();
        let folders = known.folders.values_mut();
        for folder in folders.filter(|folder| !folder.stored_proposals.is_empty()) {
            folder.note(change);
            folder.stored_proposals = Default::default();
        }
    });
}

fn learn_reference(states: &FolderStates, stored: Stored<ReferenceChange>) {
    let folder = stored.key.clone();
    let learnt = states.change(|known| {
        known.folder(&folder).closest.keep(stored.event.normals());
        known.replace(&folder, stored, |folder| &mut folder.reference)
    });
    if let Some(new) = learnt {
        let news = match new.event {
            ReferenceChange::Uploaded(upload) => News::Uploaded(upload),
            ReferenceChange::Removed(removed) => News::UploadRemoved(removed),
            ReferenceChange::NormalAdded(added) => News::NormalAdded(added),
            ReferenceChange::NormalRemoved(removed) => News::NormalRemoved(removed),
        };
        states.live.announce(&new.key, news);
    }
}

/// What is known still holds. The stream counts anew, so every change from now on is later.
fn references_are_anew(states: &FolderStates) {
    states.change(|known| {
        let references = known.folders.values_mut();
        let references = references.filter_map(|folder| folder.reference.as_mut());
        references.for_each(|reference| reference.sequence = 0);
    });
}

fn learn_comparison(states: &FolderStates, stored: Stored<Comparison>) {
    let learnt = states.change(|known| {
        let folder = stored.key.clone();
        let known_folder = known.folder(&folder);
        known_folder.learn_past(&stored.event);
        known_folder.learn_compared(&stored.event);
        known.replace(&folder, stored, |folder| &mut folder.comparison)
    });
    if let Some(new) = learnt {
        states.live.announce(&new.key, News::Compared(new.event));
    }
}

/// The last comparison of a camera that stopped, which the stream of comparisons may have forgotten.
fn learn_kept_comparison(states: &FolderStates, stored: Stored<HistoryPart>) {
    let Some(last) = stored.event.last else {
        return;
    };
    let known = states.read().comparison(&stored.key).and_then(frame_at);
    if known >= frame_at(&last) {
        return;
    }
    let through = stored.event.through.as_ref().and_then(from_timestamp);
    states.change(|known| {
        let folder = known.folder(&stored.key);
        folder.learn_past(&last);
        folder.learn_compared(&last);
        folder.comparison = Some(Stored {
            key: stored.key,
            event: last,
            stored_at: through.unwrap_or(stored.stored_at),
            sequence: 0,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        });
    });
}

fn learn_recent(states: &FolderStates, stored: &Stored<Comparison>) {
    states.change(|known| known.folder(&stored.key).learn_past(&stored.event));
}

fn learn_alert(states: &FolderStates, stored: Stored<Alert>) {
    let folder = stored.key.folder.clone();
    let place: fn(&mut KnownFolder) -> &mut Option<Stored<Alert>> = match stored.key.subject {
        Subject::Camera => |folder| &mut folder.camera_alert,
        _ => |folder| &mut folder.alert,
    };
    let learnt = states.change(|known| {
        // The alert of a camera makes a folder known, of which there may be too many. It is among the alerts all the same.
        if stored.key.subject == Subject::Camera && !known.admits(&folder) {
            return None;
        }
        known.replace(&folder, stored, place)
    });
    if let Some(new) = learnt {
        states.alerted.notify_one();
        states.live.announce(&folder, News::Alert(new.event));
    }
}

fn learn_frame(states: &FolderStates, stored: Stored<FrameArrival>) {
    states.change(|known| {
        if !known.admits(&stored.key) {
            return;
        }
        let folder = known.folder(&stored.key);
        if folder
            .removed
            .is_none_or(|removed| removed.at < stored.stored_at)
        {
            folder.learn_frame(stored);
        }
    });
}

fn learn_camera(states: &FolderStates, stored: Stored<CameraState>) {
    states.change(|known| {
        if !known.admits(&stored.key) {
            return;
        }
        let folder = known.folder(&stored.key);
        let kept = stored.event.kept_frame.as_ref();
        let kept = kept.and_then(|frame| Stored::of_kept(&stored.key, frame, Bytes::new()));
        let since = folder.frame.as_ref().map(|frame| frame.stored_at);
        let since = since.max(folder.removed.map(|removed| removed.at));
        if let Some(kept) = kept.filter(|kept| Some(kept.stored_at) > since) {
            folder.frame = Some(kept);
        }
        folder.camera = Some(stored.event);
    });
}

fn learn_rule(states: &FolderStates, stored: Stored<RuleChange>) {
    states.change(|known| match stored.key {
        RuleScope::Default => {
            known.default_rule = stored.event.value;
            let change = known.next_change();
            for folder in known.folders.values_mut() {
                folder.note(change);
            }
        }
        RuleScope::Folder(folder) => known.folder(&folder).rule = stored.event.value,
    });
}

fn learn_drift(states: &FolderStates, stored: Stored<DriftChange>) {
    let Some(averages) = stored.event.value else {
        return;
    };
    states.change_quietly(|known| {
        let folder = known.folders.entry(stored.key).or_default();
        folder.averaged.recall(averages);
    });
}

fn learn_acknowledgement(states: &FolderStates, stored: Stored<AcknowledgementChange>) {
    let learnt = states.change(|known| {
        known.note_alerts();
        known.acknowledgements.learn(stored)
    });
    let (named, news) = match learnt {
        Some(Learnt::Acknowledged(it)) => (it.folder.parse(), News::Acknowledged(it)),
        Some(Learnt::TakenBack(it)) => (it.folder.parse(), News::AcknowledgementRemoved(it)),
        None => return,
    };
    let Ok(folder) = named else { return };
    states.change(|known| {
        let change = known.next_change();
        if let Some(folder) = known.folders.get_mut(&folder) {
            folder.note(change);
        }
    });
    states.live.announce(&folder, news);
}

fn learn_episode(states: &FolderStates, stored: Stored<Alert>) {
    states.change(|known| {
        known.note_alerts();
        known.episodes.learn(stored);
    });
}

fn acknowledgements_are_anew(states: &FolderStates) {
    states.change(|known| {
        known.note_alerts();
        known.acknowledgements = Acknowledgements::default();
    });
}

fn episodes_are_anew(states: &FolderStates) {
    states.change(|known| {
        known.note_alerts();
        known.episodes.begin_anew();
    });
}

impl KnownFolder {
    /// Notes that it has changed.
    fn note(&mut self, change: u64) {
        self.has_changed = true;
        self.change = change;
    }

    fn learn_frame(&mut self, stored: Stored<FrameArrival>) {
        if self.compared_at() < Some(stored.stored_at) {
            self.uncompared_since.get_or_insert(stored.stored_at);
        }
        self.frame = Some(stored);
    }

    /// Frames that were overtaken are never compared: it is the last one that counts.
    fn learn_compared(&mut self, comparison: &Comparison) {
        let at = frame_at(comparison);
        let last = self.frame.as_ref().map(|frame| frame.stored_at);
        self.uncompared_since = self
            .uncompared_since
            .filter(|_| at < last)
            .map(|since| at.map_or(since, |at| since.max(at)));
    }

    /// When the frame was stored that was compared last.
    fn compared_at(&self) -> Option<OffsetDateTime> {
        frame_at(&self.comparison.as_ref()?.event)
    }

    fn learn_past(&mut self, comparison: &Comparison) {
        self.recent.learn(comparison);
        self.closest.learn(comparison);
        self.averaged.learn(comparison);
        self.judged_at = self.judged_at.max(judged_at(comparison));
    }
}

fn frame_at(comparison: &Comparison) -> Option<OffsetDateTime> {
    let stored_at = comparison.frame.as_ref()?.stored_at;
    from_timestamp(stored_at.as_ref()?)
}

impl Known {
    /// Notes that alerts have changed, or who has them in hand.
    fn note_alerts(&mut self) {
        self.alerts_change = self.next_change();
    }

    /// The number of a change. None is given twice: a folder may be forgotten and come again.
    fn next_change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// To change what is known of a folder.
    pub(super) fn folder(&mut self, folder: &Folder) -> &mut KnownFolder {
        let change = self.next_change();
        let known = self.folders.entry(folder.clone()).or_default();
        known.note(change);
        known
    }

    /// Takes in the latest event of a folder; `None` where it was known, as it is when a reconnect brings it again, or when
    /// it was put back into a stream that had been deleted.
    fn replace<E: Event + Clone + PartialEq>(
        &mut self,
        folder: &Folder,
        stored: Stored<E>,
        place: fn(&mut KnownFolder) -> &mut Option<Stored<E>>,
    ) -> Option<Stored<E>> {
        let known = place(self.folder(folder));
        let is_new = known
            .as_ref()
            .is_none_or(|known| known.event != stored.event);
        *known = Some(stored.clone());
        is_new.then_some(stored)
    }
}

/// When the frame was stored, if it says anything of the view.
fn judged_at(comparison: &Comparison) -> Option<OffsetDateTime> {
    let is_judged = !matches!(
        comparison.verdict(),
        Verdict::Unreadable | Verdict::Unspecified
    );
    frame_at(comparison).filter(|_| is_judged)
}
