//! One camera: connecting to it, again and again, and publishing its pictures.

use std::time::Duration;

use camera_settings::{CameraSpec, FreezeWatch};
use event_bus::{Bus, FrameHeaders};
use log_limiter::LogLimiter;
use proto::v1::SourceState;
use service_runtime::{CpuQueue, NeedsMemory};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use turn_taking::Grip;

use crate::{
    Outage, Picture, Source,
    backoff::Backoff,
    frozen::{Coded, Stillness},
    standing::Standing,
};

/// How long publishing may take: a picture that waits longer is old.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(5);

/// How long snapshots are taken in place of video before video is tried again.
const FALLBACK: Duration = Duration::from_secs(10 * 60);

pub(crate) struct Camera {
    spec: CameraSpec,
    bus: Bus,
    cpu: CpuQueue,
    standing: watch::Sender<Standing>,
    /// The hold on the camera's turn, where other copies of the service may have the camera.
    grip: Option<Grip>,
    stillness: Stillness,
    is_still: bool,
    /// Since when its pictures come.
    well_since: Option<Instant>,
    /// Lines on frames that can't be published.
    lost: LogLimiter,
}

impl Camera {
    pub(crate) fn new(
        spec: CameraSpec,
        bus: Bus,
        cpu: CpuQueue,
        standing: watch::Sender<Standing>,
        grip: Option<Grip>,
    ) -> Self {
        Camera {
            spec,
            bus,
            cpu,
            standing,
            grip,
            stillness: Stillness::default(),
            is_still: false,
            well_since: None,
            lost: LogLimiter::default(),
        }
    }

    /// Connects again, ever more patiently, whenever the camera fails; until it is told to end.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        loop {
            let ended = stop.run_until_cancelled(self.run_once()).await;
            let Some(Err(outage)) = ended else { return };
            let well_for = self
                .well_since
                .take()
                .map_or(Duration::ZERO, |since| since.elapsed());
            let pause = backoff.after(well_for, outage.patience);
            let now = OffsetDateTime::now_utc();
            self.standing
                .send_modify(|standing| standing.outage(&outage, now));
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Ends only with what went wrong.
    async fn run_once(&mut self) -> Result<(), Outage> {
        metrics::counter!("framewatch_source_connects_total", "folder" => self.spec.folder.to_string())
            .increment(1);
        let source = Source::open(&self.spec, &self.cpu).await;
        let outage = match source {
            Ok(source) => self.publish_all(source, "").await,
            Err(outage) => outage,
        };
        let fallback = self.spec.fallback_snapshot.clone();
        let Some(fallback) = fallback.filter(|_| outage.state == SourceState::NoKeyFrames) else {
            return Err(outage);
        };
        let source = Source::open_pictures(&self.spec, &fallback).await?;
        let reason = "its video has no key frames: pictures come from fallback-snapshot";
        let ended = timeout(FALLBACK, self.publish_all(source, reason)).await;
        Err(ended.unwrap_or(outage))
    }

    /// Publishes pictures until there are no more; gives why.
    async fn publish_all(&mut self, mut source: Source, remark: &str) -> Outage {
        let coded = source.coded();
        self.standing.send_modify(Standing::connected);
        loop {
            let picture = match source.next().await {
                Ok(picture) => picture,
                Err(outage) => return outage,
            };
            let now = OffsetDateTime::now_utc();
            self.well_since.get_or_insert_with(Instant::now);
            let (state, reason) = self.look(&picture, coded, remark).await;
            self.standing
                .send_modify(|standing| standing.picture(&picture, state, reason, now));
            self.publish(picture, now).await;
        }
    }

    /// The state that a picture shows, and a remark on it.
    async fn look<'a>(
        &mut self,
        picture: &Picture,
        coded: Coded,
        remark: &'a str,
    ) -> (SourceState, &'a str) {
        let now = Instant::now();
        let before = self.standing.borrow().source().state();
        let mut is_black = before == SourceState::Dark;
        if self.stillness.is_due(now)
            && let Some(luma) = self.luma(picture).await
        {
            is_black = luma.is_black();
            self.is_still = self.stillness.see(now, luma, coded);
        }
        let is_watched = self.spec.freeze_watch == FreezeWatch::On;
        match (is_black, self.is_still && is_watched) {
            (true, _) => (
                SourceState::Dark,
                "its picture is black: is there light, is it covered, does its infrared lamp work?",
            ),
            (_, true) => (
                SourceState::Frozen,
                "its picture has stood still for a minute or more: switch the camera off and on; where nothing is wrong with \
                 it, set watch-frozen = false",
            ),
            _ => (SourceState::Online, remark),
        }
    }

    async fn luma(&self, picture: &Picture) -> Option<crate::Luma> {
        if picture.luma.is_some() {
            return picture.luma.clone();
        }
        let picture = picture.clone();
        let looking = move |bytes| picture.luma(bytes).map_err(NeedsMemory);
        let looked = self.cpu.run_within(looking).await;
        looked.ok().flatten()
    }

    /// A picture that can't be published is lost: the next one is newer.
    #[tracing::instrument(name = "send", skip_all, fields(camera = %self.spec.name, folder = %self.spec.folder))]
    async fn publish(&mut self, picture: Picture, captured_at: OffsetDateTime) {
        // This process stood still: another copy may have published newer ones.
        if self.grip.as_ref().is_some_and(|grip| !grip.is_sure()) {
            return;
        }
        let headers = FrameHeaders {
            camera: self.spec.name.to_string(),
            captured_at,
        };
        let folder = &self.spec.folder;
        let published =
            self.bus
                .publish_frame(folder, &headers, Some(picture.content_type), picture.bytes);
        let error = match timeout(PUBLISHED_WITHIN, published).await {
            Ok(Ok(frame)) => {
                tracing::debug!(frame, "sent");
                metrics::counter!("framewatch_camera_frames_total").increment(1);
                return self.lost.forget(&());
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("NATS did not take it within {PUBLISHED_WITHIN:?}"),
        };
        metrics::counter!("framewatch_camera_frames_lost_total").increment(1);
        if self.lost.is_due(&()) {
            tracing::warn!(camera = %self.spec.name, error, "frames are not published");
        }
    }
}
