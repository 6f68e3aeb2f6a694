//! Grey pixels to a 32×32 thumbnail, in the arithmetic of Pillow's `Image.resize` with `LANCZOS` for 8-bit pictures
//! (`src/libImaging/Resample.c`): a horizontal pass, rounded to whole grey levels, then a vertical one, with weights
//! in fixed point. Any other resampling moves grey levels and with them bits of the hash.
//!
//! Pillow 13 does the vertical pass first for pictures higher than 32 pixels and than twice
//! their width less 32. Here the order is that of all versions before, so that hashes made with those stay comparable.

use std::f64::consts::PI;
use std::ops::Range;

use crate::luma::Luma;

/// The width and height of the thumbnail.
pub(crate) const SIDE: usize = 32;

/// Rows of grey levels.
pub(crate) type Thumbnail = [[u8; SIDE]; SIDE];

/// Pillow's `PRECISION_BITS`: what is left of 32 bits after 8 for the grey level and 2 for overshoot.
const PRECISION_BITS: u32 = 32 - 8 - 2;
const LANCZOS_SUPPORT: f64 = 3.0;

/// One weighted sum of neighbouring pixels for each column (or row) of the thumbnail.
struct Tap {
    source: Range<usize>,
    weights: Vec<i32>,
    /// The weights' high and low parts: `high · 256 + low`. Products of 16-bit numbers are added up several at
    /// a time by one instruction of any x86-64; those of 32-bit ones need later extensions.
    high: Vec<i16>,
    low: Vec<i16>,
}

impl Tap {
    fn new(source: Range<usize>, weights: Vec<i32>) -> Self {
        let high = weights.iter().map(|&weight| (weight >> 8) as i16).collect();
        let low = weights
            .iter()
            .map(|&weight| (weight & 0xFF) as i16)
            .collect();
        Self {
            source,
            weights,
            high,
            low,
        }
    }

    /// The weighted sum of the row's pixels. Fits into 32 bits although its parts may not: they wrap around, and
    /// adding them wraps back.
    fn sum(&self, row: &[u8]) -> i32 {
        let (mut high, mut low) = (0_i32, 0_i32);
        let weights = self.high.iter().zip(&self.low);
        for (&level, (&high_weight, &low_weight)) in row[self.source.clone()].iter().zip(weights) {
            high = high.wrapping_add(i32::from(level) * i32::from(high_weight));
            low = low.wrapping_add(i32::from(level) * i32::from(low_weight));
        }
        high.wrapping_mul(256).wrapping_add(low)
    }
}

pub(crate) fn thumbnail(luma: &Luma) -> Thumbnail {
    let (width, height) = (luma.width as usize, luma.height as usize);
    let across = taps(width);
    let narrowed: Vec<[u8; SIDE]> = luma
        .pixels
        .chunks_exact(width)
        .map(|row| narrow(row, &across))
        .collect();
    let mut thumbnail = [[0; SIDE]; SIDE];
    for (row, tap) in thumbnail.iter_mut().zip(taps(height)) {
        *row = blend(&narrowed[tap.source], &tap.weights);
    }
    thumbnail
}

fn narrow(row: &[u8], taps: &[Tap]) -> [u8; SIDE] {
    std::array::from_fn(|x| to_level(taps[x].sum(row)))
}

fn blend(rows: &[[u8; SIDE]], weights: &[i32]) -> [u8; SIDE] {
    let mut sums = [0; SIDE];
    for (row, &weight) in rows.iter().zip(weights) {
        for (sum, &level) in sums.iter_mut().zip(row) {
            *sum += i32::from(level) * weight;
        }
    }
    sums.map(to_level)
}

fn to_level(sum: i32) -> u8 {
    let rounded = (sum + (1 << (PRECISION_BITS - 1))) >> PRECISION_BITS;
    rounded.clamp(0, 255) as u8
}

/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`. The filter widens with the reduction and never narrows.
fn taps(length: usize) -> Vec<Tap> {
    let scale = length as f64 / SIDE as f64;
    let filter_scale = scale.max(1.0);
    let support = LANCZOS_SUPPORT * filter_scale;
    (0..SIDE)
        .map(|i| {
            let center = (i as f64 + 0.5) * scale;
            let start = (center - support + 0.5) as usize;
            let end = ((center + support + 0.5) as usize).min(length);
            // Multiplied by the reciprocal as Pillow does: a division rounds differently.
            let weigh = |x: usize| lanczos((x as f64 - center + 0.5) * (1.0 / filter_scale));
            Tap::new(
                start..end,
                to_fixed_point(&(start..end).map(weigh).collect::<Vec<_>>()),
            )
        })
        .collect()
}

fn to_fixed_point(weights: &[f64]) -> Vec<i32> {
    let total: f64 = weights.iter().sum();
    let one = f64::from(1 << PRECISION_BITS);
    weights
        .iter()
        .map(|weight| (weight / total * one).round() as i32)
        .collect()
}

fn lanczos(x: f64) -> f64 {
    if (-LANCZOS_SUPPORT..LANCZOS_SUPPORT).contains(&x) {
        sinc(x) * sinc(x / LANCZOS_SUPPORT)
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (x * PI).sin() / (x * PI)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums are 32 bits wide, so the weights' magnitudes must leave room for the brightest pixels.
    #[test]
    fn no_sum_overflows_at_any_length() {
        for length in (1..5000).chain([16_384, 65_535, 1_000_000]) {
            for tap in taps(length) {
                let magnitude: i64 = tap
                    .weights
                    .iter()
                    .map(|&weight| i64::from(weight).abs())
                    .sum();
                assert!(
                    magnitude * 255 + (1 << PRECISION_BITS) < i64::from(i32::MAX),
                    "length {length}"
                );
                assert!(!tap.source.is_empty(), "length {length}");
                for ((&weight, &high), &low) in tap.weights.iter().zip(&tap.high).zip(&tap.low) {
                    assert_eq!(
                        i32::from(high) * 256 + i32::from(low),
                        weight,
                        "length {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_picture_of_the_thumbnails_size_stays_as_it_is() {
        let pixels: Vec<u8> = (0..SIDE * SIDE).map(|i| (i * 37 % 256) as u8).collect();
        let luma = Luma {
            width: 32,
            height: 32,
            pixels: pixels.clone(),
        };
        assert_eq!(thumbnail(&luma).as_flattened(), pixels);
    }
}
