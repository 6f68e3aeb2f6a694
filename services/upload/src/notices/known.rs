//! What people were told of alerts, and what waits: a fold over the notifiers' buckets, in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use event_bus::{
    Bus, Latest, Notice, NoticeChange, NoticeKey, ReceiverName, Standing, Stored, Turn, TurnChange,
};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::followed::Followed;

/// How many notices are known: those that changed last. A notice that is being sent changes each time it is tried, at
/// least every hour.
const KEPT: usize = 10_000;

/// How many receivers are known.
const MOST_RECEIVERS: usize = 1000;

/// A notifier says every second or two that it sends to a receiver.
const SAID_WITHIN: Duration = Duration::from_secs(15);

/// What is known of messages to people.
#[derive(Default)]
pub(crate) struct Notices {
    by_key: HashMap<NoticeKey, (u64, Notice)>,
    by_change: BTreeMap<u64, NoticeKey>,
    turns: BTreeMap<ReceiverName, HeardTurn>,
}

/// What was last said of a receiver, and when we heard it. Only our own clock counts.
struct HeardTurn {
    turn: Turn,
    sequence: u64,
    heard_at: Instant,
}

/// Which notices are asked for.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) receiver: Option<ReceiverName>,
    pub(crate) folder: Option<String>,
    pub(crate) standing: Option<Standing>,
    /// Only those whose last change was before this one.
    pub(crate) before: Option<u64>,
    pub(crate) limit: usize,
}

/// A notice, to whom, and the number of its last change.
pub(crate) struct Listed {
    pub(crate) receiver: ReceiverName,
    pub(crate) notice: Notice,
    pub(crate) change: u64,
}

/// A part of the notices that match, the last changed first.
pub(crate) struct Selection {
    pub(crate) listed: Vec<Listed>,
    /// How many match in all.
    pub(crate) total: usize,
    /// Whether more follow.
    pub(crate) goes_on: bool,
}

/// What waits to be told to a receiver.
pub(crate) struct Waiting {
    pub(crate) receiver: ReceiverName,
    /// Whether a notifier sends to it.
    pub(crate) is_attended: bool,
    pub(crate) waiting: u64,
    pub(crate) held_by_rate: u64,
    pub(crate) held: u64,
    /// For how long it is left alone yet, and why.
    pub(crate) rests: Option<(Duration, String)>,
}

impl Notices {
    /// Keeps them up to date until shutdown. Resolves when all that was there is loaded.
    pub(crate) fn follow(
        this: &Arc<Followed<Self>>,
        bus: &Bus,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let folds = bus.folds(tracker, shutdown);
        let known = Arc::clone(this);
        let notices = folds.start_with(move |latest: Latest<NoticeChange>| match latest {
            Latest::Event(stored) => known.change(|known| known.learn(stored)),
            Latest::Anew => known.change(|known| {
                known.by_key.clear();
                known.by_change.clear();
            }),
            Latest::CaughtUp => {}
        });
        let known = Arc::clone(this);
        let turns = folds.start_with(move |latest: Latest<TurnChange>| match latest {
            Latest::Event(stored) => known.change(|known| known.learn_turn(stored)),
            Latest::Anew => known.change(|known| known.turns.clear()),
            Latest::CaughtUp => {}
        });
        async move {
            notices.wait().await;
            turns.wait().await;
        }
    }

    fn learn(&mut self, stored: Stored<NoticeChange>) {
        if let Some((before, _)) = self.by_key.remove(&stored.key) {
            self.by_change.remove(&before);
        }
        let Some(notice) = stored.event.value else {
            return;
        };
        self.by_change.insert(stored.sequence, stored.key.clone());
        self.by_key.insert(stored.key, (stored.sequence, notice));
        if self.by_change.len() > KEPT
            && let Some((_, oldest)) = self.by_change.pop_first()
        {
            self.by_key.remove(&oldest);
        }
    }

    fn learn_turn(&mut self, stored: Stored<TurnChange>) {
        let Some(turn) = stored.event.value else {
            self.turns.remove(&stored.key);
            return;
        };
        let known = self.turns.get(&stored.key);
        let is_known = known.is_some_and(|known| known.sequence == stored.sequence);
        let has_room = known.is_some() || self.turns.len() < MOST_RECEIVERS;
        if !is_known && has_room {
            let heard = HeardTurn {
                turn,
                sequence: stored.sequence,
                heard_at: Instant::now(),
            };
            self.turns.insert(stored.key, heard);
        }
    }

    /// What a receiver was told of an alert.
    pub(crate) fn get(&self, key: &NoticeKey) -> Option<&Notice> {
        self.by_key.get(key).map(|(_, notice)| notice)
    }

    /// Those that are asked for.
    pub(crate) fn select(&self, wanted: &Wanted) -> Selection {
        let all = self.by_change.iter().rev();
        let all = all.filter_map(|(change, key)| {
            let (_, notice) = self.by_key.get(key)?;
            wanted.means(key, notice).then_some((*change, key, notice))
        });
        let (mut total, mut listed, mut goes_on) = (0, Vec::new(), false);
        for (change, key, notice) in all {
            total += 1;
            if wanted.before.is_some_and(|before| change >= before) {
                continue;
            }
            if listed.len() == wanted.limit {
                goes_on = true;
                continue;
            }
            listed.push(Listed {
                receiver: key.receiver.clone(),
                notice: notice.clone(),
                change,
            });
        }
        Selection {
            listed,
            total,
            goes_on,
        }
    }

    /// What waits, receiver by receiver.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let turns = self.turns.iter();
        turns
            .map(|(receiver, heard)| {
                let ago = heard.heard_at.elapsed();
                let turn = &heard.turn;
                let rests = Duration::from_millis(turn.rests_ms).saturating_sub(ago);
                Waiting {
                    receiver: receiver.clone(),
                    is_attended: !turn.holder.is_empty() && ago < SAID_WITHIN,
                    waiting: turn.waiting,
                    held_by_rate: turn.held_by_rate,
                    held: turn.held,
                    rests: (!rests.is_zero()).then(|| (rests, turn.why.clone())),
                }
            })
            .collect()
    }
}

impl Wanted {
    fn means(&self, key: &NoticeKey, notice: &Notice) -> bool {
        let is_to = self.receiver.as_ref();
        let is_of = self.folder.as_ref();
        is_to.is_none_or(|receiver| *receiver == key.receiver)
            && is_of.is_none_or(|folder| *folder == notice.folder)
            && self.standing.is_none_or(|it| it == notice.standing())
    }
}
