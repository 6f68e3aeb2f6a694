//! A video file, decoded by ffmpeg.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frame_source::{Ffmpeg, FfmpegError};
use tokio::time::sleep;

use super::filter::Filter;
use super::{Error, Frame, MAX_FRAME_BYTES};
use crate::encode::{DEFAULT_QUALITY, JPEG};
use crate::incident::Staged;
use crate::spec::{CameraSpec, Repeat};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(super) struct Video {
    file: PathBuf,
    repeat: Repeat,
    /// What ffmpeg is told about rate, size and quality.
    picture: [String; 4],
    running: Option<Ffmpeg>,
    /// Before ffmpeg is started again; grows with each start that gives nothing.
    pause: Option<Duration>,
    ended: bool,
    filter: Filter,
}

impl Video {
    /// Checks the file and starts ffmpeg.
    pub(super) async fn open(
        file: &Path,
        repeat: Repeat,
        spec: &CameraSpec,
        filter: Filter,
    ) -> Result<Self, Error> {
        tokio::fs::File::open(file)
            .await
            .map_err(|source| Error::VideoFile {
                path: file.to_owned(),
                source,
            })?;
        let mut video = Self {
            file: file.to_owned(),
            repeat,
            picture: picture_arguments(spec),
            running: None,
            pause: None,
            ended: false,
            filter,
        };
        video.running = Some(video.start()?);
        Ok(video)
    }

    /// The next picture; none after the end of a video that is not repeated.
    pub(super) async fn next(&mut self, staged: &Staged) -> Result<Option<Frame>, Error> {
        if self.ended {
            return Ok(None);
        }
        if self.running.is_none() {
            if let Some(pause) = self.pause {
                sleep(pause).await;
            }
            self.running = Some(self.start()?);
        }
        let running = self.running.as_mut().expect("it was started above");
        let picture = running.next().await;
        match picture {
            Ok(Some(bytes)) => {
                self.pause = None;
                self.filter.frame(bytes, JPEG, staged).await.map(Some)
            }
            Ok(None) => self.end().await,
            Err(error) => {
                self.lengthen_pause();
                self.running = None;
                Err(self.failed("a broken stream of pictures", error.to_string()))
            }
        }
    }

    /// A video that is played once may end; with any other, the end is a failure, even if ffmpeg thinks all is well.
    async fn end(&mut self) -> Result<Option<Frame>, Error> {
        let Some(mut running) = self.running.take() else {
            return Ok(None);
        };
        self.lengthen_pause();
        let (status, message) = running.ended().await.map_err(Error::Status)?;
        if self.repeat == Repeat::Once && status.success() {
            self.ended = true;
            return Ok(None);
        }
        Err(self.failed(&status.to_string(), message))
    }

    fn failed(&self, status: &str, message: String) -> Error {
        Error::Video {
            path: self.file.clone(),
            status: status.to_owned(),
            message,
        }
    }

    fn lengthen_pause(&mut self) {
        self.pause = Some(
            self.pause
                .map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE)),
        );
    }

    fn start(&self) -> Result<Ffmpeg, Error> {
        let repeat: &[&OsStr] = match self.repeat {
            Repeat::Loop => &["-stream_loop".as_ref(), "-1".as_ref()],
            Repeat::Once => &[],
        };
        let input = [repeat, &["-i".as_ref(), self.file.as_os_str()]].concat();
        let output = self.picture.iter().map(OsStr::new);
        Ffmpeg::start(input, output, MAX_FRAME_BYTES).map_err(|error| match error {
            FfmpegError::Missing => Error::NoFfmpeg,
            other => Error::Ffmpeg(other),
        })
    }
}

fn picture_arguments(spec: &CameraSpec) -> [String; 4] {
    let scale = spec.size.map_or_else(String::new, |size| {
        format!(",scale={}:{}", size.width(), size.height())
    });
    let quality = spec.quality.unwrap_or(DEFAULT_QUALITY);
    [
        "-vf".into(),
        format!("fps={}{scale}", spec.rate),
        "-q:v".into(),
        quantiser(quality).to_string(),
    ]
}

/// ffmpeg's scale goes from 2, the best, to 31.
fn quantiser(quality: u8) -> u32 {
    2 + (100 - u32::from(quality)) * 29 / 99
}
