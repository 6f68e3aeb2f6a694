//! Other hashes than the pHash, for who has them from elsewhere: those of the `image_hasher` crate, on our thumbnail.

use image::{GrayImage, ImageBuffer};
use image_hasher::{HashAlg, HasherConfig};

use crate::Thumbnail;

/// A way from a thumbnail to a hash. Their similarities are on scales of their own: a threshold of one is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashKind {
    /// Whether each of 8×8 resampled levels reaches their mean.
    Mean,
    /// Whether each of 8×8 resampled levels reaches their median.
    Median,
    /// Whether each of 9×8 resampled levels is less than the one to its right.
    Gradient,
    /// Whether each of 5×5 resampled levels is less than the one to its right, and than the one below it.
    DoubleGradient,
    /// Whether each of 8×8 blocks exceeds the median of its band of the picture: blockhash.io.
    Blockhash,
}

/// The hash of a picture by one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash {
    /// How it was made.
    pub kind: HashKind,
    /// Its bits, those that the kind does not have being 0.
    pub bits: u64,
}

/// Rows and columns that are asked for, so that a hash has no more than 64 bits.
const SIDE: u32 = 8;

impl HashKind {
    /// How many bits its hashes have.
    pub fn length(self) -> u32 {
        match self {
            // 5 rows and 5 columns of 4 differences each.
            HashKind::DoubleGradient => 40,
            _ => 64,
        }
    }

    /// The hash of a thumbnail.
    pub fn of(self, thumbnail: Thumbnail<'_>) -> Hash {
        let config = HasherConfig::with_bytes_type::<[u8; 8]>();
        let hasher = config
            .hash_size(SIDE, SIDE)
            .hash_alg(self.algorithm())
            .to_hasher();
        let hash = hasher.hash_image(&image(thumbnail));
        let bits = hash.as_bytes().iter();
        Hash {
            kind: self,
            bits: bits.fold(0, |bits, byte| (bits << 8) | u64::from(*byte)),
        }
    }

    fn algorithm(self) -> HashAlg {
        match self {
            HashKind::Mean => HashAlg::Mean,
            HashKind::Median => HashAlg::Median,
            HashKind::Gradient => HashAlg::Gradient,
            HashKind::DoubleGradient => HashAlg::DoubleGradient,
            HashKind::Blockhash => HashAlg::Blockhash,
        }
    }
}

impl Hash {
    /// The share of equal bits, 0 to 1; `None` where the two are of different kinds.
    pub fn similarity(&self, other: &Self) -> Option<f64> {
        let different = (self.bits ^ other.bits).count_ones();
        (self.kind == other.kind)
            .then(|| 1.0 - f64::from(different) / f64::from(self.kind.length()))
    }
}

fn image(thumbnail: Thumbnail<'_>) -> GrayImage {
    let side = |pixels: usize| u32::try_from(pixels).expect("a side within the limits fits");
    let (width, height) = (side(thumbnail.width), side(thumbnail.height));
    ImageBuffer::from_raw(width, height, thumbnail.levels.to_vec())
        .expect("a thumbnail has as many levels as its sides say")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [HashKind; 5] = [
        HashKind::Mean,
        HashKind::Median,
        HashKind::Gradient,
        HashKind::DoubleGradient,
        HashKind::Blockhash,
    ];

    /// Waves whose crests are elsewhere for another `phase`, so that every kind sees them.
    fn waves(phase: usize) -> Vec<u8> {
        let level = |at: usize| {
            let (x, y) = (at % 96, at / 96);
            ((x * 5 + phase * 37) % 256 / 2 + (y * 7 + phase * 91) % 256 / 2) as u8
        };
        (0..96 * 72).map(level).collect()
    }

    fn hash(kind: HashKind, levels: &[u8]) -> Hash {
        kind.of(Thumbnail {
            width: 96,
            height: 72,
            levels,
        })
    }

    #[test]
    fn a_picture_is_like_itself_and_unlike_its_negative() {
        let levels = waves(0);
        let negative: Vec<u8> = levels.iter().map(|level| 255 - level).collect();
        for kind in ALL {
            let (one, other) = (hash(kind, &levels), hash(kind, &negative));
            assert_eq!(one.similarity(&one), Some(1.0), "{kind:?}");
            let similarity = one.similarity(&other).unwrap();
            assert!(similarity < 0.3, "{kind:?}: {similarity}");
        }
    }

    #[test]
    fn a_hash_has_no_more_bits_than_its_kind_says() {
        for kind in ALL {
            let used = (0..50).fold(0, |used, phase| used | hash(kind, &waves(phase)).bits);
            assert!(used.count_ones() <= kind.length(), "{kind:?}: {used:x}");
        }
    }

    #[test]
    fn hashes_of_two_kinds_have_no_similarity() {
        let levels = waves(0);
        let (mean, median) = (
            hash(HashKind::Mean, &levels),
            hash(HashKind::Median, &levels),
        );
        assert_eq!(mean.similarity(&median), None);
    }
}
