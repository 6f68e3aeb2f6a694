//! Where the last event of a key cannot be read, the one before it that can is still in force.

use std::{collections::HashMap, vec};

use super::event::{Event, Stored};

/// Of all that a stream holds, the latest event of each key that can be read.
pub(crate) struct LatestReadable<E: Event>(HashMap<String, Stored<E>>);

impl<E: Event> LatestReadable<E> {
    pub(crate) fn new() -> Self {
        LatestReadable(HashMap::new())
    }

    /// Takes in an event that follows on all that it has.
    pub(crate) fn learn(&mut self, subject: &str, stored: Stored<E>) {
        self.0.insert(subject.to_owned(), stored);
    }

    /// Gives them up, oldest first.
    pub(crate) fn take(&mut self) -> vec::IntoIter<Stored<E>> {
        let mut latest: Vec<_> = self.0.drain().map(|(_, stored)| stored).collect();
        latest.sort_unstable_by_key(|stored| stored.sequence);
        latest.into_iter()
    }
}
