//! The fingerprint itself: what is kept of a picture, and how two are compared.

use crate::luma::Luma;
use crate::{phash, resample};

/// The version of the way from pixels to a fingerprint. Fingerprints of different versions aren't comparable, so
/// whoever stores one stores this with it and computes it anew when it changes.
pub const ALGORITHM: u32 = 1;

/// The contrast, in grey levels, below which a picture is blank. A covered lens or a lost signal leaves a thumbnail
/// that deviates by less; the hash of such a picture is made of rounding and sensor noise.
pub const BLANK_CONTRAST: f32 = 1.0;

/// What is kept of a picture in order to compare it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fingerprint {
    /// The [`ALGORITHM`] that made it.
    pub algorithm: u32,
    /// The 64-bit pHash. Bits run row by row through the 8×8 lowest frequencies, the mean first, at the most
    /// significant bit; so `format!("{:016x}", phash)` is what Python's `str(imagehash.phash(image))` gives.
    pub phash: u64,
    /// The standard deviation of the 32×32 grey thumbnail, in grey levels: 0 (flat) to 127.5 (half black, half white).
    pub contrast: f32,
    /// The picture's width in pixels, after its EXIF orientation is applied.
    pub width: u32,
    /// The picture's height in pixels, after its EXIF orientation is applied.
    pub height: u32,
}

impl Fingerprint {
    pub(crate) fn of_luma(luma: &Luma) -> Self {
        let thumbnail = resample::thumbnail(luma);
        Self {
            algorithm: ALGORITHM,
            phash: phash::phash(&thumbnail),
            contrast: contrast(&thumbnail),
            width: luma.width,
            height: luma.height,
        }
    }

    /// The share of equal bits in the two hashes: 1 for the same view, about 0.5 for unrelated ones, 0 for negatives.
    pub fn similarity(&self, other: &Self) -> f64 {
        1.0 - f64::from((self.phash ^ other.phash).count_ones()) / 64.0
    }

    /// Whether the picture is so flat (contrast below [`BLANK_CONTRAST`]) that there is nothing to compare: its
    /// similarity with anything means nothing.
    pub fn is_blank(&self) -> bool {
        self.contrast < BLANK_CONTRAST
    }
}

fn contrast(thumbnail: &resample::Thumbnail) -> f32 {
    let count = thumbnail.as_flattened().len() as f64;
    let levels = || {
        thumbnail
            .as_flattened()
            .iter()
            .map(|&level| f64::from(level))
    };
    let mean = levels().sum::<f64>() / count;
    let variance = levels().map(|level| (level - mean).powi(2)).sum::<f64>() / count;
    variance.sqrt() as f32
}
