//! Pictures of whatever else an installed ffmpeg reads, in a process of its own.

use std::time::Duration;

use camera_settings::{CameraSpec, FfmpegInput};
use event_bus::MAX_FRAME_BYTES;
use frame_source::Ffmpeg;
use tokio::time::{Instant, sleep_until, timeout};

use crate::{Outage, Picture};

/// Beyond the time in which a picture is due, it may take so long to connect and to come.
const SLACK: Duration = Duration::from_secs(30);

/// An ffmpeg that makes pictures.
pub struct Program {
    ffmpeg: Ffmpeg,
    /// What it reads. It must not be repeated to people.
    address: String,
    every: Duration,
    due: Instant,
}

impl Program {
    pub(crate) fn open(input: &FfmpegInput, spec: &CameraSpec) -> Result<Self, Outage> {
        let address = input.arguments().last().cloned().unwrap_or_default();
        let input = input.arguments().iter().map(String::as_str);
        let filter = format!(
            "fps={},scale='min({},iw)':-2",
            spec.every.as_secs_f64().recip(),
            spec.max_width
        );
        let output = ["-an", "-vf", &filter, "-q:v", "4"];
        let ffmpeg = Ffmpeg::start(input, output, MAX_FRAME_BYTES);
        Ok(Program {
            ffmpeg: ffmpeg.map_err(|error| Outage::silent(error.to_string()))?,
            address,
            every: spec.every,
            due: Instant::now(),
        })
    }

    pub(crate) async fn next(&mut self) -> Result<Picture, Outage> {
        sleep_until(self.due).await;
        let patience = self.every + SLACK;
        let picture = timeout(patience, self.ffmpeg.next()).await.map_err(|_| {
            Outage::silent(format!("ffmpeg has made no picture within {patience:?}"))
        })?;
        // A little early, so that it never has to wait for us: it would read on no more.
        self.due = Instant::now() + self.every.mul_f64(0.9);
        match picture {
            Ok(Some(bytes)) => Picture::encoded(bytes)
                .map_err(|error| Outage::silent(format!("ffmpeg makes no pictures: {error}"))),
            Ok(None) => Err(self.why_ended().await),
            Err(error) => Err(Outage::silent(format!("ffmpeg cannot be read: {error}"))),
        }
    }

    async fn why_ended(&mut self) -> Outage {
        match self.ffmpeg.ended().await {
            Ok((status, said)) => {
                let said: String = said.replace(&self.address, "…").chars().take(200).collect();
                Outage::silent(format!("ffmpeg ended with {status}: {said}"))
            }
            Err(error) => Outage::silent(format!("ffmpeg ended, nobody knows how: {error}")),
        }
    }
}
