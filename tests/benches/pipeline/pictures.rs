//! The pictures that are sent.

use std::fmt;

use bytes::Bytes;
use cctv_sim::{CameraSpec, reference, source::Source};

/// A camera's resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Size {
    /// The size of the second stream of many cameras.
    Vga,
    P720,
    P1080,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Size::Vga => "640×480",
            Size::P720 => "720p",
            Size::P1080 => "1080p",
        })
    }
}

/// What cameras see and what it is compared with: drawn scenes with sensor noise, JPEG of quality 85.
pub(crate) struct Pictures {
    pub(crate) reference: Bytes,
    /// Frames that look like the reference.
    pub(crate) same: Vec<Bytes>,
    /// Frames that do not.
    pub(crate) other: Vec<Bytes>,
}

/// Frames of each kind: enough for the fingerprint not to know them by heart.
const FRAMES: usize = 8;

impl Pictures {
    pub(crate) async fn of(size: Size) -> Self {
        let pixels = match size {
            Size::Vga => "640x480",
            Size::P720 => "1280x720",
            Size::P1080 => "1920x1080",
        };
        let spec = |scene: &str| -> CameraSpec {
            let text = format!("x=drawn:{scene},rate=25,size={pixels},quality=85");
            text.parse().unwrap()
        };
        Pictures {
            reference: reference(&spec("shelf")).unwrap(),
            same: frames(&spec("shelf")).await,
            other: frames(&spec("corridor")).await,
        }
    }

    /// The average size of a frame in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.same.iter().map(Bytes::len).sum::<usize>() / self.same.len()
    }
}

async fn frames(spec: &CameraSpec) -> Vec<Bytes> {
    let mut source = Source::open(spec).await.unwrap();
    let mut frames = Vec::new();
    while frames.len() < FRAMES {
        frames.push(source.next().await.unwrap().unwrap().bytes);
    }
    frames
}
