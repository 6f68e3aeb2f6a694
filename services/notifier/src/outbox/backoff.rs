//! After how long a message is tried again.

use std::time::Duration;

/// The longest that a message waits before it is tried again.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// The longest that other messages wait because a receiver does not answer one.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// How often a message is tried: some three days.
pub(super) const MOST_TRIES: u32 = 84;

/// How long a message waits after this many tries.
pub(super) fn wait(tries: u32) -> Duration {
    doubled(tries, LONGEST)
}

/// How long a receiver is left alone after it failed to take this many messages in a row.
pub(super) fn rest(failures: u32) -> Duration {
    doubled(failures, LONGEST_REST)
}

fn doubled(times: u32, most: Duration) -> Duration {
    let seconds = 1_u64 << times.saturating_sub(1).min(20);
    Duration::from_secs(seconds).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_an_hour() {
        let seconds: Vec<_> = (1..=14).map(|tries| wait(tries).as_secs()).collect();
        assert_eq!(
            seconds,
            [
                1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600
            ]
        );
        let all: Duration = (1..=MOST_TRIES).map(wait).sum();
        let days = all.as_secs() / 86_400;
        assert_eq!(days, 3);
    }
}
