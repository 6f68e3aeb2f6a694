//! No more messages than a receiver's rate allows.

use std::{collections::VecDeque, fmt, time::Duration};

/// How many messages in how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) per: Duration,
}

impl fmt::Display for Rate {
    /// As the file has it: `10/min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per.as_secs() {
            1 => "s",
            60 => "min",
            3600 => "h",
            _ => "d",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

/// When the messages were sent that still count.
#[derive(Debug, Clone)]
pub(super) struct Window {
    rate: Option<Rate>,
    /// By the time that is never set; before its beginning it is negative.
    sent: VecDeque<i64>,
}

impl Window {
    /// As a copy before this one has left it: messages that were sent so long ago.
    pub(super) fn resumed(rate: Option<Rate>, sent_ago: &[Duration], running: Duration) -> Self {
        let now = milliseconds(running);
        let mut sent: Vec<i64> = sent_ago
            .iter()
            .map(|ago| now.saturating_sub(milliseconds(*ago)))
            .collect();
        sent.sort_unstable();
        Window {
            rate,
            sent: sent.into(),
        }
    }

    /// Takes another rate; what was sent still counts.
    pub(super) fn set(&mut self, rate: Option<Rate>) {
        self.rate = rate;
    }

    /// From when on another message may be sent; `None` where it may be now.
    pub(super) fn free_at(&mut self, running: Duration) -> Option<Duration> {
        let rate = self.rate?;
        self.forget(running);
        let count = rate.count as usize;
        if self.sent.len() < count {
            return None;
        }
        // With this one gone there are fewer than the rate allows.
        let oldest = self.sent[self.sent.len() - count];
        let free = oldest.saturating_add(milliseconds(rate.per));
        Some(Duration::from_millis(free.try_into().unwrap_or(0)))
    }

    pub(super) fn sent(&mut self, running: Duration) {
        if self.rate.is_some() {
            self.sent.push_back(milliseconds(running));
        }
    }

    /// The last message was on its way until now: a receiver may have got it only now.
    pub(super) fn arrived(&mut self, running: Duration) {
        if let Some(last) = self.sent.back_mut() {
            *last = milliseconds(running);
        }
    }

    /// How long ago each was sent that still counts.
    pub(super) fn sent_ago(&self, running: Duration) -> Vec<Duration> {
        let now = milliseconds(running);
        let ago = self.sent.iter().map(|sent| now.saturating_sub(*sent));
        ago.map(|ago| Duration::from_millis(ago.try_into().unwrap_or(0)))
            .collect()
    }

    fn forget(&mut self, running: Duration) {
        let Some(rate) = self.rate else { return };
        let oldest = milliseconds(running).saturating_sub(milliseconds(rate.per));
        while self.sent.front().is_some_and(|sent| *sent <= oldest) {
            self.sent.pop_front();
        }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn no_window_has_more_than_the_rate_allows() {
        let rate = Rate {
            count: 2,
            per: 10 * SECOND,
        };
        let mut window = Window::resumed(Some(rate), &[3 * SECOND, 20 * SECOND], SECOND);
        assert_eq!(window.free_at(SECOND), None);
        window.sent(SECOND);
        assert_eq!(window.free_at(2 * SECOND), Some(8 * SECOND));
        assert_eq!(window.free_at(8 * SECOND), None);
        window.sent(8 * SECOND);
        window.arrived(9 * SECOND);
        assert_eq!(window.free_at(9 * SECOND), Some(11 * SECOND));
        assert_eq!(window.sent_ago(10 * SECOND), [9 * SECOND, SECOND]);
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let mut window = Window::resumed(None, &[], SECOND);
        window.sent(SECOND);
        assert_eq!(window.free_at(SECOND), None);
        assert!(window.sent_ago(SECOND).is_empty());
    }
}
