//! Since when nothing has kept this process from seeing what cameras send. Silence counts from then on: where the watch, or
//! the broker, was away, nobody knows what the cameras did.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use event_bus::{Bus, FrameArrival};
use tokio::time::{Instant, sleep, timeout};

/// Since when this process sees all that cameras send.
pub(super) struct Observation {
    /// How long cameras are given to connect again after an interruption.
    grace: Duration,
    whole_since: Mutex<Instant>,
}

const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A process that does not come to look for so long was stopped, or starved.
const AWAY: Duration = Duration::from_secs(3);

impl Observation {
    pub(super) fn new(grace: Duration) -> Self {
        Observation {
            grace,
            whole_since: Mutex::new(Instant::now()),
        }
    }

    /// Since when all that came was seen.
    pub(super) fn whole_since(&self) -> Instant {
        *self.lock()
    }

    /// From when on silence counts: in the future, while cameras are given time.
    pub(super) fn counted_from(&self) -> Instant {
        self.whole_since() + self.grace
    }

    /// Takes in that the stream of frames has held all that came since then: as good as having seen it.
    pub(super) fn reaches_back(&self, to: Instant) {
        let mut whole_since = self.lock();
        *whole_since = to.min(*whole_since);
    }

    /// Takes in that nobody knows what came until now.
    pub(super) fn interrupted(&self) {
        *self.lock() = Instant::now();
    }

    /// Looks whether this process runs, and whether the broker takes frames. Never ends.
    pub(super) async fn keep(&self, bus: &Bus) {
        let mut looked = Instant::now();
        loop {
            sleep(LOOK_EVERY).await;
            if looked.elapsed() > AWAY || !takes_frames(bus).await {
                self.interrupted();
            }
            looked = Instant::now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.whole_since.lock()
    }
}

/// In a cluster all else may answer while the servers elect who leads the stream of frames, which takes none meanwhile. Only
/// the leader says how its stream stands.
async fn takes_frames(bus: &Bus) -> bool {
    let asked = timeout(ANSWERS_WITHIN, bus.made_at::<FrameArrival>()).await;
    bus.is_connected() && asked.is_ok_and(|answer| answer.is_ok())
}
