//! What Prometheus is told from time to time: of folders, and of the broker's disk.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use event_bus::{Bus, Folder};
use folder_state::{FolderState, FolderStates};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);

/// Goes on until shutdown.
pub(crate) async fn measure(states: &FolderStates, bus: &Bus, shutdown: &CancellationToken) {
    let mut ticks = interval(EVERY);
    let mut known = BTreeSet::new();
    let mut last = Instant::now();
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        known = folders(states, &known);
        count_indeterminate(states, last.elapsed());
        last = Instant::now();
        storage(bus).await;
    }
}

/// Tells of every folder; gives them, to be known the next time.
fn folders(states: &FolderStates, known: &BTreeSet<Folder>) -> BTreeSet<Folder> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    let folders: BTreeSet<_> = {
        let state = states.read();
        let folders = state.folders();
        for (folder, known) in folders
            .iter()
            .filter_map(|folder| Some((folder, state.existing(folder)?)))
        {
            *counts.entry(known.state().slug()).or_default() += 1;
            if let Some(at) = known.last_frame_at() {
                last_frame(folder).set(at.unix_timestamp() as f64);
            }
            if let Some(drift) = state.drift(folder) {
                drift_of(folder).set(drift.drift);
            }
        }
        folders.into_iter().collect()
    };
    for word in FolderState::ALL.map(FolderState::slug) {
        let count = counts.get(word).copied().unwrap_or_default();
        metrics::gauge!("framewatch_folders", "state" => word).set(count);
    }
    // A time series cannot be taken back; no alert fires on one that is not a number.
    for gone in known.difference(&folders) {
        last_frame(gone).set(f64::NAN);
        drift_of(gone).set(f64::NAN);
    }
    folders
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
