//! Looking at all cameras again and again, and carrying out what follows.

use std::{sync::Arc, time::Duration};

use alerting::{
    Settled, TransitionError, Transitions,
    episode::{CameraCondition, CameraSeen},
};
use event_bus::{
    AlertSubject, Bus, Folder, FrameArrival, PublishError, StoreError, Stored, with_causes,
};
use futures::{StreamExt as _, stream};
use log_limiter::LogLimiter;
use proto::v1::{Alert, Comparison, Finding, Frame, KeptFrame, Phase};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::{
    camera::{Circumstances, Due},
    cameras::Cameras,
    report::report,
};
use crate::state::State;

/// Looks at all cameras, round after round.
pub(super) struct Rounds {
    pub(super) bus: Bus,
    pub(super) cameras: Arc<Cameras>,
    pub(super) state: Arc<State>,
    pub(super) transitions: Transitions,
    /// After how long without another one a frame is kept.
    pub(super) kept_after: Duration,
    pub(super) failures: LogLimiter,
}

/// Why something could not be carried out now.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

const EVERY: Duration = Duration::from_secs(1);

/// How many cameras are dealt with at a time.
const AT_A_TIME: usize = 16;

impl Rounds {
    /// Goes round until it is dropped.
    pub(super) async fn run(self) {
        loop {
            sleep(EVERY).await;
            self.round().await;
        }
    }

    async fn round(&self) {
        let due = self.due();
        let changed = stream::iter(due)
            .map(|(folder, due)| self.carry_out(folder, due))
            .buffer_unordered(AT_A_TIME);
        let alerts: Vec<Alert> = changed.filter_map(async |alert| alert).collect().await;
        report(&alerts);
    }

    /// What is to be done now.
    fn due(&self) -> Vec<(Folder, Due)> {
        let cameras = self.cameras.read();
        let due = cameras.iter().filter_map(|(folder, camera)| {
            let due = self.under_circumstances(folder, |now| camera.due(now))?;
            Some((folder.clone(), due))
        });
        due.collect()
    }

    fn under_circumstances<T>(
        &self,
        folder: &Folder,
        then: impl FnOnce(&Circumstances<'_>) -> T,
    ) -> T {
        let set = self.state.rule(folder);
        let alert = self.state.alerts.alert(&AlertSubject::camera(folder));
        let firing = alert.filter(|alert| alert.event.phase() == Phase::Firing);
        then(&Circumstances {
            rule: &set.rule,
            firing: firing.as_ref().map(|alert| &alert.event),
            now: Instant::now(),
            counted_from: self.cameras.observation().counted_from(),
            kept_after: self.kept_after,
        })
    }

    /// The alert, where one fired or resolved. What fails is due again in the next round.
    async fn carry_out(&self, folder: Folder, due: Due) -> Option<Alert> {
        let done = match due {
            Due::Fire(finding) => self.fire(&folder, finding).await,
            Due::End(by) => {
                let condition = CameraCondition::Over(by);
                self.settle(&folder, condition, None).await
            }
            Due::LookBack(from) => self.look_back(&folder, from).await.map(|()| None),
            Due::Keep => self.keep(&folder).await.map(|()| None),
            Due::Tell => self.tell(&folder, None).await.map(|()| None),
        };
        done.unwrap_or_else(|error| {
            if self.failures.is_due(&()) {
                tracing::warn!(%folder, error = with_causes(&error), "what is to be said of a camera waits; more of them are only counted for a minute");
            }
            metrics::counter!("framewatch_camera_watch_failures_total").increment(1);
            None
        })
    }

    async fn fire(&self, folder: &Folder, finding: Finding) -> Result<Option<Alert>, RoundError> {
        let last = self.bus.last_frame(folder).await?;
        if finding.kind().is_of_silence() && self.is_news(folder, last.as_ref()) {
            return Ok(None);
        }
        let picture = last.map(|last| last.event.picture);
        let condition = CameraCondition::Wrong(vec![finding]);
        self.settle(folder, condition, picture).await
    }

    /// Whether the broker has a newer frame than this process knew of. If so, it is taken in.
    fn is_news(&self, folder: &Folder, last: Option<&Stored<FrameArrival>>) -> bool {
        let Some(last) = last else { return false };
        let known = self.last_frame(folder).map(|(_, stored_at)| stored_at);
        let is_news = known < Some(last.stored_at);
        if is_news {
            self.cameras.learn_frame(last);
        }
        is_news
    }

    fn last_frame(&self, folder: &Folder) -> Option<(Frame, OffsetDateTime)> {
        self.cameras.change(folder, |camera| {
            let last = camera.last()?;
            Some((last.frame.clone(), last.stored_at))
        })
    }

    async fn settle(
        &self,
        folder: &Folder,
        condition: CameraCondition,
        picture: Option<bytes::Bytes>,
    ) -> Result<Option<Alert>, RoundError> {
        let seen = CameraSeen {
            condition,
            frame: self.last_frame(folder).map(|(frame, _)| frame),
            at: OffsetDateTime::now_utc(),
        };
        let set = self.state.rule(folder);
        let settled = self
            .transitions
            .after_camera(folder, &set, &seen, picture.as_ref());
        match settled.await? {
            Settled::Unchanged | Settled::Overtaken => Ok(None),
            Settled::Changed => {
                let alert = self.state.alerts.alert(&AlertSubject::camera(folder));
                Ok(alert.map(|alert| alert.event))
            }
        }
    }

    async fn look_back(&self, folder: &Folder, from: OffsetDateTime) -> Result<(), RoundError> {
        let mut comparisons: Vec<Comparison> = Vec::new();
        let learn = |stored: Stored<Comparison>| comparisons.push(stored.event);
        self.bus.since::<Comparison>(folder, from, learn).await?;
        self.cameras
            .change(folder, |camera| camera.look_back(&comparisons));
        Ok(())
    }

    /// Keeps the last frame, and says so.
    async fn keep(&self, folder: &Folder) -> Result<(), RoundError> {
        let Some((frame, stored_at)) = self.last_frame(folder) else {
            return Ok(());
        };
        let last = self.bus.latest_readable::<FrameArrival>(folder).await?;
        let Some(last) = last.filter(|last| last.stored_at == stored_at) else {
            self.cameras
                .change(folder, |camera| camera.cannot_keep(stored_at));
            return Ok(());
        };
        let kept = KeptFrame {
            frame: Some(frame.clone()),
            picture: last.event.picture,
        };
        self.bus.latest_frames().set(folder, &kept).await?;
        self.tell(folder, Some(frame)).await
    }

    /// Says how the camera stands, and which frame is kept of it.
    async fn tell(&self, folder: &Folder, kept: Option<Frame>) -> Result<(), RoundError> {
        let (mut state, expected) = self.cameras.change(folder, |camera| {
            let state = self.under_circumstances(folder, |now| camera.state(now));
            (state, camera.expected())
        });
        state.folder = folder.to_string();
        state.kept_frame = kept.or(state.kept_frame);
        let published = self.bus.publish_camera_state(folder, &state, expected);
        match published.await {
            Ok(sequence) => {
                self.cameras
                    .change(folder, |camera| camera.learn_state(state, sequence));
                Ok(())
            }
            // Another comparator was faster. What it said is on its way here.
            Err(PublishError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
