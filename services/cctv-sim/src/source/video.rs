//! A video file, decoded by an ffmpeg process whose pipe is read one picture at a time.
//!
//! The pipe paces ffmpeg: it decodes no further than the pipe holds.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::filter::Filter;
use super::mjpeg::Splitter;
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
    running: Option<Running>,
    /// Before ffmpeg is started again; grows with each start that gives nothing.
    pause: Option<Duration>,
    ended: bool,
    filter: Filter,
}

/// An ffmpeg at work; killed when dropped.
struct Running {
    child: Child,
    pictures: ChildStdout,
    splitter: Splitter,
    complaints: JoinHandle<String>,
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
        let status = running.child.wait().await.map_err(Error::Ffmpeg)?;
        let message = running.complaints.await.unwrap_or_default();
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

    fn start(&self) -> Result<Running, Error> {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-loglevel", "error"]);
        if self.repeat == Repeat::Loop {
            command.args(["-stream_loop", "-1"]);
        }
        command
            .arg("-i")
            .arg(&self.file)
            .args(&self.picture)
            .args(["-f", "image2pipe", "-c:v", "mjpeg", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NoFfmpeg,
            _ => Error::Ffmpeg(error),
        })?;
        let pictures = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        Ok(Running {
            child,
            pictures,
            splitter: Splitter::new(MAX_FRAME_BYTES),
            complaints: tokio::spawn(last_line(stderr)),
        })
    }
}

impl Running {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let picture = self.splitter.next().map_err(|_| {
                io::Error::other(format!("a picture of more than {MAX_FRAME_BYTES} bytes"))
            })?;
            if picture.is_some() {
                return Ok(picture);
            }
            let buffer = self.splitter.buffer();
            buffer.reserve(64 * 1024);
            if self.pictures.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
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

/// Reads everything, so that ffmpeg never waits for a reader, and keeps the last line.
async fn last_line(stderr: ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    let mut last = String::from("it said nothing");
    while let Ok(Some(line)) = lines.next_line().await {
        if !line.trim().is_empty() {
            last = line;
        }
    }
    last
}
