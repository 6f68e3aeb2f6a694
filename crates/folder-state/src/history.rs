//! The comparisons of a folder's last day: drawn as a curve, and rehearsed under another rule.
//!
//! A folder is read when somebody asks for it, and kept for a while; the next question reads only what is new. All but the last
//! minutes are read in short, from `HISTORY`, which is kept in `keep`; the rest from `COMPARISONS`.

mod condense;
mod curve;
mod keep;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use alerting::PastFrame;
use comparison::Measured;
use event_bus::{Begin, Bus, Event, Folder, StoreError, Stored};
use proto::{
    EffectiveRule, Measure, from_timestamp,
    v1::{Alert, Comparison, HistoryPart, Reference},
};
use time::OffsetDateTime;
use tokio::{
    task::JoinError,
    time::{Instant, timeout},
};

pub use condense::HistoryPace;
pub use curve::{Curve, Point};
pub use keep::keep_history;

/// How far back a history reaches. Nothing older is kept.
pub const REACH: time::Duration = time::Duration::hours(24);

/// How many folders' histories are kept for the next question, and for how long.
const MOST_FOLDERS: usize = 16;
const KEPT_FOR: Duration = Duration::from_secs(300);

/// After how long it is read from the beginning again, whatever became of the stream meanwhile.
const READ_ANEW_AFTER: Duration = Duration::from_secs(600);

/// The most comparisons of one folder; where there are more, the newest. A comparison takes 56 bytes.
const MOST_COMPARISONS: usize = 1_000_000;

/// How long the broker may take to send what is new.
const PATIENCE: Duration = Duration::from_secs(8);

/// The folders that somebody has asked for lately.
pub struct Histories {
    bus: Bus,
    kept: Mutex<HashMap<Folder, Kept>>,
}

/// Why nothing can be said of a folder's last day.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// It may pass.
    #[error("there is no connection to NATS")]
    NotConnected,
    /// It may pass.
    #[error("no answer in time")]
    TooSlow,
    /// It may pass.
    #[error(transparent)]
    Broker(StoreError),
    /// A fault of the computation.
    #[error("a computation on a history ended unexpectedly")]
    Computation(#[source] JoinError),
}

struct Kept {
    history: Arc<tokio::sync::Mutex<History>>,
    began_at: Instant,
    asked_at: Instant,
}

/// What is known of a folder's last day, in the order of the stream.
#[derive(Default)]
pub struct History {
    comparisons: VecDeque<Compared>,
    references: Vec<Reference>,
    /// Whether the parts of `HISTORY` have been read.
    is_recalled: bool,
    /// When the last comparison was stored that is kept in short.
    recalled_to: Option<OffsetDateTime>,
    /// The number of the last comparison that was read from the stream itself.
    read_to: Option<u64>,
}

/// What would have happened on a folder's last day under another rule.
#[derive(Debug)]
pub struct Rehearsal {
    /// Oldest first.
    pub episodes: Vec<Alert>,
    /// How many comparisons they were made of.
    pub comparisons: usize,
    /// When the first frame of these was stored.
    pub since: Option<OffsetDateTime>,
}

/// A comparison, as far as curves and rehearsals need it.
#[derive(Debug, Clone, Copy)]
struct Compared {
    frame_stored_at: OffsetDateTime,
    measured: Measured,
    measure: Measure,
    threshold: f64,
    /// In the list of references.
    reference: u32,
}

impl Histories {
    /// Reads by this connection.
    pub fn new(bus: Bus) -> Self {
        Histories {
            bus,
            kept: Mutex::default(),
        }
    }

    /// Computes something of a folder's last day, on a thread for such work. What is new of it is read first, within 8 s.
    pub async fn of<T: Send + 'static>(
        &self,
        folder: &Folder,
        compute: impl FnOnce(&History) -> T + Send + 'static,
    ) -> Result<T, HistoryError> {
        let mut history = self.keep(folder).lock_owned().await;
        let oldest = OffsetDateTime::now_utc() - REACH;
        if !history.is_recalled {
            let mut recalled = History::default();
            let recall = |stored: Stored<HistoryPart>| recalled.recall(&stored.event);
            self.read(folder, Begin::At(oldest), recall).await?;
            recalled.is_recalled = true;
            *history = recalled;
        }
        let begin = match history.read_to {
            Some(sequence) => Begin::After(sequence),
            None => Begin::At(history.recalled_to.map_or(oldest, |at| at.max(oldest))),
        };
        let read = |stored: Stored<Comparison>| history.learn(&stored);
        self.read(folder, begin, read).await?;
        history.forget_before(OffsetDateTime::now_utc() - REACH);
        let computing = tokio::task::spawn_blocking(move || compute(&history));
        computing.await.map_err(HistoryError::Computation)
    }

    async fn read<E: Event<Key = Folder>>(
        &self,
        folder: &Folder,
        begin: Begin,
        learn: impl FnMut(Stored<E>),
    ) -> Result<(), HistoryError> {
        if !self.bus.is_connected() {
            return Err(HistoryError::NotConnected);
        }
        let past = self.bus.past(Some(folder), begin, learn);
        match timeout(PATIENCE, past).await {
            Ok(read) => read.map_err(HistoryError::Broker),
            Err(_) => Err(HistoryError::TooSlow),
        }
    }

    fn keep(&self, folder: &Folder) -> Arc<tokio::sync::Mutex<History>> {
        let mut all = self.kept.lock();
        let now = Instant::now();
        all.retain(|_, kept| {
            kept.asked_at + KEPT_FOR > now && kept.began_at + READ_ANEW_AFTER > now
        });
        if !all.contains_key(folder) && all.len() >= MOST_FOLDERS {
            let oldest = all.iter().min_by_key(|(_, kept)| kept.asked_at);
            if let Some(oldest) = oldest.map(|(folder, _)| folder.clone()) {
                all.remove(&oldest);
            }
        }
        let kept = all.entry(folder.clone()).or_insert_with(|| Kept {
            history: Arc::default(),
            began_at: now,
            asked_at: now,
        });
        kept.asked_at = now;
        Arc::clone(&kept.history)
    }
}

impl History {
    /// What would have happened under this rule. Only comparisons by the rule's measure count, and only those with the
    /// reference of this id.
    pub fn rehearse(&self, folder: &Folder, rule: &EffectiveRule, reference: &str) -> Rehearsal {
        let telling = || {
            let comparisons = self.comparisons.iter();
            comparisons.filter(|compared| {
                compared.measure == rule.measure && self.reference_of(compared).id == reference
            })
        };
        let seen = telling().map(|compared| PastFrame {
            frame_stored_at: compared.frame_stored_at,
            reference: self.reference_of(compared),
            measured: compared.measured,
        });
        Rehearsal {
            episodes: alerting::rehearse(folder.as_str(), rule, seen),
            comparisons: telling().count(),
            since: telling().next().map(|first| first.frame_stored_at),
        }
    }

    fn reference_of(&self, compared: &Compared) -> &Reference {
        &self.references[compared.reference as usize]
    }

    fn since(&self) -> Option<OffsetDateTime> {
        self.comparisons.front().map(|first| first.frame_stored_at)
    }

    /// Takes in a part of what is kept in short.
    fn recall(&mut self, part: &HistoryPart) {
        for comparison in part.comparisons() {
            self.take_in(&comparison);
        }
        let through = part.through.as_ref().and_then(from_timestamp);
        self.recalled_to = self.recalled_to.max(through);
    }

    /// Takes in what is not kept in short yet.
    fn learn(&mut self, stored: &Stored<Comparison>) {
        self.read_to = Some(stored.sequence);
        if self.recalled_to < Some(stored.stored_at) {
            self.take_in(&stored.event);
        }
    }

    fn take_in(&mut self, comparison: &Comparison) {
        let Some(measured) = Measured::of(comparison) else {
            return;
        };
        let measure = Measure::of(comparison.measure_word());
        let frame = comparison.frame.as_ref();
        let stored_at = frame.and_then(|frame| frame.stored_at);
        let Some(frame_stored_at) = stored_at.as_ref().and_then(from_timestamp) else {
            return;
        };
        if self.comparisons.len() == MOST_COMPARISONS {
            self.comparisons.pop_front();
        }
        let reference = self.reference(comparison.reference.clone().unwrap_or_default());
        self.comparisons.push_back(Compared {
            frame_stored_at,
            measured,
            measure,
            threshold: comparison.threshold,
            reference,
        });
    }

    fn reference(&mut self, reference: Reference) -> u32 {
        let known = self.references.iter().rposition(|it| *it == reference);
        let index = known.unwrap_or_else(|| {
            self.references.push(reference);
            self.references.len() - 1
        });
        u32::try_from(index).expect("there are fewer references than comparisons")
    }

    fn forget_before(&mut self, oldest: OffsetDateTime) {
        while self.since().is_some_and(|since| since < oldest) {
            self.comparisons.pop_front();
        }
    }
}
