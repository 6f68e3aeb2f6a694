//! Folders whose alerts come so often that pictures are not kept of all.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use event_bus::Folder;

/// When pictures of each folder's alerts were kept within the last hour.
#[derive(Default)]
pub(super) struct Storms(Mutex<HashMap<Folder, VecDeque<Instant>>>);

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Storms {
    /// Whether to keep the pictures of an alert that a folder has now. If so, the alert counts.
    pub(super) fn admit(&self, folder: &Folder, per_hour: u32, now: Instant) -> bool {
        let mut folders = self.0.lock();
        folders.retain(|_, kept| {
            while kept.front().is_some_and(|at| now - *at >= HOUR) {
                kept.pop_front();
            }
            !kept.is_empty()
        });
        let kept = folders.entry(folder.clone()).or_default();
        let is_admitted = kept.len() < per_hour as usize;
        if is_admitted {
            kept.push_back(now);
        }
        is_admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_an_hour_and_of_each_folder_for_itself() {
        let (storms, began) = (Storms::default(), Instant::now());
        let after = |seconds| began + Duration::from_secs(seconds);
        let flapping: Folder = "flapping".parse().unwrap();
        for minute in 0..3 {
            assert!(storms.admit(&flapping, 3, after(60 * minute)));
        }
        assert!(!storms.admit(&flapping, 3, after(180)));
        assert!(storms.admit(&"quiet".parse().unwrap(), 3, after(180)));
        assert!(
            storms.admit(&flapping, 3, after(3600)),
            "the first was an hour ago"
        );
        assert!(!storms.admit(&flapping, 3, after(3601)));
    }
}
