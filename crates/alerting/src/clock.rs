//! The one clock of this crate, which tests drive by hand.

use std::sync::Arc;

use parking_lot::Mutex;

use time::{Duration, OffsetDateTime};

/// What time it is: by the machine's clock, or by one that a test drives.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Machine,
    Driven(Arc<Mutex<OffsetDateTime>>),
}

impl Clock {
    /// The machine's.
    pub fn of_machine() -> Self {
        Clock(Source::Machine)
    }

    /// One that stands at `now` until it is advanced.
    pub fn driven(now: OffsetDateTime) -> Self {
        Clock(Source::Driven(Arc::new(Mutex::new(now))))
    }

    /// The time.
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            Source::Machine => OffsetDateTime::now_utc(),
            Source::Driven(now) => *now.lock(),
        }
    }

    /// Moves a driven clock forward, for all its clones; the machine's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Source::Driven(now) = &self.0 {
            *now.lock() += by;
        }
    }
}
