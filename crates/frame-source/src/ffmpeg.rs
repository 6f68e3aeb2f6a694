//! An ffmpeg process whose pipe is read one picture at a time. The pipe paces it: it decodes no further than that holds.

use std::{
    ffi::OsStr,
    io,
    process::{ExitStatus, Stdio},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, ChildStderr, ChildStdout, Command},
    task::JoinHandle,
};

use crate::splitter::Splitter;

/// An ffmpeg at work; killed when dropped.
pub struct Ffmpeg {
    child: Child,
    pictures: ChildStdout,
    splitter: Splitter,
    complaints: JoinHandle<String>,
    max_bytes: usize,
}

/// Why there is no ffmpeg at work.
#[derive(Debug, thiserror::Error)]
pub enum FfmpegError {
    /// There is none.
    #[error("ffmpeg is not on PATH: install it (Debian, Ubuntu: apt install ffmpeg)")]
    Missing,
    /// It is there and does not run.
    #[error("ffmpeg cannot be run: {0}")]
    NotRun(#[source] io::Error),
}

/// As much is made ready to be read into at a time.
const READ: usize = 64 * 1024;

/// The most bytes that are kept of a line that it logs.
const MAX_LINE: u64 = 4096;

impl Ffmpeg {
    /// Starts one that reads from what these arguments name, and makes of it what those say: JPEGs of at most so many
    /// bytes each.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start<S: AsRef<OsStr>>(
        input: impl IntoIterator<Item = S>,
        output: impl IntoIterator<Item = S>,
        max_bytes: usize,
    ) -> Result<Self, FfmpegError> {
        let mut child = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error"])
            .args(input)
            .args(output)
            .args(["-f", "image2pipe", "-c:v", "mjpeg", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => FfmpegError::Missing,
                _ => FfmpegError::NotRun(error),
            })?;
        let pictures = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        Ok(Ffmpeg {
            child,
            pictures,
            splitter: Splitter::new(max_bytes),
            complaints: tokio::spawn(last_line(stderr)),
            max_bytes,
        })
    }

    /// The next picture; none after the last. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When its output cannot be read, or has a picture that is too large.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let picture = self.splitter.next().map_err(|_| {
                io::Error::other(format!("a picture of more than {} bytes", self.max_bytes))
            })?;
            if picture.is_some() {
                return Ok(picture);
            }
            let buffer = self.splitter.buffer();
            buffer.reserve(READ);
            if self.pictures.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Waits until it has ended; how, and the last that it said. To be asked once.
    ///
    /// # Errors
    /// When the system does not say.
    pub async fn ended(&mut self) -> io::Result<(ExitStatus, String)> {
        let status = self.child.wait().await?;
        Ok((status, (&mut self.complaints).await.unwrap_or_default()))
    }
}

/// Reads everything, so that ffmpeg never waits for a reader, and keeps the last line.
async fn last_line(stderr: ChildStderr) -> String {
    let mut stderr = BufReader::new(stderr);
    let mut last = String::from("it said nothing");
    loop {
        let mut line = Vec::new();
        let reading = (&mut stderr)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await;
        if !matches!(reading, Ok(1..)) {
            return last;
        }
        let said = String::from_utf8_lossy(&line);
        if !said.trim().is_empty() {
            last = said.trim().to_owned();
        }
    }
}
