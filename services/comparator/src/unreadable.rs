use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use event_bus::Folder;

use crate::fingerprinting::Unreadable;

const QUIET: Duration = Duration::from_secs(60);

/// Logs frames that can't be read, once a folder a minute: a broken camera sends many.
#[derive(Default)]
pub(crate) struct UnreadableLog {
    last: Mutex<HashMap<Folder, Instant>>,
}

impl UnreadableLog {
    pub(crate) fn report(&self, folder: &Folder, camera: &str, error: &Unreadable) {
        metrics::counter!("framewatch_frames_unreadable_total").increment(1);
        if self.is_due(folder) {
            tracing::warn!(%folder, camera, %error, "a frame cannot be read; more of them are only counted for a minute");
        }
    }

    fn is_due(&self, folder: &Folder) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.get(folder).is_none_or(|at| at.elapsed() >= QUIET);
        if due {
            last.insert(folder.clone(), Instant::now());
        }
        due
    }
}
