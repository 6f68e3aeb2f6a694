//! What the notifier knows: how each episode stands, what people say of it and of its folder, and who was told. It is
//! written by folds over streams and buckets, and by whoever has just stored something. Everybody reads it. No lock is
//! held across an await.

use std::collections::{BTreeMap, HashMap, HashSet};

use parking_lot::{RwLock, RwLockReadGuard};

use event_bus::{
    AcknowledgementChange, AlertKey, AlertSubject, Folder, FolderChange, FolderKey, Latest, Notice,
    NoticeChange, NoticeKey, ReceiverName, SilenceChange, SilenceKey, Stored, Turn, TurnChange,
};
use proto::v1::{Alert, Folder as Details, Phase, Silence, Subject};
use time::OffsetDateTime;
use tokio::sync::watch;

/// What is known, and a signal when it changes.
#[derive(Debug)]
pub(crate) struct Knowledge {
    known: RwLock<Known>,
    changes: watch::Sender<u64>,
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Those that fire, those whose end somebody is still to be told, and those that ended lately.
    pub(crate) episodes: BTreeMap<String, Episode>,
    subjects: HashMap<AlertSubject, LastAlert>,
    /// Whether all alerts in the stream are known.
    alerts_are_caught_up: bool,
    /// When the newest of them was stored.
    newest: Option<OffsetDateTime>,
    acknowledged: BTreeMap<u64, AlertKey>,
    acknowledgements: HashMap<AlertKey, u64>,
    details: HashMap<Folder, Details>,
    /// The folders that have a camera, as the watch over cameras knows them.
    cameras: HashSet<Folder>,
    silences: HashMap<SilenceKey, Silence>,
    pub(crate) notices: HashMap<NoticeKey, StoredNotice>,
    pub(crate) turns: HashMap<ReceiverName, StoredTurn>,
    /// As the simulation breaks it.
    #[cfg(test)]
    pub(crate) forgets_at_once: bool,
}

/// An episode.
#[derive(Debug, Clone)]
pub(crate) struct Episode {
    pub(crate) key: AlertKey,
    /// The alert that fired.
    pub(crate) alert: Alert,
    /// The one that says that it is over.
    pub(crate) ended: Option<Alert>,
    /// When the last of them was stored.
    pub(crate) since: OffsetDateTime,
}

/// The last alert of a subject.
#[derive(Debug)]
struct LastAlert {
    sequence: u64,
    id: String,
}

/// A notice, and the number of the change that says so.
#[derive(Debug, Clone)]
pub(crate) struct StoredNotice {
    pub(crate) notice: Notice,
    pub(crate) revision: u64,
}

/// Whose turn it is, and when and by which change that was said.
#[derive(Debug, Clone)]
pub(crate) struct StoredTurn {
    pub(crate) turn: Turn,
    pub(crate) revision: u64,
    pub(crate) stored_at: OffsetDateTime,
}

/// The cameras of a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) cameras: usize,
    /// How many of these cameras have an alert that fires.
    pub(crate) silent: usize,
}

impl Site {
    /// Fewer are not told as one thing, whatever part of the site they are.
    const FEWEST: usize = 3;

    /// Whether the site as a whole is out, rather than single cameras of it.
    pub(crate) fn is_out(self) -> bool {
        self.silent >= Self::FEWEST && 2 * self.silent >= self.cameras
    }
}

/// An episode is remembered until it ended this long before the newest alert. A message that it fires may be on its way
/// meanwhile. That is known only once it is stored, and comes by another stream.
const LATELY: time::Duration = time::Duration::MINUTE;

/// As many acknowledgements are known as the web page knows.
const MOST_ACKNOWLEDGEMENTS: usize = 10_000;

impl Default for Knowledge {
    fn default() -> Self {
        Knowledge {
            known: RwLock::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Knowledge {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read()
    }

    /// Says when something has changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Changes what no message depends on.
    pub(crate) fn change_quietly(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write());
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Known)) {
        self.change_quietly(change);
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Episode {
    /// Whether it fires or is over.
    pub(crate) fn phase(&self) -> Phase {
        match self.ended {
            None => Phase::Firing,
            Some(_) => Phase::Resolved,
        }
    }

    /// The last that was said of it.
    pub(crate) fn last(&self) -> &Alert {
        self.ended.as_ref().unwrap_or(&self.alert)
    }
}

impl Known {
    /// Whether what fires now is known.
    pub(crate) fn is_current(&self) -> bool {
        self.alerts_are_caught_up
    }

    pub(crate) fn details(&self, folder: &str) -> Details {
        let folder = folder.parse::<Folder>().ok();
        let details = folder.and_then(|folder| self.details.get(&folder));
        details.cloned().unwrap_or_default()
    }

    pub(crate) fn is_acknowledged(&self, episode: &AlertKey) -> bool {
        self.acknowledgements.contains_key(episode)
    }

    /// The silences that last at this time.
    pub(crate) fn silences(&self, now: OffsetDateTime) -> Vec<&Silence> {
        let silences = self.silences.values();
        silences.filter(|silence| silence.lasts_at(now)).collect()
    }

    /// The folders whose camera's alert fires.
    pub(crate) fn folders_without_camera(&self) -> HashSet<&str> {
        self.episodes
            .values()
            .filter(|it| it.ended.is_none() && it.alert.subject() == Subject::Camera)
            .map(|it| it.alert.folder.as_str())
            .collect()
    }

    /// For each site, how many cameras it has and how many of them have an alert that fires. Folders without a site are
    /// left out.
    pub(crate) fn sites(&self) -> HashMap<&str, Site> {
        let mut sites: HashMap<&str, Site> = HashMap::new();
        let without_camera = self.folders_without_camera();
        for (folder, details) in &self.details {
            let is_silent = without_camera.contains(folder.as_str());
            // One whose alert fires is one, whatever else is known of it.
            if details.site.is_empty() || !(is_silent || self.cameras.contains(folder)) {
                continue;
            }
            let site = sites.entry(&details.site).or_default();
            site.cameras += 1;
            site.silent += usize::from(is_silent);
        }
        sites
    }

    pub(crate) fn learn_camera(&mut self, folder: Folder) {
        self.cameras.insert(folder);
    }

    pub(crate) fn learn_alert(&mut self, latest: Latest<Alert>) {
        match latest {
            Latest::Event(stored) => self.learn_stored_alert(stored),
            Latest::Anew => {
                self.alerts_are_caught_up = false;
                self.subjects
                    .values_mut()
                    .for_each(|last| last.sequence = 0);
            }
            Latest::CaughtUp => {
                self.alerts_are_caught_up = true;
                self.forget_what_is_over();
            }
        }
    }

    fn learn_stored_alert(&mut self, stored: Stored<Alert>) {
        let mut alert = stored.event;
        // Nobody is told of these, and they are large.
        alert.patches = Default::default();
        let last = self.subjects.get(&stored.key);
        if last.is_some_and(|last| last.sequence >= stored.sequence) {
            return;
        }
        self.newest = self.newest.max(Some(stored.stored_at));
        // Where the end of an earlier episode was lost, it is over nevertheless.
        let before = last.map(|last| last.id.clone());
        if let Some(before) = before.filter(|before| *before != alert.id) {
            self.end(&before, ended_unseen(&alert), stored.stored_at);
        }
        let last = LastAlert {
            sequence: stored.sequence,
            id: alert.id.clone(),
        };
        self.subjects.insert(stored.key, last);
        match alert.phase() {
            Phase::Resolved => self.end(&alert.id.clone(), alert, stored.stored_at),
            _ => self.begin(alert, stored.stored_at),
        }
    }

    fn begin(&mut self, alert: Alert, since: OffsetDateTime) {
        let key = AlertKey::of_episode(&alert.id);
        self.episodes
            .entry(alert.id.clone())
            .or_insert_with(|| Episode {
                key,
                alert,
                ended: None,
                since,
            });
    }

    fn end(&mut self, id: &str, ended: Alert, since: OffsetDateTime) {
        let key = AlertKey::of_episode(id);
        let episode = self
            .episodes
            .entry(id.to_owned())
            .or_insert_with(|| Episode {
                key,
                alert: ended.clone(),
                ended: None,
                since,
            });
        if episode.ended.is_none() {
            episode.since = since;
            episode.ended = Some(Alert {
                id: id.to_owned(),
                ..ended
            });
        }
        if self.alerts_are_caught_up && Some(since) < self.forgets_before() && !self.is_open(id) {
            self.episodes.remove(id);
        }
    }

    /// Whether somebody has heard of an episode, or is hearing of it, and must still hear of its end.
    fn is_open(&self, id: &str) -> bool {
        let key = AlertKey::of_episode(id);
        self.notices
            .iter()
            .any(|(it, stored)| it.episode == key && is_open(&stored.notice))
    }

    /// Episodes that ended before this time are forgotten where nobody is to be told of them any more.
    fn forgets_before(&self) -> Option<OffsetDateTime> {
        #[cfg(test)]
        if self.forgets_at_once {
            return Some(OffsetDateTime::UNIX_EPOCH + time::Duration::days(100_000));
        }
        self.newest.and_then(|newest| newest.checked_sub(LATELY))
    }

    /// Forgets the episodes that have been over for a while and whose end everybody has heard.
    pub(crate) fn forget_what_is_over(&mut self) {
        if !self.alerts_are_caught_up {
            return;
        }
        let open: HashSet<AlertKey> = self
            .notices
            .iter()
            .filter(|(_, stored)| is_open(&stored.notice))
            .map(|(key, _)| key.episode.clone())
            .collect();
        let before = self.forgets_before();
        self.episodes.retain(|_, it| {
            it.ended.is_none() || open.contains(&it.key) || Some(it.since) >= before
        });
        let known: HashSet<&AlertKey> = self.episodes.values().map(|it| &it.key).collect();
        self.notices
            .retain(|key, stored| is_open(&stored.notice) || known.contains(&key.episode));
    }

    pub(crate) fn learn_notice(&mut self, latest: Latest<NoticeChange>) {
        match latest {
            Latest::Event(stored) => match stored.event.value {
                Some(notice) => self.learn_stored_notice(stored.key, notice, stored.sequence),
                None => {
                    self.notices.remove(&stored.key);
                }
            },
            // What is known still holds until the bucket says something.
            Latest::Anew => self.notices.values_mut().for_each(|it| it.revision = 0),
            Latest::CaughtUp => {}
        }
    }

    pub(crate) fn learn_stored_notice(&mut self, key: NoticeKey, notice: Notice, revision: u64) {
        let known = self.notices.get(&key);
        if known.is_none_or(|known| known.revision < revision) {
            self.notices.insert(key, StoredNotice { notice, revision });
        }
    }

    pub(crate) fn learn_turn(&mut self, latest: Latest<TurnChange>) {
        match latest {
            Latest::Event(stored) => {
                let turn = StoredTurn {
                    turn: stored.event.value.unwrap_or_default(),
                    revision: stored.sequence,
                    stored_at: stored.stored_at,
                };
                self.turns.insert(stored.key, turn);
            }
            // Whose turn it is and what the rate still counts holds on until the bucket says something.
            Latest::Anew => self.turns.values_mut().for_each(|it| it.revision = 0),
            Latest::CaughtUp => {}
        }
    }

    pub(crate) fn learn_silence(&mut self, latest: Latest<SilenceChange>) {
        match latest {
            Latest::Event(stored) => match stored.event.value {
                Some(silence) => {
                    self.silences.insert(stored.key, silence);
                }
                None => {
                    self.silences.remove(&stored.key);
                }
            },
            // What was silenced stays so until it ends, or somebody takes it back.
            Latest::Anew | Latest::CaughtUp => {}
        }
    }

    pub(crate) fn learn_folder(&mut self, stored: Stored<FolderChange>) {
        if let FolderKey::Folder(folder) = stored.key {
            match stored.event.value {
                Some(details) => self.details.insert(folder, details),
                None => self.details.remove(&folder),
            };
        }
    }

    pub(crate) fn learn_acknowledgement(&mut self, stored: Stored<AcknowledgementChange>) {
        if let Some(before) = self.acknowledgements.remove(&stored.key) {
            self.acknowledged.remove(&before);
        }
        if stored.event.value.is_some() {
            self.acknowledged
                .insert(stored.sequence, stored.key.clone());
            self.acknowledgements.insert(stored.key, stored.sequence);
        }
        if self.acknowledged.len() > MOST_ACKNOWLEDGEMENTS
            && let Some((_, oldest)) = self.acknowledged.pop_first()
        {
            self.acknowledgements.remove(&oldest);
        }
    }
}

/// Whether a message is on its way, or the receiver heard of the beginning and not yet of the end.
fn is_open(notice: &Notice) -> bool {
    notice.sending.is_some() || (notice.told_at.is_some() && notice.end_told_at.is_none())
}

/// The end of an episode that nobody saw end, since the next one of its subject fires.
fn ended_unseen(next: &Alert) -> Alert {
    Alert {
        folder: next.folder.clone(),
        subject: next.subject,
        phase: Phase::Resolved.into(),
        message: format!(
            "{}: the alert is over; how it ended is not known",
            next.folder
        ),
        resolved_at: next.fired_at,
        frame: next.frame.clone(),
        ..Alert::default()
    }
}

#[cfg(test)]
mod tests;
