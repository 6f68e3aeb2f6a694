use std::sync::Arc;

use event_bus::{
    AcknowledgementChange, Begin, Bus, Event, Folder, FolderChange, FrameArrival, PictureChange,
    ReferenceChange, RuleChange, RuleScope, Stored,
};
use proto::v1::{Alert, Comparison};
use time::OffsetDateTime;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{FolderView, Removal, State, View, acknowledgements::News, recent::Recent};

/// Keeps `view` up to date until shutdown. Resolves when all that was there is loaded.
pub(crate) fn follow(
    view: &Arc<View>,
    bus: &Bus,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let folds = bus.folds(tracker, shutdown);
    let started = [
        folds.start(into(view, learn_folder)),
        folds.start(into(view, learn_picture)),
        folds.start(into(view, learn_reference)),
        folds.start(into(view, learn_comparison)),
        folds.start(into(view, learn_alert)),
        folds.start(into(view, learn_frame)),
        folds.start(into(view, learn_rule)),
        folds.start(into(view, learn_acknowledgement)),
        folds.start_at_the_first(into(view, learn_episode)),
    ];
    async move {
        for caught_up in started {
            caught_up.wait().await;
        }
    }
}

fn into<E: Event>(view: &Arc<View>, learn: fn(&View, Stored<E>)) -> impl FnMut(Stored<E>) + use<E> {
    let view = Arc::clone(view);
    move |stored| learn(&view, stored)
}

/// Fills in the last minutes, of which [`follow`] takes only the last comparison. Until it has, less is shown of them.
pub(crate) async fn recall(view: &View, bus: &Bus) {
    let begin = Begin::At(OffsetDateTime::now_utc() - Recent::REACH);
    let recalled = bus.past(None, begin, |stored| learn_recent(view, &stored));
    if let Err(error) = recalled.await {
        tracing::warn!(%error, "the comparisons of the last minutes cannot be read again");
    }
}

fn learn_folder(view: &View, stored: Stored<FolderChange>) {
    let Some(folder) = stored.key else { return };
    view.change(|state| {
        let known = state.folder(&folder);
        known.made = stored.event.0;
        if known.made {
            return;
        }
        known.removed = Some(Removal {
            at: stored.stored_at,
            sequence: stored.sequence,
        });
        // Its frames were discarded with it.
        known
            .frame
            .take_if(|frame| frame.stored_at < stored.stored_at);
    });
}

fn learn_picture(view: &View, stored: Stored<PictureChange>) {
    view.change(|state| {
        let pictures = &mut state.folder(&stored.key.folder).pictures;
        match stored.event.0 {
            Some(upload) => pictures.insert(stored.key.id, upload),
            None => pictures.remove(&stored.key.id),
        };
    });
}

fn learn_reference(view: &View, stored: Stored<ReferenceChange>) {
    let learnt = view.change(|state| state.replace(stored, |known| &mut known.reference));
    match learnt.as_ref().map(|stored| (&stored.key, &stored.event)) {
        Some((folder, ReferenceChange::Uploaded(upload))) => {
            view.live.announce("upload", folder, upload)
        }
        Some((folder, ReferenceChange::Removed(removed))) => {
            view.live.announce("upload-removed", folder, removed)
        }
        None => {}
    }
}

fn learn_comparison(view: &View, stored: Stored<Comparison>) {
    let learnt = view.change(|state| {
        state.folder(&stored.key).recent.learn(&stored.event);
        state.replace(stored, |known| &mut known.comparison)
    });
    if let Some(new) = learnt {
        view.live.announce("comparison", &new.key, &new.event);
    }
}

fn learn_recent(view: &View, stored: &Stored<Comparison>) {
    view.change(|state| state.folder(&stored.key).recent.learn(&stored.event));
}

fn learn_alert(view: &View, stored: Stored<Alert>) {
    let learnt = view.change(|state| state.replace(stored, |known| &mut known.alert));
    if let Some(new) = learnt {
        view.live.announce("alert", &new.key, &new.event);
    }
}

fn learn_frame(view: &View, stored: Stored<FrameArrival>) {
    view.change(|state| {
        let known = state.folder(&stored.key);
        if known
            .removed
            .is_none_or(|removed| removed.at < stored.stored_at)
        {
            known.frame = Some(stored);
        }
    });
}

fn learn_rule(view: &View, stored: Stored<RuleChange>) {
    view.change(|state| match stored.key {
        RuleScope::Default => {
            state.default_rule = stored.event.0;
            for known in state.folders.values_mut() {
                known.has_changed = true;
            }
        }
        RuleScope::Folder(folder) => state.folder(&folder).rule = stored.event.0,
    });
}

fn learn_acknowledgement(view: &View, stored: Stored<AcknowledgementChange>) {
    let news = view.change(|state| state.acknowledgements.learn(stored));
    let (name, acknowledgement) = match news {
        Some(News::Acknowledged(acknowledgement)) => ("acknowledged", acknowledgement),
        Some(News::TakenBack(acknowledgement)) => ("acknowledgement-removed", acknowledgement),
        None => return,
    };
    if let Ok(folder) = acknowledgement.folder.parse() {
        view.change(|state| {
            if let Some(known) = state.folders.get_mut(&folder) {
                known.has_changed = true;
            }
        });
        view.live.announce(name, &folder, &acknowledgement);
    }
}

fn learn_episode(view: &View, stored: Stored<Alert>) {
    view.change(|state| state.episodes.learn(stored));
}

impl State {
    /// To change what is known of a folder.
    fn folder(&mut self, folder: &Folder) -> &mut FolderView {
        let known = self.folders.entry(folder.clone()).or_default();
        known.has_changed = true;
        known
    }

    /// Takes in the latest event of a folder; `None` where it was known, as it is when a reconnect brings it again.
    fn replace<E: Event<Key = Folder> + Clone>(
        &mut self,
        stored: Stored<E>,
        place: fn(&mut FolderView) -> &mut Option<Stored<E>>,
    ) -> Option<Stored<E>> {
        let known = place(self.folder(&stored.key));
        let is_new = known.as_ref().is_none_or(|known| {
            (known.sequence, known.stored_at) != (stored.sequence, stored.stored_at)
        });
        *known = Some(stored.clone());
        is_new.then_some(stored)
    }
}
