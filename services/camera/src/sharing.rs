//! Which copy of the service connects to a camera, as the bucket `camera-turns` says it. Each camera has a turn of its own;
//! a copy that has fewer cameras than another asks it for one after another, until they have as many. When a turn may be taken is
//! left to the crate `turn-taking`.

mod balance;
mod turn;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use parking_lot::RwLock;

use event_bus::{Bus, CameraAsk, CameraTurn, CameraTurnChange, Expected, Folder, Latest};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use turn_taking::ABANDONED_AFTER;

use balance::{choose, counted};
pub(crate) use turn::{Over, Taken, Turn};

/// How often it is looked whether another copy has more cameras.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// How long a camera that was asked for may take to come.
const COMES_WITHIN: Duration = Duration::from_secs(8);
const COMES_LOOK: Duration = Duration::from_millis(200);

/// What this copy knows of all copies.
pub(crate) struct Sharing {
    bus: Bus,
    /// The name of this copy.
    copy: String,
    began: Instant,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    turns: BTreeMap<Folder, KnownTurn>,
    is_current: bool,
}

/// What is known of a camera's turn.
#[derive(Debug, Clone)]
struct KnownTurn {
    turn: CameraTurn,
    /// The change that says so.
    revision: u64,
    /// When it was taken back, since the camera is none any more, where that was heard as it happened.
    unset_at: Option<Instant>,
}

impl KnownTurn {
    /// Whether nobody has it. A camera that was removed is left alone for a while, since this copy may not know of the
    /// removal yet.
    fn is_free(&self) -> bool {
        let lately = self
            .unset_at
            .is_some_and(|at| at.elapsed() <= ABANDONED_AFTER);
        self.turn.holder.is_empty() && !lately
    }
}

impl Sharing {
    pub(crate) fn new(bus: &Bus) -> Self {
        Sharing {
            bus: bus.clone(),
            copy: uuid::Uuid::now_v7().to_string(),
            began: Instant::now(),
            known: RwLock::default(),
        }
    }

    /// Whether it is known who has which camera.
    pub(crate) fn is_current(&self) -> bool {
        self.read(|known| known.is_current)
    }

    /// Keeps it known, until shutdown.
    pub(crate) async fn follow(&self, shutdown: &CancellationToken) {
        let bus = &self.bus;
        bus.follow::<CameraTurnChange>(shutdown, |latest| self.learn(latest))
            .await;
    }

    /// Asks copies that have more cameras for some of those that are wanted here.
    pub(crate) async fn even_out(&self, wanted: watch::Receiver<BTreeSet<Folder>>) {
        loop {
            sleep(ASK_EVERY).await;
            let chosen = self.read(|known| {
                let wanted = wanted.borrow();
                choose(&known.turns, &self.copy, &wanted)
            });
            let Some((folder, seen, has)) = chosen else {
                continue;
            };
            let turn = CameraTurn {
                asked: Some(CameraAsk {
                    by: self.copy.clone(),
                    has,
                }),
                ..seen.turn
            };
            let turns = self.bus.camera_turns();
            let asking = turns.update(&folder, &turn, Expected(seen.revision));
            match timeout(COMES_WITHIN, asking).await {
                Ok(Ok(_)) => self.comes(&folder).await,
                Ok(Err(error)) => tracing::debug!(%folder, %error, "a camera is not asked for"),
                Err(_) => {}
            }
        }
    }

    /// Waits until a camera is ours, but not for long.
    async fn comes(&self, folder: &Folder) {
        let coming = async {
            while self
                .seen(folder)
                .is_none_or(|seen| seen.turn.holder != self.copy)
            {
                sleep(COMES_LOOK).await;
            }
        };
        timeout(COMES_WITHIN, coming).await.ok();
    }

    /// Whether the copy that asks has so many fewer cameras that this one gives one away.
    fn gives(&self, ask: &CameraAsk) -> bool {
        let ours = self.read(|known| counted(&known.turns, &self.copy));
        ask.by != self.copy && ours >= ask.has + 2
    }

    fn seen(&self, folder: &Folder) -> Option<KnownTurn> {
        self.read(|known| known.turns.get(folder).cloned())
    }

    fn read<T>(&self, what: impl FnOnce(&Known) -> T) -> T {
        what(&self.known.read())
    }

    fn learn(&self, latest: Latest<CameraTurnChange>) {
        let mut known = self.known.write();
        match latest {
            Latest::Event(stored) => {
                let is_live = known.is_current;
                let value = stored.event.value;
                let seen = KnownTurn {
                    unset_at: (value.is_none() && is_live).then(Instant::now),
                    turn: value.unwrap_or_default(),
                    revision: stored.sequence,
                };
                known.turns.insert(stored.key, seen);
            }
            Latest::Anew => {
                known.turns.clear();
                known.is_current = false;
            }
            Latest::CaughtUp => known.is_current = true,
        }
    }
}
