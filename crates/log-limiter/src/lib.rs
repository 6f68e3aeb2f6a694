//! Which lines of the log are due: of those with the same cause, one a minute. A broken camera, or a broker that takes
//! nothing, gives cause for many.
//!
//! What a line says, and counting what it leaves out, is left to those who log.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// How long after a line the next one with the same cause is due.
const QUIET: Duration = Duration::from_secs(60);

/// How many causes may have had a line within a minute. Of further ones none is logged.
const MOST_CAUSES: usize = 10_000;

/// When each cause last had a line. `K` tells causes apart: a folder, or `()` where there is one.
#[derive(Debug)]
pub struct LogLimiter<K = ()>(Mutex<HashMap<K, Instant>>);

impl<K> Default for LogLimiter<K> {
    fn default() -> Self {
        LogLimiter(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> LogLimiter<K> {
    /// Whether it is time for a line. Where it is, the caller logs it.
    pub fn is_due(&self, cause: &K) -> bool {
        self.is_due_at(cause, Instant::now())
    }

    /// Makes the next line due at once, since the trouble is over.
    pub fn forget(&self, cause: &K) {
        let mut last = self.0.lock();
        last.remove(cause);
    }

    fn is_due_at(&self, cause: &K, now: Instant) -> bool {
        let is_quiet = |at: &Instant| now.saturating_duration_since(*at) < QUIET;
        let mut last = self.0.lock();
        if last.get(cause).is_some_and(is_quiet) {
            return false;
        }
        if last.len() >= MOST_CAUSES {
            last.retain(|_, at| is_quiet(at));
        }
        let has_room = last.len() < MOST_CAUSES;
        if has_room {
            last.insert(cause.clone(), now);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_one_line_a_minute() {
        let limiter = LogLimiter::default();
        let begin = Instant::now();
        let later = |seconds| begin + Duration::from_secs(seconds);
        assert!(limiter.is_due_at(&"dock", begin));
        assert!(!limiter.is_due_at(&"dock", later(59)));
        assert!(limiter.is_due_at(&"gate", later(59)));
        assert!(limiter.is_due_at(&"dock", later(60)));
        assert!(!limiter.is_due_at(&"dock", later(61)));
    }

    #[test]
    fn what_comes_back_after_it_was_over_has_a_line_at_once() {
        let limiter = LogLimiter::default();
        assert!(limiter.is_due(&()));
        assert!(!limiter.is_due(&()));
        limiter.forget(&());
        assert!(limiter.is_due(&()));
    }

    #[test]
    fn causes_beyond_a_bound_have_no_line_and_take_no_memory() {
        let limiter = LogLimiter::default();
        let begin = Instant::now();
        let due = |causes: std::ops::Range<usize>, at| {
            causes.filter(|cause| limiter.is_due_at(cause, at)).count()
        };
        assert_eq!(due(0..2 * MOST_CAUSES, begin), MOST_CAUSES);
        assert_eq!(due(0..2 * MOST_CAUSES, begin + QUIET), MOST_CAUSES);
        assert_eq!(limiter.0.lock().len(), MOST_CAUSES);
    }
}
