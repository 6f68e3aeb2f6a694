//! What is known of one camera, and what follows.

use std::time::Duration;

use event_bus::{Expected, FrameArrival, Stored};
use proto::{
    EffectiveRule, Silence, from_timestamp, timestamp,
    v1::{
        Alert, CameraState, Comparison, Finding, Frame, Kind, ResolvedBy, Source, SourceState,
        Verdict,
    },
};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{
    connection::{self, Connection},
    gaps::Gaps,
    garbage::Garbage,
    stillness::{Sameness, SeenFrame, Stillness, between},
};
use crate::digests::Digests;

/// What is known of one camera: that of a folder.
#[derive(Debug, Default)]
pub(super) struct Camera {
    last: Option<LastFrame>,
    gaps: Gaps,
    stillness: Stillness,
    garbage: Garbage,
    source: Option<Connection>,
    /// The frame of the last comparison, in the order of frames.
    compared: Option<OffsetDateTime>,
    told: Option<Told>,
    /// The frame that can no longer be kept, since the stream of frames has forgotten it.
    forgotten: Option<OffsetDateTime>,
    /// When its folder was last removed.
    removed: Option<OffsetDateTime>,
}

/// What was last said of a camera.
#[derive(Debug)]
struct Told {
    state: CameraState,
    /// The number of that; 0 where its stream is gone.
    sequence: u64,
}

/// The last frame that came.
#[derive(Debug, Clone)]
pub(super) struct LastFrame {
    pub(super) frame: Frame,
    /// When the broker stored it.
    pub(super) stored_at: OffsetDateTime,
    /// When that was, by this process's clock.
    seen: Instant,
}

/// What is to be done about a camera.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Due {
    /// Its alert fires, unless no frames come and a look at the broker shows another one.
    Fire(Finding),
    /// Its alert resolves.
    End(ResolvedBy),
    /// The frames from this time on are to be looked up, since they came before this process began.
    LookBack(OffsetDateTime),
    /// Its last frame is to be kept, since the stream of frames forgets it.
    Keep,
    /// What was learned of it is to be published.
    Tell,
}

/// By what share the usual gap must change, up or down, before that is told.
const TOLD_CHANGE: f64 = 0.25;

/// For so long after its last frame it has a place among those of folders that nobody made.
const CURRENT: Duration = Duration::from_secs(5 * 60);

/// How far to look back beyond the time in question.
const MARGIN: Duration = Duration::from_secs(60);

/// Under what circumstances a camera is looked at.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) rule: &'a EffectiveRule,
    /// Its alert, if that fires.
    pub(super) firing: Option<&'a Alert>,
    pub(super) now: Instant,
    /// From when on silence counts.
    pub(super) counted_from: Instant,
    /// After how long without another one a frame is kept.
    pub(super) kept_after: Duration,
}

impl Camera {
    /// Takes in a frame. `seen` is when it came, and `whole_since` since when all that came was seen, by this process's clock.
    pub(super) fn learn_frame(
        &mut self,
        stored: &Stored<FrameArrival>,
        seen: Instant,
        whole_since: Instant,
    ) {
        let at = stored.stored_at;
        if self.removed.is_some_and(|removed| at <= removed) {
            return;
        }
        match &self.last {
            Some(last) if at <= last.stored_at => return,
            Some(last) if last.seen >= whole_since => {
                self.gaps.learn(between(last.stored_at, at));
            }
            // Others may have come and gone meanwhile.
            Some(_) | None => {}
        }
        self.last = Some(LastFrame {
            frame: stored.event.headers.frame(at),
            stored_at: at,
            seen,
        });
    }

    /// Takes in a comparison. One of a frame that is known, or older, tells nothing.
    pub(super) fn learn_comparison(&mut self, comparison: &Comparison) {
        let Some(at) = frame_at(comparison) else {
            return;
        };
        if self.compared >= Some(at) || self.removed.is_some_and(|removed| at <= removed) {
            return;
        }
        self.compared = Some(at);
        self.garbage.learn(at, unreadable(comparison));
        if let Some(frame) = seen_frame(comparison) {
            self.stillness.learn(frame);
        }
    }

    /// Takes in what the camera service says of its connection. `heard` is when that came, by this process's clock.
    pub(super) fn learn_source(&mut self, source: Source, heard: Instant) {
        self.source = Some(Connection { source, heard });
    }

    /// Takes in what was last said of it: here, by another process, or before this one began.
    pub(super) fn learn_state(&mut self, state: CameraState, sequence: u64) {
        let known = self.told.as_ref();
        if known.is_some_and(|known| known.sequence >= sequence) {
            return;
        }
        let kept = state.kept_frame.as_ref().and_then(stored_at);
        if self.removed.is_some_and(|removed| kept <= Some(removed)) {
            return;
        }
        if let Some(seconds) = state.interval_seconds
            && let Ok(usual) = Duration::try_from_secs_f64(seconds)
        {
            self.gaps.recall(usual);
        }
        self.stillness
            .recall(state.bytes_vary, state.picture_varies);
        self.told = Some(Told { state, sequence });
    }

    /// Takes in that all that was said of it is gone with its stream.
    pub(super) fn forget_told(&mut self) {
        if let Some(told) = &mut self.told {
            told.sequence = 0;
        }
    }

    /// Takes in that the frame of this time can no longer be kept.
    pub(super) fn cannot_keep(&mut self, stored_at: OffsetDateTime) {
        self.forgotten = Some(stored_at);
    }

    /// Takes in that its folder was removed.
    pub(super) fn remove(&mut self, at: OffsetDateTime) {
        if self.removed >= Some(at) {
            return;
        }
        let later = self.last.take_if(|last| last.stored_at > at);
        *self = Camera {
            last: later,
            removed: Some(at),
            ..Camera::default()
        };
    }

    /// Takes in the comparisons from before this process began.
    pub(super) fn look_back(&mut self, comparisons: &[Comparison]) {
        let frames = comparisons
            .iter()
            .filter_map(|comparison| Some((frame_at(comparison)?, unreadable(comparison))));
        self.garbage.look_back(frames);
        self.stillness
            .look_back(comparisons.iter().filter_map(seen_frame));
    }

    /// Whether it has sent something lately, or the camera service is connected to it or tries to be.
    pub(super) fn is_current(&self, now: Instant) -> bool {
        let last = self.last.as_ref();
        let sends = last.is_some_and(|last| now.saturating_duration_since(last.seen) < CURRENT);
        sends || self.connection(now).is_some()
    }

    /// Whether something was published about it, or its folder was removed.
    pub(super) fn is_told_of(&self) -> bool {
        self.told.is_some() || self.removed.is_some()
    }

    /// The last frame that came since the folder was removed, if it was.
    pub(super) fn last(&self) -> Option<&LastFrame> {
        self.last.as_ref()
    }

    /// After how long without a frame its alert fires; `None`: never.
    fn longest_silence(&self, rule: &EffectiveRule) -> Option<Duration> {
        match rule.silent {
            Silence::After(limit) => Some(limit),
            Silence::Allowed => None,
            Silence::Automatic => self.gaps.longest_silence(),
        }
    }

    /// The most urgent of what is to be done about it.
    pub(super) fn due(&self, circumstances: &Circumstances<'_>) -> Option<Due> {
        let of_alert = match circumstances.firing {
            Some(alert) => self.ended_by(alert, circumstances).map(Due::End),
            None if !circumstances.rule.enabled => None,
            None => self.what_is_wrong(circumstances).map(Due::Fire),
        };
        of_alert
            .or_else(|| {
                self.beginning_to_look_up(circumstances.rule)
                    .map(Due::LookBack)
            })
            .or_else(|| self.is_to_be_kept(circumstances).then_some(Due::Keep))
            .or_else(|| self.has_news(circumstances).then_some(Due::Tell))
    }

    fn what_is_wrong(&self, circumstances: &Circumstances<'_>) -> Option<Finding> {
        let rule = circumstances.rule;
        let connection = self.connection(circumstances.now);
        let silence = self.silence(circumstances);
        silence
            // Whoever is connected to the camera knows why.
            .map(|silence| {
                connection
                    .and_then(Connection::why_silent)
                    .unwrap_or(silence)
            })
            .or_else(|| self.never_reached(circumstances))
            .or_else(|| self.only_garbage(rule))
            .or_else(|| self.frozen(rule))
            .or_else(|| connection.filter(|_| rule.frozen.is_some())?.frozen())
    }

    /// What is known of the connection to it, unless that is old.
    fn connection(&self, now: Instant) -> Option<&Connection> {
        let source = self.source.as_ref();
        source.filter(|it| now.saturating_duration_since(it.heard) < connection::CURRENT)
    }

    /// Why a camera has not sent anything yet, if somebody tries in vain to connect to it.
    fn never_reached(&self, circumstances: &Circumstances<'_>) -> Option<Finding> {
        let is_new = self.last.is_none() && circumstances.rule.silent != Silence::Allowed;
        let connection = self.connection(circumstances.now).filter(|_| is_new)?;
        connection.why_never_reached()
    }

    fn silence(&self, circumstances: &Circumstances<'_>) -> Option<Finding> {
        let (last, limit) = (
            self.last.as_ref()?,
            self.longest_silence(circumstances.rule)?,
        );
        let counted = last.seen.max(circumstances.counted_from);
        if circumstances.now.saturating_duration_since(counted) < limit {
            return None;
        }
        let lasted = seconds(circumstances.now.saturating_duration_since(last.seen));
        let usual = match self.gaps.usual() {
            Some(usual) if usual >= Duration::from_secs(2) => {
                format!(", where one usually comes every {} s", seconds(usual))
            }
            Some(_) => ", where one usually comes every second or sooner".to_owned(),
            None => String::new(),
        };
        Some(Finding::certain(
            Kind::Silent,
            format!("none for {lasted} s{usual}"),
        ))
    }

    fn only_garbage(&self, rule: &EffectiveRule) -> Option<Finding> {
        let (since, cause) = self.garbage.lasts(self.longest_silence(rule)?)?;
        let lasted = seconds(between(since, self.compared?));
        Some(Finding::certain(
            Kind::Unreadable,
            format!("{cause} (for {lasted} s)"),
        ))
    }

    fn frozen(&self, rule: &EffectiveRule) -> Option<Finding> {
        let (since, sameness) = self.stillness.frozen(rule.frozen?)?;
        let lasted = seconds(between(since, self.compared?));
        let cause = match sameness {
            Sameness::Bytes => format!("the same bytes for {lasted} s, after pictures that varied"),
            Sameness::Picture => format!(
                "the same picture for {lasted} s but for a small part, such as a clock, after pictures that varied"
            ),
        };
        Some(Finding::certain(Kind::Frozen, cause))
    }

    /// Why a firing alert is over, if it is. What this process does not know ends nothing.
    fn ended_by(&self, alert: &Alert, circumstances: &Circumstances<'_>) -> Option<ResolvedBy> {
        let rule = circumstances.rule;
        if !rule.enabled {
            return Some(ResolvedBy::SwitchedOff);
        }
        let fired_at = alert.fired_at.as_ref().and_then(from_timestamp)?;
        if self.removed.is_some_and(|removed| removed >= fired_at) {
            return Some(ResolvedBy::Removed);
        }
        let frame_at = alert.frame.as_ref().and_then(stored_at);
        let kind = alert.findings.first().map(Finding::kind);
        let works = match kind {
            Some(Kind::Unreadable) => self.garbage.is_over_since(frame_at?),
            // A stream codes a picture that stands still anew each time: its bytes say nothing.
            Some(Kind::Frozen) if self.is_frozen_at_its_source(circumstances.now) => false,
            Some(Kind::Frozen) => self.stillness.has_changed_since(frame_at?),
            _ => self.last.as_ref().map(|last| last.stored_at) > frame_at,
        };
        if works {
            return Some(ResolvedBy::Camera);
        }
        let is_allowed = match (kind, rule.silent) {
            (Some(Kind::Frozen), _) => rule.frozen.is_none(),
            (Some(Kind::Unreadable), Silence::Allowed) => true,
            (Some(kind), Silence::Allowed) => kind.is_of_silence(),
            (Some(kind), Silence::After(limit)) if kind.is_of_silence() => {
                let last = self.last.as_ref()?;
                circumstances.now.saturating_duration_since(last.seen) < limit
            }
            _ => false,
        };
        is_allowed.then_some(ResolvedBy::Rule)
    }

    fn is_frozen_at_its_source(&self, now: Instant) -> bool {
        let connection = self.connection(now);
        connection.is_some_and(|it| it.source.state() == SourceState::Frozen)
    }

    fn beginning_to_look_up(&self, rule: &EffectiveRule) -> Option<OffsetDateTime> {
        let of_stillness = self
            .stillness
            .has_unknown_beginning()
            .then_some(rule.frozen);
        let of_garbage = self.garbage.has_unknown_beginning();
        let of_garbage = of_garbage.then(|| self.longest_silence(rule));
        let reach = of_stillness.flatten().max(of_garbage.flatten())?;
        Some(self.compared? - reach - MARGIN)
    }

    fn is_to_be_kept(&self, circumstances: &Circumstances<'_>) -> bool {
        let Some(last) = &self.last else {
            return false;
        };
        let is_old =
            circumstances.now.saturating_duration_since(last.seen) >= circumstances.kept_after;
        let done_with = self.kept_at().max(self.forgotten);
        is_old && done_with < Some(last.stored_at)
    }

    /// When the frame was stored that is kept.
    fn kept_at(&self) -> Option<OffsetDateTime> {
        self.told()?.kept_frame.as_ref().and_then(stored_at)
    }

    /// What was last published about it.
    fn told(&self) -> Option<&CameraState> {
        self.told.as_ref().map(|told| &told.state)
    }

    /// What the next publication about it must expect to be the last one.
    pub(super) fn expected(&self) -> Expected {
        Expected(self.told.as_ref().map_or(0, |told| told.sequence))
    }

    /// Whether there is something else to publish about it than was published last.
    fn has_news(&self, circumstances: &Circumstances<'_>) -> bool {
        let next = self.state(circumstances);
        let Some(told) = &self.told else {
            return next.interval_seconds.is_some() || next.state() != Kind::Unspecified;
        };
        let said = &told.state;
        let is_close = |said: Option<f64>, next: Option<f64>| match (said, next) {
            (Some(said), Some(next)) => (next - said).abs() <= TOLD_CHANGE * said.max(1.0),
            (said, next) => said == next,
        };
        told.sequence == 0
            || next.state() != said.state()
            || !is_close(said.interval_seconds, next.interval_seconds)
            || !is_close(said.silent_after_seconds, next.silent_after_seconds)
            || next.picture_varies != said.picture_varies
            || next.bytes_vary != said.bytes_vary
    }

    /// What is to be published about it.
    pub(super) fn state(&self, circumstances: &Circumstances<'_>) -> CameraState {
        let said = self.told();
        let firing = circumstances.firing;
        let kind = firing.and_then(|alert| alert.findings.first());
        let kind = kind.map_or(Kind::Unspecified, Finding::kind);
        let since = match (said, firing) {
            (Some(said), _) if said.state() == kind => said.since,
            (_, Some(alert)) => alert.fired_at,
            (_, None) => Some(timestamp(OffsetDateTime::now_utc())),
        };
        let (bytes_vary, picture_varies) = self.stillness.variation();
        let seconds = |duration: Option<Duration>| duration.map(|it| it.as_secs_f64());
        // What has varied once is said for good: how it stands at the moment, an alert says.
        CameraState {
            state: kind.into(),
            since,
            reason: firing.map_or_else(String::new, |alert| alert.message.clone()),
            kept_frame: said.and_then(|said| said.kept_frame.clone()),
            interval_seconds: seconds(self.gaps.usual()),
            silent_after_seconds: seconds(self.longest_silence(circumstances.rule)),
            picture_varies: picture_varies || said.is_some_and(|said| said.picture_varies),
            bytes_vary: bytes_vary || said.is_some_and(|said| said.bytes_vary),
            ..CameraState::default()
        }
    }
}

/// Whole seconds, at least one.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs().max(1)
}

fn stored_at(frame: &Frame) -> Option<OffsetDateTime> {
    frame.stored_at.as_ref().and_then(from_timestamp)
}

fn frame_at(comparison: &Comparison) -> Option<OffsetDateTime> {
    comparison.frame.as_ref().and_then(stored_at)
}

/// Why its frame cannot be read; `None` where it can.
fn unreadable(comparison: &Comparison) -> Option<&str> {
    let cause = comparison.findings.first();
    let cause = cause.map_or("", |finding| finding.cause.as_str());
    (comparison.verdict() == Verdict::Unreadable).then_some(cause)
}

fn seen_frame(comparison: &Comparison) -> Option<SeenFrame> {
    let is_empty = |finding: &Finding| matches!(finding.kind(), Kind::Blank | Kind::Dark);
    Some(SeenFrame {
        at: frame_at(comparison)?,
        digests: Digests::read_from(comparison)?,
        is_empty: comparison.findings.iter().any(is_empty),
    })
}

#[cfg(test)]
mod tests;
