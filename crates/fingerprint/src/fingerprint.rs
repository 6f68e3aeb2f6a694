//! The fingerprint itself: what is kept of a picture, and how two are compared.

use crate::{Hash, Quality};

/// The version of the way from pixels to a fingerprint. Fingerprints of different versions aren't comparable, so
/// whoever stores one stores this with it and computes it anew when it changes.
pub const ALGORITHM: u32 = 3;

/// The contrast, in grey levels, below which a picture is blank. A covered lens or a lost signal leaves a picture
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
    /// The 256-bit pHash, of the 16×16 lowest frequencies in the same order: `imagehash.phash(image, hash_size=16)`. It
    /// tells smaller changes apart.
    pub phash_256: [u64; 4],
    /// Another hash, where one was asked for.
    pub hash: Option<Hash>,
    /// What can be said of the picture alone.
    pub quality: Quality,
    /// The picture's width in pixels, after its EXIF orientation is applied.
    pub width: u32,
    /// The picture's height in pixels, after its EXIF orientation is applied.
    pub height: u32,
}

impl Fingerprint {
    /// The share of equal bits in the two 64-bit hashes: 1 for the same view, about 0.5 for unrelated ones, 0 for
    /// negatives.
    pub fn similarity(&self, other: &Self) -> f64 {
        1.0 - f64::from((self.phash ^ other.phash).count_ones()) / 64.0
    }

    /// The share of equal bits in the two 256-bit hashes. Falls faster than [`Self::similarity`] with small changes.
    pub fn similarity_256(&self, other: &Self) -> f64 {
        let words = self.phash_256.iter().zip(&other.phash_256);
        let different: u32 = words.map(|(own, other)| (own ^ other).count_ones()).sum();
        1.0 - f64::from(different) / 256.0
    }

    /// Whether the picture is so flat (contrast below [`BLANK_CONTRAST`]: black, white, one colour) that there is nothing
    /// to compare. Its similarity with anything means nothing: two blank pictures have nearly the same hash.
    pub fn is_blank(&self) -> bool {
        self.quality.contrast < BLANK_CONTRAST
    }
}
