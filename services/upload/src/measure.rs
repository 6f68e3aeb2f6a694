//! What Prometheus is told from time to time: of folders, and of the broker's disk and memory.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use event_bus::{Bus, Folder, FramesHeld};
use folder_state::{FolderState, FolderStates};
use log_limiter::LogLimiter;
use time::OffsetDateTime;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);

/// A frame after which none came for so long is kept elsewhere: comparators wait a minute, and go round.
const KEPT_AFTER: time::Duration = time::Duration::seconds(65);

/// Goes on until shutdown. Of so many folders metrics are kept at most.
pub(crate) async fn measure(
    states: &FolderStates,
    bus: &Bus,
    most: usize,
    shutdown: &CancellationToken,
) {
    let mut ticks = interval(EVERY);
    let mut measured = Measured::new(most);
    let (dropped, forgotten) = (LogLimiter::default(), LogLimiter::default());
    let mut last = Instant::now();
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        folders(states, &mut measured);
        unmade(states, &dropped);
        count_indeterminate(states, last.elapsed());
        last = Instant::now();
        storage(bus).await;
        frames(states, bus, &forgotten).await;
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

/// Tells of folders whose last frame `FRAMES` has forgotten before it was kept, and says so where it is too small.
async fn frames(states: &FolderStates, bus: &Bus, complaints: &LogLimiter) {
    let held = match bus.frames_held().await {
        Ok(held) => held,
        Err(error) => {
            tracing::debug!(%error, "cannot ask how far the frames reach");
            return;
        }
    };
    let now = OffsetDateTime::now_utc();
    let last_frames: Vec<_> = {
        let state = states.read();
        let folders = state.folders().into_iter();
        folders
            .filter_map(|folder| state.existing(&folder)?.last_frame_at())
            .collect()
    };
    let forgotten = forgotten(&held, last_frames, now);
    metrics::gauge!("framewatch_frames_forgotten").set(forgotten as f64);
    if forgotten > 0 && is_full(&held) && complaints.is_due(&()) {
        let reach = held
            .oldest
            .map_or(0.0, |oldest| (now - oldest).as_seconds_f64());
        tracing::warn!(
            folders = forgotten,
            reach_s = reach.round(),
            megabytes = held.bytes / 1_000_000,
            "the last frames of all cameras do not fit into FRAMES: pages lack the pictures of these folders, and should one of \
             their cameras stop, its last picture is lost; give it more memory (nats stream edit FRAMES --max-bytes, and \
             --frames-max-mb), or have cameras send smaller pictures"
        );
    }
}

/// How many of these last frames are gone, and kept nowhere.
fn forgotten(
    held: &FramesHeld,
    last_frames: impl IntoIterator<Item = OffsetDateTime>,
    now: OffsetDateTime,
) -> usize {
    let is_forgotten = |at: &OffsetDateTime| held.oldest.is_none_or(|oldest| *at < oldest);
    let recent = last_frames.into_iter().filter(|at| now - *at < KEPT_AFTER);
    recent.filter(is_forgotten).count()
}

/// Whether it forgets frames since it has no room, and not because its server has begun anew.
fn is_full(held: &FramesHeld) -> bool {
    let is_near = |limit: u64| held.bytes >= limit / 5 * 4;
    held.limit.is_some_and(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_frame_is_forgotten_that_is_older_than_all_that_are_held_and_not_kept_yet() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1000);
        let ago = |seconds| now - time::Duration::seconds(seconds);
        let held = FramesHeld {
            bytes: 500,
            limit: Some(512),
            oldest: Some(ago(4)),
        };
        let last_frames = [ago(1), ago(4), ago(5), ago(20), ago(64), ago(66), ago(9999)];
        assert_eq!(forgotten(&held, last_frames, now), 3);
        assert!(is_full(&held));
        let anew = FramesHeld {
            bytes: 0,
            oldest: None,
            ..held
        };
        assert_eq!(forgotten(&anew, last_frames, now), 5);
        assert!(!is_full(&anew));
    }

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
