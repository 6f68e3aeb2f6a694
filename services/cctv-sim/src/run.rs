//! Cameras that send: their frames to NATS, and opening a source again that failed. What a source gives is left to `source`.

use std::time::{Duration, Instant};

use event_bus::{Bus, FrameHeaders};
use log_limiter::LogLimiter;
use service_runtime::{Context, Failure};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    CameraSpec,
    source::{Error, Frame, Source},
};

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// Runs the cameras until shutdown, or until the last of those that play once has ended.
pub async fn run(cameras: Vec<CameraSpec>, bus: Bus, context: Context) -> Result<(), Failure> {
    context.readiness.require("cctv-sim: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });
    tracing::info!(cameras = cameras.len(), "sending frames");
    let tracker = TaskTracker::new();
    for spec in cameras {
        tracker.spawn(run_one(spec, bus.clone(), context.shutdown.clone()));
    }
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}

/// Runs a camera until shutdown, or until it has ended where it plays once.
pub async fn run_one(spec: CameraSpec, bus: Bus, shutdown: CancellationToken) {
    let camera = Camera {
        spec,
        bus,
        lost: LogLimiter::default(),
    };
    camera.run(shutdown).await;
}

struct Camera {
    spec: CameraSpec,
    bus: Bus,
    /// Lines on frames that can't be published.
    lost: LogLimiter,
}

impl Camera {
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
        while let Some(frame) = source.next().await? {
            self.publish(frame).await;
        }
        tracing::info!(camera = self.spec.name, "a camera has ended");
        Ok(())
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
