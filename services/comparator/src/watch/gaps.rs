//! How often a camera sends.

use std::{collections::VecDeque, time::Duration};

/// The gaps between a camera's frames, the latest of them.
#[derive(Debug, Default)]
pub(super) struct Gaps(VecDeque<Duration>);

/// The most gaps that are remembered.
const LATEST: usize = 32;

/// The fewest gaps that tell what is usual: those of ten frames.
const ENOUGH: usize = 9;

/// How many usual gaps may pass without a frame.
const USUAL_GAPS: u32 = 5;

const LEAST: Duration = Duration::from_secs(30);
const MOST: Duration = Duration::from_secs(24 * 60 * 60);

impl Gaps {
    /// As if the usual gap had been seen a few times: it was learned before this process began.
    pub(super) fn recall(&mut self, usual: Duration) {
        if self.0.len() < ENOUGH {
            self.0 = VecDeque::from([usual; ENOUGH]);
        }
    }

    pub(super) fn learn(&mut self, gap: Duration) {
        if self.0.len() == LATEST {
            self.0.pop_front();
        }
        self.0.push_back(gap);
    }

    /// The usual gap: nine of ten are no longer. `None` before ten frames have come.
    pub(super) fn usual(&self) -> Option<Duration> {
        let mut sorted = Vec::from_iter(self.0.iter().copied());
        sorted.sort_unstable();
        let at = (sorted.len() * 9).div_ceil(10).checked_sub(1)?;
        (sorted.len() >= ENOUGH).then(|| sorted[at])
    }

    /// After how long without a frame something is wrong, as far as can be told from what is usual.
    pub(super) fn longest_silence(&self) -> Option<Duration> {
        Some((self.usual()? * USUAL_GAPS).clamp(LEAST, MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(seconds: &[u64]) -> Gaps {
        let mut gaps = Gaps::default();
        for &seconds in seconds {
            gaps.learn(Duration::from_secs(seconds));
        }
        gaps
    }

    fn silence(seconds: &[u64]) -> Option<u64> {
        gaps(seconds).longest_silence().map(|it| it.as_secs())
    }

    #[test]
    fn it_takes_ten_frames() {
        assert_eq!(silence(&[20; 8]), None);
        assert_eq!(silence(&[20; 9]), Some(100));
    }

    #[test]
    fn five_usual_gaps_half_a_minute_at_least_and_a_day_at_most() {
        assert_eq!(silence(&[1; 20]), Some(30));
        assert_eq!(silence(&[600; 20]), Some(3_000));
        assert_eq!(silence(&[80_000; 20]), Some(86_400));
    }

    #[test]
    fn one_long_gap_in_ten_is_not_usual_and_more_are() {
        let mut seen = vec![2; 27];
        seen.extend([600; 3]);
        assert_eq!(silence(&seen), Some(30));
        seen.extend([600; 2]);
        assert_eq!(silence(&seen), Some(3_000));
        seen.extend([2; 32]);
        assert_eq!(silence(&seen), Some(30), "what is long past is forgotten");
    }

    #[test]
    fn what_was_learned_before_holds_until_as_much_is_known_anew() {
        let mut recalled = Gaps::default();
        recalled.recall(Duration::from_secs(600));
        assert_eq!(recalled.usual(), Some(Duration::from_secs(600)));
        let mut known = gaps(&[2; 9]);
        known.recall(Duration::from_secs(600));
        assert_eq!(known.usual(), Some(Duration::from_secs(2)));
    }
}
