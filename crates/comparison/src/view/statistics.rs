//! What is known of the network's features in general: means, deviations, and how much there is to see in most places.
//!
//! `statistics.bin` is made by `bench/view_loso.py --write`: for stage 5 and then 7 the channels' means and deviations (of
//! 17 views; a fifth of the mean deviation is added to each), and the softness: 32-bit floats, little-endian. Numbers about pictures, none of which could be made of them again.

use std::sync::LazyLock;

use super::{COARSE_CHANNELS, FINE_CHANNELS};

static BYTES: &[u8] = include_bytes!("statistics.bin");

/// The statistics of stage 5 and of stage 7.
pub(crate) static STATISTICS: LazyLock<(Statistics, Statistics)> = LazyLock::new(|| {
    let mut bytes = BYTES;
    let fine = Statistics::read(&mut bytes, FINE_CHANNELS);
    let coarse = Statistics::read(&mut bytes, COARSE_CHANNELS);
    assert!(bytes.is_empty(), "statistics.bin holds two stages");
    (fine, coarse)
});

/// Statistics of the features after one stage.
pub(crate) struct Statistics {
    /// μ of each channel.
    mean: Vec<f32>,
    /// 1 / σ of each channel.
    inverse: Vec<f32>,
    /// The squared length above which a place tells much.
    softness: f32,
}

impl Statistics {
    fn read(bytes: &mut &[u8], channels: usize) -> Self {
        let mean = floats(bytes, channels);
        let inverse = floats(bytes, channels).iter().map(|it| 1.0 / it).collect();
        let softness = floats(bytes, 1)[0];
        Statistics {
            mean,
            inverse,
            softness,
        }
    }

    /// Channels of a place.
    pub(crate) fn channels(&self) -> usize {
        self.mean.len()
    }

    /// κ.
    pub(crate) fn softness(&self) -> f32 {
        self.softness
    }

    /// v of each place: places × channels, as the features are.
    pub(crate) fn centred(&self, features: &[f32]) -> Vec<f32> {
        let offset = self.offset(features);
        let places = features.chunks_exact(self.channels());
        let values = places.flat_map(|place| place.iter().zip(&offset).zip(&self.inverse));
        values
            .map(|((value, offset), inverse)| (value - offset) * inverse)
            .collect()
    }

    /// ½ μ + ½ the mean over the places.
    fn offset(&self, features: &[f32]) -> Vec<f32> {
        let channels = self.channels();
        let places = features.len() / channels;
        let mut sums = vec![0.0_f32; channels];
        for place in features.chunks_exact(channels) {
            for (sum, value) in sums.iter_mut().zip(place) {
                *sum += value;
            }
        }
        let means = sums.iter().map(|sum| sum / places as f32);
        let halves = means.zip(&self.mean);
        halves.map(|(own, all)| 0.5 * own + 0.5 * all).collect()
    }
}

fn floats(bytes: &mut &[u8], count: usize) -> Vec<f32> {
    (0..count)
        .map(|_| f32::from_le_bytes(take(bytes)))
        .collect()
}

fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> [u8; LENGTH] {
    let (taken, rest) = bytes
        .split_first_chunk()
        .expect("statistics.bin is part of this program, and as long as it says");
    *bytes = rest;
    *taken
}
