//! What pages are told: the state of folders, whenever that has changed. It comes in turns of a second, or sooner where
//! an alert begins or ends. Here a turn of `folder-state` becomes server-sent events, formatted once for all viewers.
//! `standings` decides who is sent them.

use std::{
    mem::replace,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use event_bus::Folder;
use folder_state::{Change, Changes, FolderStates, Listed, Turn, fingerprint};
use tokio::{
    sync::{Mutex, broadcast, watch},
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// One turn: as server-sent events.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) turn: Turn,
    /// One event a folder.
    pub(crate) folders: Arc<[(Folder, Bytes)]>,
    /// All of them together.
    pub(crate) all: Bytes,
    /// How many alerts nobody has in hand, as an event; empty where that has not changed.
    pub(crate) unattended: Bytes,
}

/// The state of all folders at the end of a turn.
#[derive(Clone, Default)]
pub(crate) struct Turned {
    /// Another text as soon as folders come, go, or stand otherwise among the others; `None` while nobody asks.
    pub(crate) listed: Option<String>,
    /// How many alerts nobody has in hand.
    pub(crate) unattended: usize,
}

/// How all folders stand that were told of after a turn.
#[derive(Clone)]
pub(super) struct Missed {
    seen: Turn,
    /// Up to which turn it tells.
    pub(super) turn: Turn,
    pub(super) all: Bytes,
}

/// What pages are told as it happens.
pub(crate) struct Pace {
    states: Arc<FolderStates>,
    /// Tells this process from others and from earlier ones, whose turns mean something else.
    epoch: String,
    told: broadcast::Sender<Told>,
    /// What was made last for viewers who had missed something.
    missed: Mutex<Option<Missed>>,
    turned: watch::Sender<Turned>,
    ended: watch::Sender<usize>,
}

const TURN: Duration = Duration::from_secs(1);
/// So long lies between two turns, however many alerts there are.
const SHORTEST_TURN: Duration = Duration::from_millis(200);

/// How many turns a viewer may lag behind. It then catches up with what has changed since.
const CAPACITY: usize = 8;

impl Pace {
    pub(crate) fn new(states: Arc<FolderStates>) -> Self {
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Pace {
            states,
            epoch: format!("{:x}", started.as_nanos()),
            told: broadcast::Sender::new(CAPACITY),
            missed: Mutex::default(),
            turned: watch::Sender::default(),
            ended: watch::Sender::default(),
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    /// The ends of turns, the last one now.
    pub(crate) fn turns(&self) -> watch::Receiver<Turned> {
        self.turned.subscribe()
    }

    /// The ends of turns, each with how many alerts nobody has in hand.
    pub(crate) fn ends_of_turns(&self) -> watch::Receiver<usize> {
        self.ended.subscribe()
    }

    /// The name of a turn: what a viewer that has seen it says when it comes back.
    pub(crate) fn position(&self, turn: Turn) -> String {
        format!("{}-{turn}", self.epoch)
    }

    /// The turn of a position; the first one where the position is of another process.
    pub(crate) fn turn(&self, position: &str) -> Turn {
        let own = position
            .strip_prefix(&self.epoch)
            .and_then(|rest| rest.strip_prefix('-'));
        own.and_then(|turn| turn.parse().ok()).unwrap_or(0)
    }

    /// Tells of changes until shutdown.
    pub(crate) async fn keep(&self, shutdown: CancellationToken) {
        let mut unattended = 0;
        while shutdown
            .run_until_cancelled(self.turn_is_due())
            .await
            .is_some()
        {
            let mut told = self.tell(&self.states.take_turn());
            let before = replace(&mut unattended, self.states.read().unattended());
            if before != unattended {
                told.unattended = unattended_event(unattended);
            }
            self.turned.send_replace(Turned {
                listed: self.listed(),
                unattended,
            });
            self.ended.send_replace(unattended);
            let is_news = !told.folders.is_empty() || !told.unattended.is_empty();
            if is_news && self.told.send(told).is_err() {
                tracing::trace!("nobody is looking");
            }
        }
    }

    fn listed(&self) -> Option<String> {
        let is_wanted = self.turned.receiver_count() > 0;
        is_wanted.then(|| listed(&self.states.read().listing()))
    }

    async fn turn_is_due(&self) {
        sleep(SHORTEST_TURN).await;
        let rest = TURN - SHORTEST_TURN;
        if timeout(rest, self.states.alerted()).await.is_ok() {
            tracing::trace!("an alert ends this turn early");
        }
    }

    /// What a viewer of one folder that has seen all turns up to `seen` has missed, and the last turn.
    pub(super) fn told_since(&self, seen: Turn, only: &Folder) -> (Turn, Bytes) {
        let told = self.tell(&self.states.changes_since(seen, Some(only)));
        (told.turn, told.all)
    }

    /// What a viewer of all folders has missed. Of ten thousand folders that takes milliseconds to make. So it is made off the
    /// threads that answer requests, for one viewer at a time, and once for all who come in the same turn.
    pub(super) async fn missed_since(self: Arc<Self>, seen: Turn) -> Missed {
        let mut last = self.missed.lock().await;
        if let Some(missed) = last.as_ref()
            && missed.seen == seen
            && missed.turn == self.states.turn()
        {
            return missed.clone();
        }
        let pace = Arc::clone(&self);
        let make = move || pace.tell(&pace.states.changes_since(seen, None));
        let told = spawn_blocking(make).await.expect("telling does not panic");
        let missed = Missed {
            seen,
            turn: told.turn,
            all: told.all,
        };
        last.insert(missed).clone()
    }

    /// How many alerts nobody has in hand, as an event.
    pub(crate) fn unattended(&self) -> Bytes {
        unattended_event(self.states.read().unattended())
    }

    fn tell(&self, changes: &Changes) -> Told {
        let position = self.position(changes.turn);
        let events = changes.folders.iter();
        let folders: Vec<(Folder, Bytes)> = events
            .map(|change| (change.folder.clone(), event(change, &position)))
            .collect();
        let events: Vec<&[u8]> = folders.iter().map(|(_, event)| &event[..]).collect();
        let all = events.concat();
        Told {
            turn: changes.turn,
            folders: folders.into(),
            all: all.into(),
            unattended: Bytes::new(),
        }
    }
}

/// Another text as soon as folders come, go, or stand otherwise by what they are found, counted, or sorted by urgency by.
pub(crate) fn listed(listing: &[Listed]) -> String {
    format!("{:x}", fingerprint(listing))
}

fn unattended_event(count: usize) -> Bytes {
    format!("event: unattended\ndata: {{\"count\":{count}}}\n\n").into()
}

/// The event that tells a folder's state, or that the folder is gone.
fn event(change: &Change, position: &str) -> Bytes {
    let (name, data) = match &change.summary {
        Some(summary) => ("folder", serde_json::to_string(summary)),
        None => (
            "folder-removed",
            serde_json::to_string(&serde_json::json!({ "folder": change.folder.as_str() })),
        ),
    };
    let data = data.expect("a summary has nothing that JSON cannot say");
    format!("id: {position}\nevent: {name}\ndata: {data}\n\n").into()
}
