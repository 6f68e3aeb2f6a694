//! How long to wait before the next attempt.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use crate::Patience;

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(5 * 60);

/// After so long without a fault the next one is the first again.
const HEALTHY: Duration = Duration::from_secs(60);

/// Ever longer pauses.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(FIRST)
    }
}

impl Backoff {
    /// The pause after a connection that gave pictures for this long.
    pub(crate) fn after(&mut self, well_for: Duration, patience: Patience) -> Duration {
        if well_for >= HEALTHY {
            self.0 = FIRST;
        }
        match patience {
            Patience::Long => LONG,
            Patience::Usual => {
                let pause = self.0;
                self.0 = LAST.min(pause * 2);
                pause.mul_f64(0.75 + chance() / 2.0)
            }
        }
    }
}

/// From 0 to 1: cameras that fail together do not come back together.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(()) >> 40;
    f64::from(u32::try_from(random).unwrap_or_default()) / f64::from(1_u32 << 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_again_after_a_healthy_one() {
        let mut backoff = Backoff::default();
        let mut pause = |well_for, patience| {
            backoff
                .after(Duration::from_secs(well_for), patience)
                .as_secs_f64()
        };
        for expected in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            let found = pause(0, Patience::Usual);
            assert!(
                (expected * 0.75..=expected * 1.25).contains(&found),
                "{found} for {expected}"
            );
        }
        assert_eq!(pause(0, Patience::Long), 300.0);
        assert!(pause(61, Patience::Usual) <= 1.25);
    }
}
