//! Drawn pictures of the usual camera sizes, coded in the usual ways.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use cctv_sim::incident::Staged;
use cctv_sim::scene::{DrawnCamera, Scene};
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use time::macros::datetime;
use turbojpeg::Transform;

/// A frame size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 640×480 pixels.
    P480,
    /// 1920×1080 pixels.
    P1080,
    /// 3840×2160 pixels.
    P2160,
}

impl Size {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::P480, Self::P1080, Self::P2160];

    /// Width and height in pixels.
    pub fn pixels(self) -> (u32, u32) {
        match self {
            Self::P480 => (640, 480),
            Self::P1080 => (1920, 1080),
            Self::P2160 => (3840, 2160),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P480 => "480p",
            Self::P1080 => "1080p",
            Self::P2160 => "4K",
        })
    }
}

/// A way of coding a picture as JPEG, 4:2:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Baseline, in one piece.
    Baseline,
    /// Baseline with a restart marker after each row of units.
    Restart,
    /// Progressive, in the scans of libjpeg's default script.
    Progressive,
}

impl Coding {
    /// All codings.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Restart, Self::Progressive];
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Restart => "restart",
            Self::Progressive => "progressive",
        })
    }
}

/// The JPEG quality of all drawn pictures: a 1080p frame has about 280 KB, as from a camera.
const QUALITY: u8 = 85;

/// A drawn storage rack as a camera sees it, with sensor noise and a clock.
///
/// # Errors
/// When the encoder refuses, which it doesn't for these sizes.
pub fn frame(size: Size, coding: Coding) -> anyhow::Result<Vec<u8>> {
    encode(&draw(size)?, coding)
}

fn draw(size: Size) -> anyhow::Result<RgbImage> {
    let (width, height) = size.pixels();
    let size = format!("{width}x{height}").parse();
    let size = size.map_err(|error| anyhow::anyhow!("{width}x{height}: {error}"))?;
    let mut camera = DrawnCamera::new(Scene::Shelf, size, 1, "shelf-1");
    let clock = datetime!(2026-03-02 08:15:00 UTC);
    Ok(camera.render(Duration::from_secs(5), clock, &Staged::default()))
}

fn encode(picture: &RgbImage, coding: Coding) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (
        u16::try_from(picture.width())?,
        u16::try_from(picture.height())?,
    );
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if coding == Coding::Restart {
        encoder.set_restart_interval(width.div_ceil(16));
    }
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb)?;
    if coding == Coding::Progressive {
        let mut transform = Transform::default();
        transform.progressive = true;
        bytes = turbojpeg::transform(&transform, &bytes)
            .context("libjpeg-turbo refuses to make it progressive")?
            .to_vec();
    }
    Ok(bytes)
}
