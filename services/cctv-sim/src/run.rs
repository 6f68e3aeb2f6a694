//! Cameras that send: their frames to NATS, and opening a source again that failed. What a source gives is left to `source`.

use std::time::{Duration, Instant};

use event_bus::{Bus, FrameHeaders};
use log_limiter::LogLimiter;
use service_runtime::{Context, Failure};
use tokio::time::{sleep, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    CameraSpec,
    health::Health,
    source::{Error, Frame, Source},
};

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// No camera fails for being late by less.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Runs the cameras until shutdown, or until the last of those that play once has ended.
pub async fn run(cameras: Vec<CameraSpec>, bus: Bus, context: Context) -> Result<(), Failure> {
    context.readiness.require("cctv-sim: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });
    tracing::info!(cameras = cameras.len(), "sending frames");
    let tracker = TaskTracker::new();
    for spec in cameras {
        let camera = Camera::new(spec, bus.clone());
        let (name, health) = (camera.spec.name.clone(), camera.health.clone());
        let wrong = move || Some(format!("camera {name}: {}", health.what_is_wrong()?));
        context.readiness.require_unless(wrong);
        tracker.spawn(camera.run(context.shutdown.clone()));
    }
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}

/// Runs a camera until shutdown, or until it has ended where it plays once.
pub async fn run_one(spec: CameraSpec, bus: Bus, shutdown: CancellationToken) {
    Camera::new(spec, bus).run(shutdown).await;
}

struct Camera {
    spec: CameraSpec,
    bus: Bus,
    /// Lines on frames that can't be published.
    lost: LogLimiter,
    health: Health,
}

impl Camera {
    fn new(spec: CameraSpec, bus: Bus) -> Self {
        Camera {
            spec,
            bus,
            lost: LogLimiter::default(),
            health: Health::default(),
        }
    }

    /// Opens the source again, ever more patiently, whenever it fails.
    async fn run(mut self, shutdown: CancellationToken) {
        let mut pause = FIRST_RETRY;
        loop {
            let began = Instant::now();
            let ended = shutdown.run_until_cancelled(self.run_once()).await;
            let error = match ended {
                None | Some(Ok(())) => return,
                Some(Err(error)) => error,
            };
            self.health.fails(error.to_string());
            if began.elapsed() > LAST_RETRY {
                pause = FIRST_RETRY;
            }
            tracing::error!(camera = self.spec.name, %error, "a camera has failed; trying again in {pause:?}");
            if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            pause = LAST_RETRY.min(pause * 2);
        }
    }

    /// Ends when the source does.
    async fn run_once(&mut self) -> Result<(), Error> {
        let mut source = Source::open(&self.spec).await?;
        while let Some(frame) = self.next(&mut source).await? {
            self.publish(frame).await;
        }
        self.health.is_well();
        tracing::info!(camera = self.spec.name, "a camera has ended");
        Ok(())
    }

    /// The next frame, however long it takes. Meanwhile the camera is not well, unless nobody can say when one is due.
    async fn next(&self, source: &mut Source) -> Result<Option<Frame>, Error> {
        let is_due = Duration::from_secs_f64(3.0 / self.spec.rate).max(LEAST_PATIENCE);
        loop {
            match timeout(is_due, source.next()).await {
                Ok(Ok(frame)) => {
                    self.health.is_well();
                    return Ok(frame);
                }
                Ok(Err(error)) => return Err(error),
                Err(_) if self.spec.is_watched() || source.is_silent() => {}
                Err(_) => self.health.fails(format!("no frame for {is_due:?}")),
            }
        }
    }

    /// A frame that can't be published is lost, as a real camera's would be: the next one is newer.
    #[tracing::instrument(name = "send", skip_all, fields(camera = self.spec.name, folder = %self.spec.folder))]
    async fn publish(&mut self, frame: Frame) {
        let headers = FrameHeaders {
            camera: self.spec.name.clone(),
            captured_at: frame.captured_at,
        };
        let published = self
            .bus
            .publish_frame(
                &self.spec.folder,
                &headers,
                Some(frame.content_type),
                frame.bytes,
            )
            .await;
        match published {
            Ok(frame) => {
                tracing::debug!(frame, "sent");
                metrics::counter!("framewatch_camera_frames_total").increment(1);
                self.lost.forget(&());
            }
            Err(error) => {
                metrics::counter!("framewatch_camera_frames_lost_total").increment(1);
                if self.lost.is_due(&()) {
                    tracing::warn!(camera = self.spec.name, %error, "frames are not published");
                }
            }
        }
    }
}
