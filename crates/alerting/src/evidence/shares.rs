//! Which folder has which evidence. It is known from what the bucket says, so that a folder's oldest pictures can go.
//!
//! This knowledge may be late, or wrong for a moment; then there is a picture more or less. How much counts against the
//! limit of all folders is asked of the server.

use std::collections::{BTreeMap, HashMap};

use parking_lot::{Mutex, MutexGuard};

use event_bus::{ExhibitChange, ExhibitKey, Folder, Latest, Stored};
use time::{Duration, OffsetDateTime};

/// The share of each folder.
#[derive(Default)]
pub(super) struct Shares(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The share of each folder. `None` stands for all alerts whose id names no folder.
    by_folder: HashMap<Option<Folder>, Share>,
    /// When each picture was stored.
    times: HashMap<ExhibitKey, OffsetDateTime>,
}

/// The evidence of one folder.
#[derive(Default)]
struct Share {
    /// Its pictures, the oldest first, with their sizes in bytes.
    held: BTreeMap<(OffsetDateTime, ExhibitKey), u64>,
    bytes: u64,
}

/// How long the bucket keeps a picture. It does not say when it drops one.
const KEPT: Duration = Duration::days(90);

impl Shares {
    pub(super) fn apply(&self, latest: Latest<ExhibitChange>) {
        match latest {
            Latest::Event(Stored {
                key,
                event,
                stored_at,
                ..
            }) => match event.about {
                Some(()) => self.known().learn(&key, event.size_bytes, stored_at),
                None => self.forget(&key),
            },
            Latest::Anew => *self.known() = Known::default(),
            Latest::CaughtUp => {}
        }
    }

    /// Takes it that a picture was stored just now.
    pub(super) fn note(&self, key: &ExhibitKey, bytes: u64) {
        self.known().learn(key, bytes, OffsetDateTime::now_utc());
    }

    /// The pictures that must go, the oldest first, so that `more_bytes` more fit into a folder's share.
    pub(super) fn beyond(
        &self,
        folder: &Option<Folder>,
        more_bytes: u64,
        share_bytes: u64,
    ) -> Vec<ExhibitKey> {
        let known = self.known();
        let Some(share) = known.by_folder.get(folder) else {
            return Vec::new();
        };
        let mut left = share.bytes;
        let oldest_first = share.held.iter();
        oldest_first
            .take_while(|(_, bytes)| {
                let is_too_much = left + more_bytes > share_bytes;
                left -= *bytes;
                is_too_much
            })
            .map(|((_, key), _)| key.clone())
            .collect()
    }

    /// The oldest picture of the folder that has most; `None` where none is known.
    pub(super) fn oldest_of_the_largest(&self) -> Option<ExhibitKey> {
        let known = self.known();
        let largest = known.by_folder.values().max_by_key(|share| share.bytes)?;
        let ((_, oldest), _) = largest.held.first_key_value()?;
        Some(oldest.clone())
    }

    /// Takes it that a picture is gone.
    pub(super) fn forget(&self, key: &ExhibitKey) {
        self.known().forget(key);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock()
    }
}

impl Known {
    fn learn(&mut self, key: &ExhibitKey, bytes: u64, stored_at: OffsetDateTime) {
        self.forget(key);
        let share = self.by_folder.entry(key.folder()).or_default();
        share.bytes += bytes;
        share.held.insert((stored_at, key.clone()), bytes);
        self.times.insert(key.clone(), stored_at);
        let oldest_first = share.held.keys();
        let aged: Vec<ExhibitKey> = oldest_first
            .take_while(|(at, _)| stored_at - *at > KEPT)
            .map(|(_, key)| key.clone())
            .collect();
        for key in aged {
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &ExhibitKey) {
        let Some(stored_at) = self.times.remove(key) else {
            return;
        };
        let folder = key.folder();
        let Some(share) = self.by_folder.get_mut(&folder) else {
            return;
        };
        if let Some(bytes) = share.held.remove(&(stored_at, key.clone())) {
            share.bytes -= bytes;
        }
        if share.held.is_empty() {
            self.by_folder.remove(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use event_bus::{Exhibit, Origin};

    use super::*;

    fn key(folder: &str, number: u64) -> ExhibitKey {
        ExhibitKey::new(format!("{folder}-{number}-00000000"), Exhibit::Frame)
    }

    fn stored(folder: &str, number: u64, size: Option<u64>) -> Latest<ExhibitChange> {
        Latest::Event(Stored {
            key: key(folder, number),
            event: ExhibitChange {
                about: size.map(|_| ()),
                size_bytes: size.unwrap_or_default(),
            },
            stored_at: OffsetDateTime::UNIX_EPOCH + Duration::seconds(number as i64),
            sequence: number,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        })
    }

    #[test]
    fn a_folders_oldest_go_and_nobody_elses() {
        let shares = Shares::default();
        for number in 1..=4 {
            shares.apply(stored("flapping", number, Some(100)));
        }
        shares.apply(stored("quiet", 5, Some(300)));
        let flapping = key("flapping", 9).folder();
        assert!(shares.beyond(&flapping, 100, 500).is_empty());
        assert_eq!(
            shares.beyond(&flapping, 150, 400),
            [key("flapping", 1), key("flapping", 2)]
        );
        assert_eq!(shares.beyond(&key("other", 9).folder(), 900, 400), []);
        assert_eq!(shares.oldest_of_the_largest(), Some(key("flapping", 1)));
        shares.apply(stored("flapping", 1, None));
        shares.forget(&key("flapping", 2));
        shares.note(&key("flapping", 6), 99);
        assert_eq!(shares.oldest_of_the_largest(), Some(key("quiet", 5)));
        shares.apply(Latest::Anew);
        assert_eq!(shares.oldest_of_the_largest(), None);
    }

    #[test]
    fn what_is_stored_again_counts_once() {
        let shares = Shares::default();
        shares.apply(stored("gate", 1, Some(100)));
        shares.apply(stored("gate", 1, Some(150)));
        let gate = key("gate", 1).folder();
        assert!(shares.beyond(&gate, 50, 200).is_empty());
        assert_eq!(shares.beyond(&gate, 51, 200), [key("gate", 1)]);
    }
}
