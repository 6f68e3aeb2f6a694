//! The state of a camera: the fold of what happens to it. `telling` decides whether and when that is published.

use std::collections::VecDeque;

use camera_settings::SetBy;
use event_bus::Folder;
use proto::{
    timestamp,
    v1::{self, Source, SourceState},
};
use time::{Duration, OffsetDateTime};

use crate::{Outage, Picture};

/// A camera that comes or goes so often within so long is said to do just that.
const FLAPS: usize = 4;
const FLAPS_WITHIN: Duration = Duration::minutes(10);

/// The state of a camera.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    source: Source,
    /// The state it would have if it did not change so often.
    under: (SourceState, String),
    /// When it came or went, lately.
    turns: VecDeque<OffsetDateTime>,
    /// Pictures since it was connected to.
    pictures: u32,
}

impl Standing {
    pub(crate) fn new(
        camera: &Folder,
        folder: &Folder,
        set_by: SetBy,
        now: OffsetDateTime,
    ) -> Self {
        let set_by = match set_by {
            SetBy::File => v1::SetBy::File,
            SetBy::FileBeforeApi => v1::SetBy::FileBeforeApi,
            SetBy::Api => v1::SetBy::Api,
        };
        let reason = "it is connected to for the first time".to_owned();
        Standing {
            source: Source {
                folder: folder.to_string(),
                camera: camera.to_string(),
                state: SourceState::Connecting.into(),
                since: Some(timestamp(now)),
                reason: reason.clone(),
                set_by: set_by.into(),
                ..Source::default()
            },
            under: (SourceState::Connecting, reason),
            turns: VecDeque::new(),
            pictures: 0,
        }
    }

    /// Goes on from what another copy has said of the same camera.
    pub(crate) fn goes_on_from(&mut self, said: &Source) {
        // Why one comes and goes is not known, and one that was removed is there again.
        if matches!(said.state(), SourceState::Flapping | SourceState::Removed) {
            return;
        }
        self.under = (said.state(), said.reason.clone());
        self.source = Source {
            set_by: self.source.set_by,
            ..said.clone()
        };
    }

    /// As it is published.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// A connection begins.
    pub(crate) fn connected(&mut self) {
        self.pictures = 0;
    }

    /// A picture came, `state` says of what kind.
    pub(crate) fn picture(
        &mut self,
        picture: &Picture,
        state: SourceState,
        reason: &str,
        now: OffsetDateTime,
    ) {
        self.pictures += 1;
        let before = self
            .source
            .last_picture_at
            .as_ref()
            .and_then(proto::from_timestamp);
        if let Some(before) = before.filter(|_| self.pictures > 1) {
            let latest = (now - before).as_seconds_f64();
            let usual = self.source.interval_seconds.unwrap_or(latest);
            self.source.interval_seconds = Some(usual * 0.8 + latest * 0.2);
        }
        (self.source.width, self.source.height) = picture.size;
        self.source.last_picture_at = Some(timestamp(now));
        // A stream that refreshes bit by bit may begin with a picture: that is not yet a camera that works.
        let was_without = self.under.0 == SourceState::NoKeyFrames;
        if !was_without || self.pictures > 1 {
            self.set(state, reason, now);
        }
    }

    /// No pictures come.
    pub(crate) fn outage(&mut self, outage: &Outage, now: OffsetDateTime) {
        self.set(outage.state, &outage.reason, now);
    }

    /// Nobody connects to it any more.
    pub(crate) fn removed(&mut self, now: OffsetDateTime) {
        self.turns.clear();
        let reason = match self.source.set_by() {
            v1::SetBy::Api => "what was set of it by API was removed",
            _ => "it was taken out of the file of cameras",
        };
        self.set(SourceState::Removed, reason, now);
    }

    /// Looks whether it still changes often. Whether that changes how it stands.
    pub(crate) fn settle(&mut self, now: OffsetDateTime) -> bool {
        while self
            .turns
            .front()
            .is_some_and(|turn| now - *turn > FLAPS_WITHIN)
        {
            self.turns.pop_front();
        }
        let (state, reason) = match self.turns.len() >= FLAPS {
            true => (SourceState::Flapping, self.flapping()),
            false => self.under.clone(),
        };
        let is_other = self.source.state() != state;
        if is_other {
            self.source.state = state.into();
            self.source.since = Some(timestamp(now));
        }
        self.source.reason = reason;
        is_other
    }

    fn flapping(&self) -> String {
        let (state, reason) = &self.under;
        let last = match state {
            SourceState::Online => "its pictures come at the moment",
            _ => reason,
        };
        format!(
            "it came or went {} times in ten minutes: look at its cable, its power and its network; now: {last}",
            self.turns.len()
        )
    }

    fn set(&mut self, state: SourceState, reason: &str, now: OffsetDateTime) {
        let gives = |state| {
            matches!(
                state,
                SourceState::Online | SourceState::Frozen | SourceState::Dark
            )
        };
        let was_first = self.under.0 == SourceState::Connecting;
        if gives(self.under.0) != gives(state) && !was_first {
            self.turns.push_back(now);
        }
        self.under = (state, reason.to_owned());
        self.settle(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        Picture {
            bytes: bytes::Bytes::new(),
            content_type: "image/jpeg",
            size: (640, 360),
            luma: None,
        }
    }

    fn standing(now: OffsetDateTime) -> Standing {
        let gate = "gate".parse().unwrap();
        Standing::new(&gate, &gate, SetBy::File, now)
    }

    #[test]
    fn a_state_has_the_time_since_when_it_is_so() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut standing = standing(start);
        assert_eq!(standing.source().state(), SourceState::Connecting);
        for second in 1..5 {
            let now = start + Duration::seconds(second);
            standing.picture(&picture(), SourceState::Online, "", now);
        }
        let source = standing.source();
        assert_eq!(source.state(), SourceState::Online);
        assert_eq!(source.since, Some(timestamp(start + Duration::seconds(1))));
        assert_eq!((source.width, source.height), (640, 360));
        assert!((source.interval_seconds.unwrap() - 1.0).abs() < 0.01);
    }

    #[test]
    fn four_turns_in_ten_minutes_are_one_state() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut standing = standing(start);
        let mut now = start;
        for _ in 0..2 {
            standing.picture(&picture(), SourceState::Online, "", now);
            now += Duration::seconds(30);
            standing.outage(&Outage::silent("no answer"), now);
            now += Duration::seconds(30);
        }
        assert_eq!(standing.source().state(), SourceState::Silent);
        standing.picture(&picture(), SourceState::Online, "", now);
        assert_eq!(standing.source().state(), SourceState::Flapping);
        assert!(!standing.settle(now + Duration::minutes(8)));
        assert!(standing.settle(now + Duration::minutes(11)));
        assert_eq!(standing.source().state(), SourceState::Online);
    }

    #[test]
    fn one_picture_of_a_stream_without_key_frames_is_not_yet_well() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut standing = standing(now);
        standing.outage(&Outage::no_key_frames("none"), now);
        standing.connected();
        standing.picture(&picture(), SourceState::Online, "", now);
        assert_eq!(standing.source().state(), SourceState::NoKeyFrames);
        standing.picture(&picture(), SourceState::Online, "", now);
        assert_eq!(standing.source().state(), SourceState::Online);
    }
}
