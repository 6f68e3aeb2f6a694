//! What streams and Redis hold in the end, folder by folder.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use event_bus::{Folder, ReferenceChange, Stored};
use proto::v1::{Alert, Comparison, Frame, Phase, Subject, Verdict};
use redis::AsyncCommands;
use tests::have_model;
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{
    cameras::Log,
    in_redis::{self, Entry},
    losses::Losses,
    site::{FOLDERS, Site, folder},
    undecided::{Announced, Undecided},
    witness::Witness,
};

/// What is there in the end.
pub(crate) struct History {
    pub(crate) folders: Vec<FolderHistory>,
    pub(crate) redis: InRedis,
    pub(crate) alerts: Vec<Stored<Alert>>,
}

/// What the streams have held of a folder, in their order.
#[derive(Default)]
pub(crate) struct FolderHistory {
    pub(crate) comparisons: Vec<Stored<Comparison>>,
    pub(crate) alerts: Vec<Stored<Alert>>,
    pub(crate) references: Vec<Stored<ReferenceChange>>,
    /// When those alerts were stored that were damaged while they were the last of the folder: who begins to read knows
    /// nothing of them.
    unreadable: HashSet<OffsetDateTime>,
}

pub(crate) struct InRedis {
    /// By key.
    pub(crate) strings: BTreeMap<String, String>,
    /// The ids and phases in the stream of alerts, in its order.
    pub(crate) alerts: Vec<Entry>,
}

/// A frame that a dead comparator had comes to another after its ack wait of 30 s.
const PATIENCE: Duration = Duration::from_secs(75);

impl History {
    /// Waits until every camera's last frame is judged and Redis follows the streams; gives up waiting after a while, so
    /// that the checks say what is wrong.
    pub(crate) async fn settled(
        witness: &Witness,
        site: &Site,
        sent: &[Log],
        losses: &Losses,
    ) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let history = Self::read(witness, site, losses).await;
            let undecided = Undecided::new(losses, witness.looks.all());
            if history.is_settled(sent, losses, &undecided) || Instant::now() > deadline {
                return history;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    async fn read(witness: &Witness, site: &Site, losses: &Losses) -> Self {
        let mut folders: Vec<FolderHistory> = Vec::new();
        folders.resize_with(FOLDERS, FolderHistory::default);
        // Watched cameras are another story.
        let index = |key: &Folder| key.as_str().strip_prefix("cam-")?.parse::<usize>().ok();
        for comparison in witness.comparisons.all() {
            if let Some(index) = index(&comparison.key) {
                folders[index].comparisons.push(comparison);
            }
        }
        for change in witness.references.all() {
            if let Some(index) = index(&change.key) {
                folders[index].references.push(change);
            }
        }
        let alerts = witness.alerts.all();
        let unreadable = losses.last_alerts_damaged();
        for alert in alerts.clone() {
            let (Some(index), Subject::View) = (index(&alert.key.folder), alert.key.subject) else {
                continue;
            };
            let of_folder = &mut folders[index];
            if unreadable.contains(&alert.stored_at) {
                of_folder.unreadable.insert(alert.stored_at);
            }
            of_folder.alerts.push(alert);
        }
        History {
            folders,
            redis: InRedis::read(site).await,
            alerts,
        }
    }

    /// The entries that Redis must have in its stream of alerts, but for those that somebody has removed.
    pub(crate) fn entries(&self, removed: &HashSet<Entry>) -> Vec<Entry> {
        let entries = self.alerts.iter().map(|alert| {
            let phase = alert.event.phase().word().to_owned();
            (alert.event.id.clone(), phase)
        });
        entries.filter(|entry| !removed.contains(entry)).collect()
    }

    fn is_settled(&self, sent: &[Log], losses: &Losses, undecided: &Undecided<'_>) -> bool {
        let is_settled = |(number, of_folder): (usize, &FolderHistory)| {
            let last = of_folder.comparisons.last().map(|last| &last.event);
            if last.is_none_or(|last| number_of(last.frame.as_ref()) + 1 != sent[number].len()) {
                return false;
            }
            let decided = of_folder.decided().last().map(|last| &last.event);
            let is_mismatch = decided.is_some_and(|last| last.verdict() == Verdict::Mismatch);
            let similarity = decided.and_then(|last| last.similarity);
            let key = format!("similarity_{}", folder(number));
            of_folder.may_be_firing(is_mismatch)
                && of_folder.has_look(undecided)
                && self.redis.strings.get(&key) == similarity.map(|it| it.to_string()).as_ref()
        };
        self.folders.iter().enumerate().all(is_settled)
            && self.redis.but_for(&losses.removed) == self.entries(&losses.removed)
    }
}

impl FolderHistory {
    /// The references that there have been, in their order.
    pub(crate) fn announced(&self) -> impl Iterator<Item = Announced<'_>> {
        self.references.iter().filter_map(|change| {
            let upload = change.event.reference()?;
            Some(Announced {
                upload,
                at: change.stored_at,
                used_at: self.used_at(&upload.id),
            })
        })
    }

    fn used_at(&self, reference: &str) -> Option<OffsetDateTime> {
        let with = |it: &Comparison| it.reference.as_ref().is_some_and(|it| it.id == reference);
        let decided = self.decided().filter(|it| with(&it.event));
        decided.map(|it| it.stored_at).min()
    }

    /// The comparisons that say how similar a frame is, in their order.
    pub(crate) fn decided(&self) -> impl DoubleEndedIterator<Item = &Stored<Comparison>> {
        self.comparisons.iter().filter(|it| is_decided(it))
    }

    /// Whether the look of the last reference is stored, or need not be.
    pub(crate) fn has_look(&self, undecided: &Undecided<'_>) -> bool {
        let last = self.announced().last();
        last.is_none_or(|last| {
            !have_model() || undecided.picture_lost_at(last).is_some() || undecided.has_look(last)
        })
    }

    /// Whether the alert may be in this state in the end.
    pub(crate) fn may_be_firing(&self, is_firing: bool) -> bool {
        self.may_be_firing_after(self.alerts.last(), is_firing)
    }

    /// The same after the last of these alerts. Of one that nobody can read any more it is not known.
    pub(crate) fn may_be_firing_after(
        &self,
        last: Option<&Stored<Alert>>,
        is_firing: bool,
    ) -> bool {
        let fires = last.is_some_and(|last| last.event.phase() == Phase::Firing);
        fires == is_firing || last.is_some_and(|last| self.is_unreadable(last))
    }

    pub(crate) fn is_unreadable(&self, alert: &Stored<Alert>) -> bool {
        self.unreadable.contains(&alert.stored_at)
    }
}

pub(crate) fn is_decided(comparison: &Stored<Comparison>) -> bool {
    comparison.event.verdict() != Verdict::Indeterminate
}

/// The camera's number of a frame: its clock counts them.
pub(crate) fn number_of(frame: Option<&Frame>) -> usize {
    let captured_at = frame.unwrap().captured_at.unwrap();
    captured_at.seconds.try_into().unwrap()
}

impl InRedis {
    async fn read(site: &Site) -> Self {
        let mut redis = in_redis::connection(site).await;
        let mut strings = BTreeMap::new();
        for pattern in ["similarity_*", "alert_*"] {
            for key in redis.keys::<_, Vec<String>>(pattern).await.unwrap() {
                if let Some(value) = redis.get::<_, Option<String>>(&key).await.unwrap() {
                    strings.insert(key, value);
                }
            }
        }
        InRedis {
            strings,
            alerts: in_redis::entries(&mut redis).await,
        }
    }

    /// The entries of alerts, without these.
    pub(crate) fn but_for(&self, removed: &HashSet<Entry>) -> Vec<Entry> {
        let entries = self.alerts.iter();
        let entries = entries.filter(|entry| !removed.contains(entry));
        entries.cloned().collect()
    }
}
