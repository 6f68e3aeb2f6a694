//! What is known of folders: one fold over everything, written by its own tasks alone. Whoever changes something waits
//! with [`FolderStates::until`] until the fold has it, so that what is read next shows it.
//!
//! - `drifts`: how matching frames stand against the past.
//! - `follow`: what each event changes.
//! - `listing`: what folders are found, sorted and counted by.
//! - `normals`: the normal pictures of a folder.
//! - `proposals`: the frames that are proposed as such.
//! - `sizes`: how many there are, and how much their pictures take.
//! - `summary`: what is known of a folder, as clients see it.
//! - `unmade`: folders that nobody made, of which there are so many at most.
//! - `turns`: which folders have changed since when.
//! - `urgency`: which folder an eye should meet first.

mod drifts;
mod follow;
mod listing;
mod normals;
mod proposals;
mod sizes;
mod summary;
mod turns;
mod unmade;
mod urgency;

use std::{collections::BTreeMap, time::Duration};

use parking_lot::{RwLock, RwLockReadGuard};

use event_bus::{Folder, FrameArrival, ReferenceChange, Stored};
use proto::{
    from_timestamp,
    v1::{Acknowledgement, Alert, CameraState, Comparison, Folder as Details, Phase, Rule, Upload},
};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

pub use listing::{Listed, Version, fingerprint};
pub use normals::Normal;
pub use summary::{FolderState, Summary};
pub use turns::{Change, Changes, Turn};
pub use unmade::{MOST_UNMADE, UnmadeFolders};
pub use urgency::Urgency;

use crate::{
    acknowledgements::Acknowledgements,
    drift::Averaged,
    episodes::{AlertQuery, Episodes, Selection, UnknownEpisode},
    live::Live,
    recent::Recent,
};
use normals::Closest;
use turns::LastTold;

/// A camera is sending, and a frame is current, for this long after the last one; frames are not kept longer either.
pub const FRAME_IS_CURRENT: time::Duration = time::Duration::minutes(5);

/// So often may the usual gap between a camera's frames pass before its last one is not current, and tells nothing more.
const USUAL_GAPS: f64 = 5.0;

/// For so long after a frame it is taken that its view still looks the same; longer where the camera sends seldom.
const STILL_KNOWN: time::Duration = time::Duration::MINUTE;

/// How long frames may come without a comparison before people are told.
const COMPARED_WITHIN: time::Duration = time::Duration::seconds(10);

/// How long a change may take to come back through the broker.
const FOLD_PATIENCE: Duration = Duration::from_secs(5);

/// How all folders stand, kept up to date by [`follow`](FolderStates::follow); at first nothing is known.
#[derive(Default)]
pub struct FolderStates {
    known: RwLock<Known>,
    changes: watch::Sender<()>,
    alerted: Notify,
    live: Live,
}

/// Everything, at one moment.
#[derive(Default)]
pub struct Known {
    folders: BTreeMap<Folder, KnownFolder>,
    default_rule: Option<Rule>,
    episodes: Episodes,
    /// The last one that was taken.
    turn: Turn,
    acknowledgements: Acknowledgements,
    unmade: unmade::Unmade,
    /// How often anything that is known of folders was changed.
    changes: u64,
    /// The number of the last change of alerts.
    alerts_change: u64,
}

/// What is known of one folder, whether it exists or not.
#[derive(Default)]
pub struct KnownFolder {
    /// What people say of it, if it was made.
    made: Option<Details>,
    removed: Option<Removal>,
    pictures: BTreeMap<String, Upload>,
    stored_normals: BTreeMap<String, Upload>,
    stored_proposals: proposals::Stored,
    closest: Closest,
    reference: Option<Stored<ReferenceChange>>,
    comparison: Option<Stored<Comparison>>,
    /// When the last frame was stored by which its view could be judged, of those that were heard of.
    judged_at: Option<OffsetDateTime>,
    alert: Option<Stored<Alert>>,
    camera_alert: Option<Stored<Alert>>,
    frame: Option<Stored<FrameArrival>>,
    /// When the first frame came that is newer than the last one that was compared.
    uncompared_since: Option<OffsetDateTime>,
    camera: Option<CameraState>,
    rule: Option<Rule>,
    recent: Recent,
    averaged: Averaged,
    /// Since it was last told of.
    has_changed: bool,
    /// The number of the last change.
    change: u64,
    told: LastTold,
}

/// The last time that a folder was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    at: OffsetDateTime,
    sequence: u64,
}

impl FolderStates {
    /// At most this many folders that nobody made are taken in.
    pub fn with_unmade(most: usize) -> Self {
        let states = FolderStates::default();
        states.change_quietly(|known| known.allow_unmade(most));
        states
    }

    /// What is known now. The fold waits while this is held, so never hold it across an await.
    pub fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read()
    }

    /// Tells what happens, at the moment when it happens.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Waits until the fold has something; says whether it did within 5 s.
    pub async fn until(&self, holds: impl Fn(&Known) -> bool) -> bool {
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

    /// Waits until an alert has begun or ended since this was last waited for. Only one may wait.
    pub async fn alerted(&self) {
        self.alerted.notified().await;
    }

    /// Changes what nobody waits for.
    fn change_quietly<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        let result = self.change_quietly(change);
        self.changes.send_replace(());
        result
    }
}

impl Known {
    /// A folder that exists: it was made, or a camera is sending to it.
    pub fn existing(&self, folder: &Folder) -> Option<&KnownFolder> {
        self.folders.get(folder).filter(|known| known.exists())
    }

    /// The folders that exist, `folder2` before `folder10`.
    pub fn folders(&self) -> Vec<Folder> {
        let mut folders: Vec<Folder> = self
            .folders
            .iter()
            .filter(|(_, known)| known.exists())
            .map(|(folder, _)| folder.clone())
            .collect();
        folders.sort_by(|a, b| natural_order(a).cmp(&natural_order(b)));
        folders
    }

    /// Every folder with a picture or an event about one, whether it exists or not.
    pub fn folders_with_pictures(&self) -> Vec<Folder> {
        let concerned = |known: &KnownFolder| {
            known.reference.is_some()
                || !known.pictures.is_empty()
                || !known.stored_normals.is_empty()
                || !known.stored_proposals.is_empty()
        };
        self.folders
            .iter()
            .filter(|(_, known)| concerned(known))
            .map(|(folder, _)| folder.clone())
            .collect()
    }

    /// A folder's stored pictures, by id and so by time; empty where it has none.
    pub fn pictures(&self, folder: &Folder) -> &BTreeMap<String, Upload> {
        static NONE: BTreeMap<String, Upload> = BTreeMap::new();
        self.folders
            .get(folder)
            .map_or(&NONE, |known| &known.pictures)
    }

    /// The rule that was set for exactly this folder.
    pub fn rule(&self, folder: &Folder) -> Option<Rule> {
        self.folders.get(folder)?.rule.clone()
    }

    /// The rule that was set for all folders.
    pub fn default_rule(&self) -> Option<Rule> {
        self.default_rule.clone()
    }

    /// Whether somebody made the folder and nobody has removed it since.
    pub fn is_made(&self, folder: &Folder) -> bool {
        self.made(folder).is_some()
    }

    /// What people say of a folder that was made and not removed since.
    pub fn made(&self, folder: &Folder) -> Option<&Details> {
        self.folders.get(folder)?.made.as_ref()
    }

    /// The last time that it was removed.
    pub fn last_removal(&self, folder: &Folder) -> Option<Removal> {
        self.folders.get(folder)?.removed
    }

    /// The number of the last change of the folder's reference or normal pictures that was seen; 0 before the first.
    pub fn reference_sequence(&self, folder: &Folder) -> u64 {
        let change = self
            .folders
            .get(folder)
            .and_then(|known| known.reference.as_ref());
        change.map_or(0, |change| change.sequence)
    }

    /// The last change of the folder's reference or normal pictures.
    pub fn reference_change(&self, folder: &Folder) -> Option<&ReferenceChange> {
        let change = self.folders.get(folder)?.reference.as_ref()?;
        Some(&change.event)
    }

    /// The folder's reference from its latest change on.
    pub fn reference(&self, folder: &Folder) -> Option<&Upload> {
        self.folders.get(folder)?.reference()
    }

    /// The folder's last comparison.
    pub fn comparison(&self, folder: &Folder) -> Option<&Comparison> {
        Some(&self.folders.get(folder)?.comparison.as_ref()?.event)
    }

    /// The frame that a camera sent last, if that was not long ago; its bytes are empty.
    pub fn current_frame(&self, folder: &Folder) -> Option<&Stored<FrameArrival>> {
        self.folders.get(folder)?.current_frame()
    }

    /// The episode of this id, in its latest phase.
    pub fn alert(&self, id: &str) -> Option<&Alert> {
        self.episodes.get(id)
    }

    /// The episodes that a query asks for.
    pub fn alerts(&self, query: &AlertQuery) -> Result<Selection, UnknownEpisode> {
        self.episodes.select(query, &self.acknowledgements)
    }

    /// Another number each time that an alert fires or is over, or somebody takes one in hand or says something else of
    /// it.
    pub fn alerts_version(&self) -> u64 {
        self.alerts_change
    }

    /// How many of the latest alerts, of views and of cameras, fire while nobody has them in hand.
    pub fn unattended(&self) -> usize {
        let query = AlertQuery {
            phase: Some(Phase::Firing),
            acknowledged: Some(false),
            ..AlertQuery::default()
        };
        self.alerts(&query).map_or(0, |selection| selection.total)
    }

    /// Since when nothing is known of a folder's view, if that is so `now`: when the last frame was stored by which it could
    /// be judged.
    pub fn unknown_since(&self, folder: &Folder, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let known = self.folders.get(folder)?;
        known.seen_at().filter(|_| known.known_until() < Some(now))
    }

    /// Who has an alert in hand.
    pub fn acknowledgement(&self, alert: &str) -> Option<&Acknowledgement> {
        self.acknowledgements.get(alert)
    }

    /// Who has which alert in hand.
    pub fn acknowledgements(&self) -> &Acknowledgements {
        &self.acknowledgements
    }
}

impl KnownFolder {
    fn exists(&self) -> bool {
        // A camera that falls silent must not take its folder along.
        self.made.is_some()
            || self.current_frame().is_some()
            || self.firing_camera_alert().is_some()
    }

    /// What people say of it; empty where only a camera has made it known.
    pub fn details(&self) -> Details {
        self.made.clone().unwrap_or_default()
    }

    fn reference(&self) -> Option<&Upload> {
        self.reference.as_ref()?.event.reference()
    }

    /// When the last frame was stored that is known of: itself, or as compared.
    pub fn last_frame_at(&self) -> Option<OffsetDateTime> {
        let seen = self.frame.as_ref().map(|frame| frame.stored_at);
        let compared = self.comparison.as_ref();
        let compared = compared.and_then(|stored| stored.event.frame.as_ref()?.stored_at);
        seen.max(compared.as_ref().and_then(from_timestamp))
    }

    /// Longer than [`FRAME_IS_CURRENT`] where the camera sends so seldom.
    fn frame_is_current_for(&self) -> time::Duration {
        let camera = self.camera.as_ref();
        let silent_after = camera.and_then(|camera| camera.silent_after_seconds);
        let silent_after = silent_after.map(time::Duration::saturating_seconds_f64);
        let usual = silent_after.or_else(|| self.usual_gaps());
        usual.map_or(FRAME_IS_CURRENT, |usual| usual.max(FRAME_IS_CURRENT))
    }

    /// The time in which its camera usually sends [`USUAL_GAPS`] frames; `None` where nobody knows yet.
    fn usual_gaps(&self) -> Option<time::Duration> {
        let usual = self.camera.as_ref()?.interval_seconds?;
        Some(time::Duration::saturating_seconds_f64(usual * USUAL_GAPS))
    }

    /// When the last frame was stored by which its view could be judged: of those that were compared and read, or that of
    /// its last alert.
    fn seen_at(&self) -> Option<OffsetDateTime> {
        let alert = self.alert.as_ref();
        let alerted = alert.and_then(|stored| stored.event.frame.as_ref()?.stored_at);
        let alerted = alerted.as_ref().and_then(from_timestamp);
        self.judged_at.max(alerted)
    }

    /// Until when it is taken that its view looks as it did then.
    fn known_until(&self) -> Option<OffsetDateTime> {
        let known_for = self.usual_gaps().max(Some(STILL_KNOWN))?;
        Some(self.seen_at()?.saturating_add(known_for))
    }

    fn current_frame(&self) -> Option<&Stored<FrameArrival>> {
        let oldest = OffsetDateTime::now_utc() - self.frame_is_current_for();
        self.frame.as_ref().filter(|frame| frame.stored_at > oldest)
    }
}

/// The order in which folders are sorted: the number at the end of a name counts as a number.
pub fn natural_order(folder: &Folder) -> (&str, u64, &str) {
    let name = folder.as_str();
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[stem.len()..].parse().unwrap_or(0);
    (stem, number, name)
}
