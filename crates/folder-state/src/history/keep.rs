//! Keeps the last day of all folders in short: reads `COMPARISONS` in order, and writes parts into `HISTORY`.
//!
//! The parts themselves say where to go on. So this may be killed at any moment, and any number of copies may run at
//! once: each waits for a time of its own, and drops a part that another copy wrote first.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};

use event_bus::{
    Bus, Expected, Folder, Last, Latest, PublishError, ReadError, Reader, Stored, with_causes,
};
use futures::{StreamExt as _, stream};
use log_limiter::LogLimiter;
use proto::{
    from_timestamp,
    v1::{Comparison, HistoryPart},
};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    REACH,
    condense::{Condenser, Due, HistoryPace, Written},
};

/// How many comparisons are read at once, and the pause after a full batch. A copy that has a day to catch up with
/// leaves room for others this way.
const BATCH: usize = 1000;
const PAUSE: Duration = Duration::from_millis(50);

/// How often it is looked for parts to write.
const LOOK_AFTER: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(1);

/// How many parts are written at once.
const AT_ONCE: usize = 16;

/// Goes on until shutdown.
pub async fn keep_history(
    bus: &Bus,
    pace: HistoryPace,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) {
    let tails = Arc::new(Tails::default());
    let known = bus.folds(tracker, shutdown).start_with::<HistoryPart>({
        let tails = Arc::clone(&tails);
        move |latest| tails.learn(latest)
    });
    let mut keeper = Keeper::new(bus.clone(), pace, tails);
    let keeping = async {
        known.wait().await;
        loop {
            if let Err(error) = keeper.go_on().await {
                tracing::debug!(
                    error = with_causes(&error),
                    "the comparisons are read again"
                );
            }
            sleep(RETRY).await;
        }
    };
    shutdown.run_until_cancelled(keeping).await;
}

/// How far the parts of each folder reach.
#[derive(Default)]
struct Tails(Mutex<Reach>);

#[derive(Default)]
struct Reach {
    of_folders: HashMap<Folder, Tail>,
    /// All comparisons that were stored before this time are in parts, of every folder.
    all_before: Option<OffsetDateTime>,
    /// Grows when the stream lost what it had.
    losses: u64,
}

#[derive(Clone, Copy)]
struct Tail {
    /// `None` where the last part cannot be read.
    written: Option<Written>,
    expected: Expected,
}

impl Tails {
    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.0.lock()
    }

    fn learn(&self, latest: Latest<HistoryPart>) {
        let mut reach = self.reach();
        match latest {
            Latest::Event(stored) => reach.learn(&stored),
            Latest::Anew => reach.lose(),
            Latest::CaughtUp => {}
        }
    }
}

impl Reach {
    fn learn(&mut self, stored: &Stored<HistoryPart>) {
        let all_before = stored.event.all_before.as_ref().and_then(from_timestamp);
        self.all_before = self.all_before.max(all_before);
        let known = self.of_folders.get(&stored.key);
        if known.is_none_or(|known| known.expected.0 < stored.sequence) {
            let tail = Tail::of(stored);
            self.of_folders.insert(stored.key.clone(), tail);
        }
    }

    /// Takes in how a folder's subject ends, where that was not as expected.
    fn correct(&mut self, folder: &Folder, last: &Last<HistoryPart>, now: OffsetDateTime) {
        if let Some(stored) = &last.event {
            return self.learn(stored);
        }
        let known = self.written(folder);
        // What is a day old is forgotten, and that is as it should be.
        let is_lost =
            last.expected == Expected(0) && known.is_some_and(|known| known.through > now - REACH);
        let tail = Tail {
            written: known,
            expected: last.expected,
        };
        self.of_folders.insert(folder.clone(), tail);
        if is_lost {
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.of_folders.clear();
        self.all_before = None;
        self.losses += 1;
    }

    fn written(&self, folder: &Folder) -> Option<Written> {
        self.of_folders.get(folder)?.written
    }

    fn expected(&self, folder: &Folder) -> Expected {
        let known = self.of_folders.get(folder);
        known.map_or(Expected(0), |known| known.expected)
    }
}

impl Tail {
    fn of(stored: &Stored<HistoryPart>) -> Self {
        let through = stored.event.through.as_ref().and_then(from_timestamp);
        Tail {
            written: through.map(|through| Written {
                through,
                has_last: stored.event.last.is_some(),
            }),
            expected: Expected(stored.sequence),
        }
    }
}

struct Keeper {
    bus: Bus,
    tails: Arc<Tails>,
    condenser: Condenser,
    pace: HistoryPace,
    lag: time::Duration,
    /// How far the condenser has read; `None` where it is to begin. After 0 means that it has read nothing yet.
    position: Option<Position>,
    losses: u64,
    failures: LogLimiter,
}

/// A place in the stream of comparisons, as long as it is the one that was made then.
#[derive(Clone, Copy)]
struct Position {
    after: u64,
    made_at: OffsetDateTime,
}

impl Keeper {
    fn new(bus: Bus, pace: HistoryPace, tails: Arc<Tails>) -> Self {
        // From 0 to 1.
        let random = (RandomState::new().hash_one(()) >> 11) as f64 / (1_u64 << 53) as f64;
        let lag = pace.most_lag * random;
        Keeper {
            bus,
            tails,
            condenser: Condenser::new(pace, lag),
            pace,
            lag,
            position: None,
            losses: 0,
            failures: LogLimiter::default(),
        }
    }

    /// Reads and writes until it has to begin again.
    async fn go_on(&mut self) -> Result<(), ReadError> {
        let mut reader = self.reader().await?;
        let mut looked_at = Instant::now();
        loop {
            if self.condenser.is_full() {
                sleep(RETRY).await;
            } else {
                let batch = reader.next_batch(BATCH).await?;
                let is_behind = batch.len() >= BATCH;
                self.learn(&batch);
                if let Some(position) = &mut self.position {
                    position.after = batch.last().map_or(position.after, |last| last.sequence);
                }
                if is_behind {
                    sleep(PAUSE).await;
                }
            }
            if looked_at.elapsed() >= LOOK_AFTER {
                looked_at = Instant::now();
                if !self.write().await {
                    self.position = None;
                    return Ok(());
                }
            }
        }
    }

    /// Goes on where it was; where that is not known, or the stream is another one, where the parts end.
    async fn reader(&mut self) -> Result<Reader<Comparison>, ReadError> {
        if let Some(position) = self.position.filter(|position| position.after > 0) {
            let reader = self.bus.read(position.after).await?;
            if reader.made_at() == position.made_at && reader.begins_after() == position.after {
                return Ok(reader);
            }
        }
        self.condenser = Condenser::new(self.pace, self.lag);
        let (all_before, losses) = {
            let reach = self.tails.reach();
            (reach.all_before, reach.losses)
        };
        self.losses = losses;
        let reader = match all_before {
            Some(time) => self.bus.read_since(time).await?,
            None => self.bus.read(0).await?,
        };
        self.position = Some(Position {
            after: reader.begins_after(),
            made_at: reader.made_at(),
        });
        Ok(reader)
    }

    fn learn(&mut self, batch: &[Stored<Comparison>]) {
        let reach = self.tails.reach();
        for stored in batch {
            self.condenser.learn(stored, reach.written(&stored.key));
        }
    }

    /// Writes what is complete and not written yet. `false` where all is to be read again, from where the parts end.
    async fn write(&mut self) -> bool {
        if !self.drop_what_is_written() {
            return false;
        }
        let due = self.condenser.due();
        let this = &*self;
        let written = stream::iter(due).map(|due| this.write_one(due));
        written.buffer_unordered(AT_ONCE).collect::<()>().await;
        if let Some(all_before) = self.condenser.all_before() {
            let behind = OffsetDateTime::now_utc() - all_before;
            metrics::gauge!("framewatch_history_behind_seconds").set(behind.as_seconds_f64());
        }
        self.drop_what_is_written()
    }

    /// Drops what this or another copy has written.
    fn drop_what_is_written(&mut self) -> bool {
        let reach = self.tails.reach();
        if reach.losses != self.losses {
            return false;
        }
        let waiting: Vec<Folder> = self.condenser.waiting().cloned().collect();
        waiting.iter().all(|folder| {
            let written = reach.written(folder);
            written.is_none_or(|written| self.condenser.forget(folder, written).is_ok())
        })
    }

    async fn write_one(&self, due: Due) {
        if let Err(error) = self.try_write(&due).await {
            metrics::counter!("framewatch_history_failures_total").increment(1);
            if self.failures.is_due(&()) {
                tracing::warn!(
                    folder = %due.folder,
                    error = with_causes(&error),
                    "a part of the history is not written yet; more of them are only counted for a minute"
                );
            }
        }
    }

    async fn try_write(&self, due: &Due) -> Result<(), PublishError> {
        let expected = self.tails.reach().expected(&due.folder);
        let published = self.bus.publish_history(&due.folder, &due.part, expected);
        match published.await {
            Ok(sequence) => {
                metrics::counter!("framewatch_history_parts_total").increment(1);
                let tail = Tail {
                    written: Some(due.written),
                    expected: Expected(sequence),
                };
                let mut reach = self.tails.reach();
                reach.of_folders.insert(due.folder.clone(), tail);
                Ok(())
            }
            // Another copy was faster, or what was there is gone.
            Err(PublishError::Conflict) => {
                let last = self.bus.last::<HistoryPart>(&due.folder).await?;
                let mut reach = self.tails.reach();
                reach.correct(&due.folder, &last, OffsetDateTime::now_utc());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
