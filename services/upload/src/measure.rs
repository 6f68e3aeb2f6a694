//! What Prometheus is told from time to time: of folders, and of the broker's disk.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use event_bus::{Bus, Folder};
use folder_state::{FolderState, FolderStates};
use log_limiter::LogLimiter;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);

/// Goes on until shutdown. Of so many folders metrics are kept at most.
pub(crate) async fn measure(
    states: &FolderStates,
    bus: &Bus,
    most: usize,
    shutdown: &CancellationToken,
) {
    let mut ticks = interval(EVERY);
    let mut measured = Measured::new(most);
    let dropped = LogLimiter::default();
    let mut last = Instant::now();
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        folders(states, &mut measured);
        unmade(states, &dropped);
        count_indeterminate(states, last.elapsed());
        last = Instant::now();
        storage(bus).await;
    }
}

/// The folders that have metrics of their own. A time series cannot be taken back, so one that was begun keeps its place.
struct Measured {
    most: usize,
    begun: BTreeSet<Folder>,
    /// Those that were there the last time.
    known: BTreeSet<Folder>,
}

impl Measured {
    fn new(most: usize) -> Self {
        Measured {
            most,
            begun: BTreeSet::new(),
            known: BTreeSet::new(),
        }
    }

    /// Gives places to as many of these as there are places for; how many have none.
    fn begin(&mut self, folders: &[Folder]) -> usize {
        let mut without = 0;
        for folder in folders {
            if self.begun.contains(folder) {
                continue;
            }
            match self.begun.len() < self.most {
                true => {
                    self.begun.insert(folder.clone());
                }
                false => without += 1,
            }
        }
        without
    }
}

/// Tells of every folder that has metrics, and how many have not.
fn folders(states: &FolderStates, measured: &mut Measured) {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    let state = states.read();
    let folders = state.folders();
    // Those that somebody made come first.
    let (made, unmade): (Vec<_>, Vec<_>) = folders
        .iter()
        .cloned()
        .partition(|folder| state.is_made(folder));
    let without = measured.begin(&made) + measured.begin(&unmade);
    metrics::gauge!("framewatch_folders_without_metrics").set(without as f64);
    for (folder, known) in folders
        .iter()
        .filter_map(|folder| Some((folder, state.existing(folder)?)))
    {
        *counts.entry(known.state().slug()).or_default() += 1;
        if !measured.begun.contains(folder) {
            continue;
        }
        if let Some(at) = known.last_frame_at() {
            last_frame(folder).set(at.unix_timestamp() as f64);
        }
        if let Some(drift) = state.drift(folder) {
            drift_of(folder).set(drift.drift);
        }
    }
    drop(state);
    for word in FolderState::ALL.map(FolderState::slug) {
        let count = counts.get(word).copied().unwrap_or_default();
        metrics::gauge!("framewatch_folders", "state" => word).set(count);
    }
    // No alert fires on one that is not a number.
    let folders: BTreeSet<_> = folders.into_iter().collect();
    let gone = measured.known.difference(&folders);
    for gone in gone.filter(|gone| measured.begun.contains(*gone)) {
        last_frame(gone).set(f64::NAN);
        drift_of(gone).set(f64::NAN);
    }
    measured.known = folders;
}

/// Tells of folders that nobody made, and says where what is sent to further ones is dropped.
fn unmade(states: &FolderStates, complaints: &LogLimiter) {
    let unmade = states.read().unmade_folders();
    metrics::gauge!("framewatch_unmade_folders").set(unmade.count as f64);
    metrics::counter!("framewatch_unmade_folders_dropped_total").absolute(unmade.dropped);
    if unmade.are_dropped && complaints.is_due(&()) {
        tracing::warn!(
            most = unmade.most,
            dropped = unmade.dropped,
            "cameras send to more folders that nobody made than may be (--max-unmade-folders): what comes for further ones is dropped; make \
             those that are wanted, and remove the others on the page of all folders"
        );
    }
}

/// Counts for how long folders were indeterminate, in whole seconds.
fn count_indeterminate(states: &FolderStates, lasted: Duration) {
    let state = states.read();
    let folders = state.folders();
    let known = folders.iter().filter_map(|folder| state.existing(folder));
    let indeterminate = known.filter(|known| known.state() == FolderState::Indeterminate);
    let seconds = lasted.as_secs_f64().round() as u64;
    metrics::counter!("framewatch_indeterminate_seconds_total")
        .increment(seconds * indeterminate.count() as u64);
}

fn last_frame(folder: &Folder) -> metrics::Gauge {
    metrics::gauge!("framewatch_folder_last_frame_timestamp_seconds", "folder" => folder.to_string())
}

fn drift_of(folder: &Folder) -> metrics::Gauge {
    metrics::gauge!("framewatch_folder_drift", "folder" => folder.to_string())
}

async fn storage(bus: &Bus) {
    match bus.storage().await {
        Ok(storage) => {
            metrics::gauge!("framewatch_nats_storage_bytes").set(storage.bytes as f64);
            if let Some(limit) = storage.limit {
                metrics::gauge!("framewatch_nats_storage_limit_bytes").set(limit as f64);
            }
        }
        Err(error) => tracing::debug!(%error, "cannot ask how much the broker holds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_has_metrics_keeps_them_and_no_more_begin_than_may() {
        let folder = |number: u32| -> Folder { format!("folder{number}").parse().unwrap() };
        let mut measured = Measured::new(2);
        assert_eq!(measured.begin(&[folder(1)]), 0);
        assert_eq!(measured.begin(&[folder(2), folder(3), folder(1)]), 1);
        assert_eq!(measured.begin(&[folder(4), folder(2)]), 1);
        assert_eq!(measured.begun, BTreeSet::from([folder(1), folder(2)]));
    }
}
