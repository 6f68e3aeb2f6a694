//! When a turn may be taken.

use std::time::Duration;

use crate::ABANDONED_AFTER;

/// What was last seen of whose turn it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watch {
    seen: Option<(u64, Duration)>,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Say that it is ours, after this change.
    Take,
    /// Look again.
    Wait,
}

impl Watch {
    /// The next step, where `revision` is the last change. By it another copy has the turn or, as `is_free` says,
    /// nobody has it. `running` is the time since some beginning.
    pub fn see(&mut self, revision: u64, is_free: bool, running: Duration) -> Move {
        let since = match self.seen {
            Some((seen, since)) if seen == revision => since,
            _ => running,
        };
        self.seen = Some((revision, since));
        match is_free || running.saturating_sub(since) > ABANDONED_AFTER {
            true => Move::Take,
            false => Move::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_taken_from_who_says_nothing_any_more() {
        let at = Duration::from_secs;
        let mut watch = Watch::default();
        assert_eq!(watch.see(7, false, at(100)), Move::Wait);
        assert_eq!(watch.see(7, false, at(106)), Move::Wait);
        assert_eq!(watch.see(8, false, at(107)), Move::Wait);
        assert_eq!(watch.see(8, false, at(113)), Move::Wait);
        assert_eq!(watch.see(8, false, at(114)), Move::Take);
        assert_eq!(watch.see(9, true, at(115)), Move::Take);
    }
}
