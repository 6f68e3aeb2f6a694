//! Pictures that could not be stored yet: in memory, so many bytes of them, for so long.

use std::{collections::VecDeque, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use event_bus::ExhibitKey;
use tokio::time::Instant;

use super::Source;

/// The exhibits that wait, the oldest first.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    exhibits: VecDeque<WaitingExhibit>,
    bytes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct WaitingExhibit {
    pub(super) key: ExhibitKey,
    pub(super) source: Source,
    since: Instant,
}

/// The most bytes that may wait. When there are more, the oldest pictures go.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// How long a picture may wait.
const LONGEST: Duration = Duration::from_secs(60 * 60);

impl WaitingExhibit {
    pub(super) fn new(key: ExhibitKey, source: Source) -> Self {
        WaitingExhibit {
            key,
            source,
            since: Instant::now(),
        }
    }

    fn bytes(&self) -> usize {
        match &self.source {
            Source::Bytes(bytes) => bytes.len(),
            Source::Reference(_) => 0,
        }
    }
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.queue().exhibits.is_empty()
    }

    pub(super) fn add(&self, exhibit: WaitingExhibit) {
        let mut queue = self.queue();
        if queue.exhibits.iter().any(|waits| waits.key == exhibit.key) {
            return;
        }
        queue.bytes += exhibit.bytes();
        queue.exhibits.push_back(exhibit);
        while queue.bytes > MOST_BYTES {
            queue.drop_oldest();
        }
        queue.tell();
    }

    /// Those that are to be tried next, so many at most. Those that have waited too long go.
    pub(super) fn oldest(&self, at_most: usize) -> Vec<WaitingExhibit> {
        let mut queue = self.queue();
        while queue
            .exhibits
            .front()
            .is_some_and(|oldest| oldest.since.elapsed() > LONGEST)
        {
            queue.drop_oldest();
        }
        queue.tell();
        queue.exhibits.iter().take(at_most).cloned().collect()
    }

    pub(super) fn done(&self, key: &ExhibitKey) {
        let mut queue = self.queue();
        queue.exhibits.retain(|waits| waits.key != *key);
        queue.bytes = queue.exhibits.iter().map(WaitingExhibit::bytes).sum();
        queue.tell();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock()
    }
}

impl Queue {
    fn drop_oldest(&mut self) {
        if let Some(dropped) = self.exhibits.pop_front() {
            self.bytes -= dropped.bytes();
            metrics::counter!("framewatch_evidence_not_kept_total").increment(1);
        }
    }

    fn tell(&self) {
        metrics::gauge!("framewatch_evidence_waiting").set(self.exhibits.len() as f64);
    }
}
