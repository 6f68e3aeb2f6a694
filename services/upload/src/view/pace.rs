//! What pages are told: how folders stand, whenever that has changed, but of each at most once a second. Cameras may send
//! hundreds of frames a second, which nobody could look at.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use event_bus::Folder;
use tokio::{
    sync::broadcast,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::{FolderState, FolderView, State, View};

/// Announcements are numbered. The number that a folder carries is that of the first one that tells of its last change.
pub(crate) type Turn = u64;

/// One announcement: as server-sent events, formatted once for all viewers.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) turn: Turn,
    /// One event a folder.
    pub(crate) folders: Arc<[(Folder, Bytes)]>,
    /// All of them together.
    pub(crate) all: Bytes,
}

/// What pages are told as it happens.
pub(crate) struct Pace {
    /// Tells this process from others and from earlier ones, whose turns mean something else.
    epoch: String,
    told: broadcast::Sender<Told>,
}

/// What of a folder was last told, and when.
#[derive(Default)]
pub(super) struct LastTold {
    turn: Turn,
    state: Option<FolderState>,
}

const TURN: Duration = Duration::from_secs(1);

/// Folders of one announcement. Where more have changed, those whose state has come first, then those that waited
/// longest.
const MOST_FOLDERS: usize = 100;

/// How far a viewer may lag; it then catches up with what has changed since.
const CAPACITY: usize = 8;

impl Default for Pace {
    fn default() -> Self {
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Pace {
            epoch: format!("{:x}", started.as_nanos()),
            told: broadcast::Sender::new(CAPACITY),
        }
    }
}

impl Pace {
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
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
}

impl View {
    /// The last announcement that was made.
    pub(crate) fn position(&self) -> String {
        self.pace.position(self.read().turn)
    }

    /// Announces changes until shutdown.
    pub(crate) async fn keep_pace(&self, shutdown: CancellationToken) {
        let mut ticks = interval(TURN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            let told = self.change(|state| state.take_turn(&self.pace));
            if !told.folders.is_empty() && self.pace.told.send(told).is_err() {
                tracing::trace!("nobody is looking");
            }
        }
    }

    /// What a viewer has missed that has seen all up to the announcement `seen`; and the last announcement.
    pub(crate) fn told_since(&self, seen: Turn, only: Option<&Folder>) -> (Turn, Bytes) {
        let state = self.read();
        let turn = state.turn;
        let mut events = Vec::new();
        for (folder, known) in &state.folders {
            if known.told.turn > seen && only.is_none_or(|only| only == folder) {
                events.extend_from_slice(&state.event(folder, &self.pace.position(turn)));
            }
        }
        (turn, events.into())
    }
}

impl State {
    fn take_turn(&mut self, pace: &Pace) -> Told {
        let turn = self.turn + 1;
        let mut changed: Vec<(bool, Turn, Folder)> = Vec::new();
        for (folder, known) in &mut self.folders {
            let state = known.shown_state();
            let is_told_of = state.is_some() || known.told.state.is_some();
            let state_changed = known.told.state != state;
            if is_told_of && (state_changed || known.has_changed) {
                changed.push((!state_changed, known.told.turn, folder.clone()));
            }
        }
        if changed.len() > MOST_FOLDERS {
            changed.sort();
            changed.truncate(MOST_FOLDERS);
        }
        self.turn = turn;
        let position = pace.position(turn);
        let mut folders = Vec::with_capacity(changed.len());
        for (_, _, folder) in changed {
            let event = self.event(&folder, &position);
            if let Some(known) = self.folders.get_mut(&folder) {
                known.has_changed = false;
                known.told = LastTold {
                    turn,
                    state: known.shown_state(),
                };
            }
            folders.push((folder, event));
        }
        let events: Vec<&[u8]> = folders.iter().map(|(_, event)| &event[..]).collect();
        let all = events.concat();
        Told {
            turn,
            folders: folders.into(),
            all: all.into(),
        }
    }

    /// How a folder stands, or that it is gone.
    fn event(&self, folder: &Folder, position: &str) -> Bytes {
        let (name, data) = match self.summary(folder) {
            Some(summary) => ("folder", serde_json::to_string(&summary)),
            None => (
                "folder-removed",
                serde_json::to_string(&serde_json::json!({ "folder": folder.as_str() })),
            ),
        };
        let data = data.expect("a summary has nothing that JSON cannot say");
        format!("id: {position}\nevent: {name}\ndata: {data}\n\n").into()
    }
}

impl FolderView {
    fn shown_state(&self) -> Option<FolderState> {
        self.exists().then(|| self.state())
    }
}
