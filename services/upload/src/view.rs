//! What the service knows: folds over the streams and buckets, in memory. The folds alone write; whoever changes
//! something waits with [`View::until`] until its fold has it, so that the next request sees it.

mod acknowledgements;
mod episodes;
mod follow;
mod live;
mod pace;
mod recent;
mod rules;
mod summary;

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use event_bus::{Folder, FrameArrival, ReferenceChange, Stored};
use proto::{
    from_timestamp,
    v1::{Acknowledgement, Alert, Comparison, Rule, Upload},
};
use time::OffsetDateTime;
use tokio::{sync::watch, time::timeout};

pub(crate) use acknowledgements::Acknowledgements;
pub(crate) use episodes::{AlertQuery, Selection, UnknownEpisode};
pub(crate) use follow::{follow, recall};
pub(crate) use live::{Announcement, Live};
pub(crate) use pace::{Pace, Told, Turn};
pub(crate) use rules::RuleSources;
pub(crate) use summary::{FolderState, Summary};

use episodes::Episodes;
use pace::LastTold;
use recent::Recent;

/// A camera is sending, and a frame is current, for this long after the last one; frames are not kept longer either.
pub(crate) const FRAME_IS_CURRENT: time::Duration = time::Duration::minutes(5);

/// How long a change may take to come back through the broker.
const FOLD_PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct View {
    state: RwLock<State>,
    changes: watch::Sender<()>,
    live: Live,
    pace: Pace,
}

/// Everything, at one moment.
#[derive(Default)]
pub(crate) struct State {
    folders: BTreeMap<Folder, FolderView>,
    default_rule: Option<Rule>,
    episodes: Episodes,
    /// The last announcement of how folders stand.
    turn: Turn,
    acknowledgements: Acknowledgements,
}

/// What is known of one folder, whether it exists or not.
#[derive(Default)]
pub(crate) struct FolderView {
    made: bool,
    removed: Option<Removal>,
    pictures: BTreeMap<String, Upload>,
    reference: Option<Stored<ReferenceChange>>,
    comparison: Option<Stored<Comparison>>,
    alert: Option<Stored<Alert>>,
    frame: Option<Stored<FrameArrival>>,
    rule: Option<Rule>,
    recent: Recent,
    /// Since it was last told of.
    has_changed: bool,
    told: LastTold,
}

/// The last time that a folder was removed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Removal {
    at: OffsetDateTime,
    sequence: u64,
}

impl View {
    pub(crate) fn new() -> Self {
        View {
            state: RwLock::default(),
            changes: watch::Sender::new(()),
            live: Live::default(),
            pace: Pace::default(),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Waits until the folds have something; says whether they did in time.
    pub(crate) async fn until(&self, holds: impl Fn(&State) -> bool) -> bool {
        let mut changes = self.changes.subscribe();
        let waiting = async {
            while !holds(&self.read()) {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        timeout(FOLD_PATIENCE, waiting).await.is_ok()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_replace(());
        result
    }
}

impl State {
    /// A folder that exists: it was made, or a camera is sending to it.
    pub(crate) fn existing(&self, folder: &Folder) -> Option<&FolderView> {
        self.folders.get(folder).filter(|known| known.exists())
    }

    /// The folders that exist, `folder2` before `folder10`.
    pub(crate) fn folders(&self) -> Vec<Folder> {
        let mut folders: Vec<Folder> = self
            .folders
            .iter()
            .filter(|(_, known)| known.exists())
            .map(|(folder, _)| folder.clone())
            .collect();
        folders.sort_by_cached_key(natural_order);
        folders
    }

    /// Every folder with a picture or an event about one, whether it exists or not.
    pub(crate) fn folders_with_pictures(&self) -> Vec<Folder> {
        let concerned =
            |known: &FolderView| known.reference.is_some() || !known.pictures.is_empty();
        self.folders
            .iter()
            .filter(|(_, known)| concerned(known))
            .map(|(folder, _)| folder.clone())
            .collect()
    }

    /// A folder's stored pictures, by id and so by time; empty where it has none.
    pub(crate) fn pictures(&self, folder: &Folder) -> &BTreeMap<String, Upload> {
        static NONE: BTreeMap<String, Upload> = BTreeMap::new();
        self.folders
            .get(folder)
            .map_or(&NONE, |known| &known.pictures)
    }

    /// The rule that was set for exactly this folder.
    pub(crate) fn rule(&self, folder: &Folder) -> Option<Rule> {
        self.folders.get(folder)?.rule
    }

    pub(crate) fn default_rule(&self) -> Option<Rule> {
        self.default_rule
    }

    pub(crate) fn is_made(&self, folder: &Folder) -> bool {
        self.folders.get(folder).is_some_and(|known| known.made)
    }

    pub(crate) fn last_removal(&self, folder: &Folder) -> Option<Removal> {
        self.folders.get(folder)?.removed
    }

    /// The number of the last change of the folder's reference that was seen; 0 before the first.
    pub(crate) fn reference_sequence(&self, folder: &Folder) -> u64 {
        let change = self
            .folders
            .get(folder)
            .and_then(|known| known.reference.as_ref());
        change.map_or(0, |change| change.sequence)
    }

    /// The last change of the folder's reference.
    pub(crate) fn reference_change(&self, folder: &Folder) -> Option<&ReferenceChange> {
        let change = self.folders.get(folder)?.reference.as_ref()?;
        Some(&change.event)
    }

    /// The folder's reference from its latest change on.
    pub(crate) fn reference(&self, folder: &Folder) -> Option<&Upload> {
        self.folders.get(folder)?.reference()
    }

    /// What is known of the frame that a camera sent last, if that is not long ago; its bytes are empty.
    pub(crate) fn current_frame(&self, folder: &Folder) -> Option<&Stored<FrameArrival>> {
        self.folders.get(folder)?.current_frame()
    }

    pub(crate) fn alert(&self, id: &str) -> Option<&Alert> {
        self.episodes.get(id)
    }

    pub(crate) fn alerts(&self, query: &AlertQuery) -> Result<Selection, UnknownEpisode> {
        self.episodes.select(query, &self.acknowledgements)
    }

    pub(crate) fn acknowledgement(&self, alert: &str) -> Option<&Acknowledgement> {
        self.acknowledgements.get(alert)
    }

    pub(crate) fn acknowledgements(&self) -> &Acknowledgements {
        &self.acknowledgements
    }
}

impl FolderView {
    fn exists(&self) -> bool {
        self.made || self.current_frame().is_some()
    }

    fn reference(&self) -> Option<&Upload> {
        self.reference.as_ref()?.event.reference()
    }

    /// When the last frame was stored that is known of: itself, or as compared.
    pub(crate) fn last_frame_at(&self) -> Option<OffsetDateTime> {
        let seen = self.frame.as_ref().map(|frame| frame.stored_at);
        let compared = self.comparison.as_ref();
        let compared = compared.and_then(|stored| stored.event.frame.as_ref()?.stored_at);
        seen.max(compared.as_ref().and_then(from_timestamp))
    }

    fn current_frame(&self) -> Option<&Stored<FrameArrival>> {
        let oldest = OffsetDateTime::now_utc() - FRAME_IS_CURRENT;
        self.frame.as_ref().filter(|frame| frame.stored_at > oldest)
    }
}

/// What folders are sorted by: the number at the end of a name is split off.
pub(crate) fn natural_order(folder: &Folder) -> (String, u64, String) {
    let name = folder.as_str();
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[stem.len()..].parse().unwrap_or(0);
    (stem.to_owned(), number, name.to_owned())
}
