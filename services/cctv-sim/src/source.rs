//! Where a camera's frames come from, one after the other, at the camera's pace.

mod drawn;
mod filter;
mod pictures;
mod video;
mod watched;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use frame_source::FfmpegError;
use time::OffsetDateTime;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::encode::DEFAULT_QUALITY;
use crate::incident::{Incident, Kind, Staged};
use crate::scene::DrawnCamera;
use crate::size::Size;
use crate::spec::{CameraSpec, Play, SourceSpec};
use drawn::Drawn;
use filter::Filter;
use pictures::Pictures;
use video::Video;
use watched::Watched;

pub use event_bus::MAX_FRAME_BYTES;
pub use frame_source::content_type;

/// One picture of a camera.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The encoded picture, at most [`MAX_FRAME_BYTES`].
    pub bytes: Bytes,
    /// Its type, such as `image/jpeg`.
    pub content_type: &'static str,
    /// When it was taken.
    pub captured_at: OffsetDateTime,
}

/// Why a source cannot be opened, or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder of pictures cannot be read.
    #[error("the folder {} cannot be read: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The video file cannot be read.
    #[error("the video file {} cannot be read: {source}", path.display())]
    VideoFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is nothing at the camera's path, or something else.
    #[error("camera {camera}: cannot take pictures from {}: {source}", path.display())]
    Missing {
        /// Its name.
        camera: String,
        /// Where they should come from.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no ffmpeg.
    #[error(
        "video needs ffmpeg on PATH: install it (Debian, Ubuntu: apt install ffmpeg) or use drawn: or pictures:"
    )]
    NoFfmpeg,
    /// ffmpeg is there and does not run.
    #[error(transparent)]
    Ffmpeg(FfmpegError),
    /// How ffmpeg ended is not known.
    #[error("how ffmpeg ended cannot be known: {0}")]
    Status(#[source] io::Error),
    /// ffmpeg gave up on the video.
    #[error("ffmpeg ended with {status} on {}: {message}", path.display())]
    Video {
        /// The video file.
        path: PathBuf,
        /// How it ended.
        status: String,
        /// The last line that it wrote.
        message: String,
    },
    /// A picture cannot be decoded.
    #[error(transparent)]
    Unreadable(#[from] fingerprint::Error),
    /// A picture cannot be made into a frame.
    #[error("the picture cannot be encoded: {0}")]
    Picture(#[from] image::ImageError),
    /// A picture is too large for a message, even as JPEG.
    #[error(
        "the picture takes {bytes} bytes even as JPEG, and a message at most {MAX_FRAME_BYTES}: give size or quality"
    )]
    TooLarge {
        /// Its size as JPEG.
        bytes: usize,
    },
    /// The thread that draws or encodes ended by itself.
    #[error("drawing or encoding a frame failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// An opened camera.
pub struct Source {
    feed: Feed,
    incidents: Vec<Incident>,
    pace: Option<Interval>,
    opened: Instant,
    opened_at: OffsetDateTime,
}

enum Feed {
    Drawn(Drawn),
    Pictures(Box<Pictures>),
    Watch(Box<Watched>),
    Video(Box<Video>),
}

impl Source {
    /// Opens the camera; its incidents' times and its pace begin now.
    ///
    /// # Errors
    /// A folder or file that cannot be read; ffmpeg missing for a video.
    pub async fn open(spec: &CameraSpec) -> Result<Self, Error> {
        let filter = Filter::new(spec);
        let (feed, paced) = match &spec.source {
            SourceSpec::Drawn { scene, seed } => {
                let size = spec.size.unwrap_or(Size::HD);
                let camera = DrawnCamera::new(*scene, size, *seed, &spec.name);
                let quality = spec.quality.unwrap_or(DEFAULT_QUALITY);
                (Feed::Drawn(Drawn::new(camera, quality)), true)
            }
            SourceSpec::Pictures {
                dir,
                play: Play::Watch,
            } => (
                Feed::Watch(Box::new(Watched::open(dir, filter).await?)),
                false,
            ),
            SourceSpec::Pictures { dir, play } => (
                Feed::Pictures(Box::new(Pictures::open(dir, *play, filter).await?)),
                true,
            ),
            SourceSpec::Video { file, repeat } => (
                Feed::Video(Box::new(Video::open(file, *repeat, spec, filter).await?)),
                true,
            ),
        };
        Ok(Self {
            feed,
            incidents: spec.incidents.clone(),
            pace: paced.then(|| pace(spec.rate)),
            opened: Instant::now(),
            opened_at: OffsetDateTime::now_utc(),
        })
    }

    /// The next frame, when it is due; none once the source has ended. Dropping the future loses at most one frame.
    ///
    /// # Errors
    /// What keeps the camera from going on. Asking again goes on, with a pause where a program has to be restarted.
    pub async fn next(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            if let Some(pace) = &mut self.pace {
                pace.tick().await;
            }
            let Some(frame) = self.take().await? else {
                return Ok(None);
            };
            if !self.is_silent() {
                return Ok(Some(frame));
            }
        }
    }

    /// Whether no frames come because that is staged.
    pub fn is_silent(&self) -> bool {
        Staged::at(&self.incidents, self.opened.elapsed()).has(Kind::Silent)
    }

    /// Whether there is something where the camera's pictures should come from.
    ///
    /// # Errors
    /// Where there is not.
    pub async fn check(spec: &CameraSpec) -> Result<(), Error> {
        let (path, is_folder) = match &spec.source {
            SourceSpec::Drawn { .. } => return Ok(()),
            SourceSpec::Pictures { dir, .. } => (dir, true),
            SourceSpec::Video { file, .. } => (file, false),
        };
        let wrong = |source| Error::Missing {
            camera: spec.name.clone(),
            path: path.clone(),
            source,
        };
        let there = tokio::fs::metadata(path).await.map_err(wrong)?;
        match (is_folder, there.is_dir()) {
            (true, false) => Err(wrong(io::ErrorKind::NotADirectory.into())),
            (false, true) => Err(wrong(io::ErrorKind::IsADirectory.into())),
            _ => Ok(()),
        }
    }

    async fn take(&mut self) -> Result<Option<Frame>, Error> {
        let elapsed = self.opened.elapsed();
        let staged = Staged::at(&self.incidents, elapsed);
        match &mut self.feed {
            Feed::Drawn(drawn) => {
                let seen = staged.frozen_since().unwrap_or(elapsed);
                let staged = Staged::at(&self.incidents, seen);
                drawn.take(seen, self.opened_at, staged).await.map(Some)
            }
            Feed::Pictures(pictures) => pictures.next(&staged).await,
            Feed::Watch(watch) => {
                let incidents = &self.incidents;
                let opened = self.opened;
                watch.next(|| Staged::at(incidents, opened.elapsed())).await
            }
            Feed::Video(video) => video.next(&staged).await,
        }
    }
}

fn pace(rate: f64) -> Interval {
    let mut pace = interval(Duration::from_secs_f64(1.0 / rate));
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    pace
}
