//! What the camera service knows of its connection to a camera, as far as alerts depend on it.

use std::time::Duration;

use proto::{
    from_timestamp,
    v1::{Finding, Kind, Source, SourceState},
};
use time::OffsetDateTime;
use tokio::time::Instant;

/// What was last said of the connection to a camera.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) source: Source,
    /// When that came here.
    pub(super) heard: Instant,
}

/// It is said again each minute; what is older says nothing.
pub(super) const CURRENT: Duration = Duration::from_secs(3 * 60);

/// How long it may be tried in vain to reach a camera that has never sent.
const TRIED_FOR: time::Duration = time::Duration::seconds(60);

impl Connection {
    /// Why nothing comes from a camera, where it says so itself.
    pub(super) fn why_silent(&self) -> Option<Finding> {
        let kind = match self.source.state() {
            SourceState::Refused => Kind::Refused,
            SourceState::NoKeyFrames => Kind::NoKeyFrames,
            _ => Kind::Silent,
        };
        let reason = &self.source.reason;
        (!reason.is_empty()).then(|| Finding::certain(kind, reason.clone()))
    }

    /// The same of a camera that has never sent, once it was tried for a while.
    pub(super) fn why_never_reached(&self) -> Option<Finding> {
        let is_in_vain = matches!(
            self.source.state(),
            SourceState::Refused
                | SourceState::Connecting
                | SourceState::Silent
                | SourceState::NoKeyFrames
        );
        let since = self.source.since.as_ref().and_then(from_timestamp)?;
        let is_long = OffsetDateTime::now_utc() - since >= TRIED_FOR;
        self.why_silent().filter(|_| is_in_vain && is_long)
    }

    /// The finding that its picture stands still, though each frame is coded anew.
    pub(super) fn frozen(&self) -> Option<Finding> {
        let is_frozen = self.source.state() == SourceState::Frozen;
        is_frozen.then(|| Finding::certain(Kind::Frozen, self.source.reason.clone()))
    }
}

#[cfg(test)]
mod tests {
    use proto::timestamp;

    use super::*;

    fn connection(state: SourceState, seconds_ago: i64) -> Connection {
        let since = OffsetDateTime::now_utc() - time::Duration::seconds(seconds_ago);
        Connection {
            source: Source {
                state: state.into(),
                since: Some(timestamp(since)),
                reason: "the camera says 401".to_owned(),
                ..Source::default()
            },
            heard: Instant::now(),
        }
    }

    fn kind(finding: Option<Finding>) -> Option<Kind> {
        finding.map(|finding| finding.kind())
    }

    #[test]
    fn whoever_is_connected_says_why_nothing_comes() {
        let refused = connection(SourceState::Refused, 5);
        assert_eq!(kind(refused.why_silent()), Some(Kind::Refused));
        assert_eq!(
            kind(refused.why_never_reached()),
            None,
            "it may be about to answer"
        );
        let refused = connection(SourceState::Refused, 100);
        assert_eq!(kind(refused.why_never_reached()), Some(Kind::Refused));
        let online = connection(SourceState::Online, 100);
        assert_eq!(kind(online.why_never_reached()), None);
        assert_eq!(kind(online.frozen()), None);
        let frozen = connection(SourceState::Frozen, 100);
        assert_eq!(kind(frozen.frozen()), Some(Kind::Frozen));
    }
}
