//! Where the last event of a key cannot be read, the one before it that can is still in force.

use std::{collections::HashMap, vec};

use async_nats::jetstream::Message;

use super::event::{Event, Stored};

/// For each key of a stream, the latest event that can be read, and the messages after it, which cannot be read.
/// Unreadable messages before that event no longer matter.
pub(crate) struct LatestReadable<E: Event> {
    latest: HashMap<String, Stored<E>>,
    unread: HashMap<String, Vec<Message>>,
}

impl<E: Event> LatestReadable<E> {
    pub(crate) fn new() -> Self {
        LatestReadable {
            latest: HashMap::new(),
            unread: HashMap::new(),
        }
    }

    /// Takes in a message that follows on all that it has; says whether it can be read.
    pub(crate) fn learn(&mut self, message: Message) -> bool {
        let subject = message.subject.to_string();
        match Stored::read(&message) {
            Ok(stored) => {
                self.unread.remove(&subject);
                self.latest.insert(subject, stored);
                true
            }
            Err(_) => {
                self.unread.entry(subject).or_default().push(message);
                false
            }
        }
    }

    /// Gives up the events, oldest first.
    pub(crate) fn take_latest(&mut self) -> vec::IntoIter<Stored<E>> {
        let mut latest: Vec<_> = self.latest.drain().map(|(_, stored)| stored).collect();
        latest.sort_unstable_by_key(|stored| stored.sequence);
        latest.into_iter()
    }

    /// Gives up the messages that cannot be read.
    pub(crate) fn take_unread(&mut self) -> impl Iterator<Item = Message> + use<'_, E> {
        self.unread.drain().flat_map(|(_, messages)| messages)
    }
}
