use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const QUIET: Duration = Duration::from_secs(60);

/// What is logged once a minute, for each key: a broken camera, or a broker that takes nothing, gives cause for many lines.
pub(crate) struct Complaints<K>(Mutex<HashMap<K, Instant>>);

impl<K> Default for Complaints<K> {
    fn default() -> Self {
        Complaints(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> Complaints<K> {
    /// Whether it is time for a line.
    pub(crate) fn is_due(&self, key: &K) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.get(key).is_none_or(|at| at.elapsed() >= QUIET);
        if due {
            last.insert(key.clone(), Instant::now());
        }
        due
    }
}
