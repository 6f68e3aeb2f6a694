//! From the 32×32 thumbnail to 64 bits, as `imagehash.phash` does: a two-dimensional DCT-II, its 8×8 lowest
//! frequencies, and for each one whether it exceeds their median.

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::resample::{SIDE, Thumbnail};

const LOW: usize = 8;

/// Differences below this are rounding. Flat and symmetric pictures have many coefficients that are exactly equal to
/// the median; without a margin the order of floating-point additions would decide their bits. Coefficients reach
/// 261,120 (1024 × 255), where one unit in the last place is 3e-11.
const ROUNDING: f64 = 1e-6;

/// `cos(π·m/64)`: the only cosines that transforms of 32 points and fewer need.
static COSINES: LazyLock<[f64; 128]> =
    LazyLock::new(|| std::array::from_fn(|m| (PI * m as f64 / 64.0).cos()));

pub(crate) fn phash(thumbnail: &Thumbnail) -> u64 {
    let coefficients = low_frequencies(thumbnail);
    let coefficients = coefficients.as_flattened();
    let threshold = median(coefficients) + ROUNDING;
    coefficients.iter().fold(0, |bits, &coefficient| {
        (bits << 1) | u64::from(coefficient > threshold)
    })
}

/// The lowest frequencies, vertical ones by row and horizontal ones by column: columns first, then rows.
fn low_frequencies(thumbnail: &Thumbnail) -> [[f64; LOW]; LOW] {
    let mut by_row = [[0.0; SIDE]; LOW];
    for x in 0..SIDE {
        let column: [f64; SIDE] = std::array::from_fn(|y| f64::from(thumbnail[y][x]));
        let mut frequencies = [0.0; LOW];
        dct(&column, &mut frequencies);
        for (row, frequency) in by_row.iter_mut().zip(frequencies) {
            row[x] = frequency;
        }
    }
    let mut low = [[0.0; LOW]; LOW];
    for (row, frequencies) in by_row.iter().zip(&mut low) {
        dct(row, frequencies);
    }
    low
}

/// The first frequencies of the unnormalised DCT-II of `input` (2, 4, … or 32 values), half of what
/// `scipy.fftpack.dct` gives. Even frequencies are those of the input folded in half, so that equal values cancel
/// exactly.
fn dct(input: &[f64], frequencies: &mut [f64]) {
    let length = input.len();
    if frequencies.len() == 1 {
        frequencies[0] = input.iter().sum();
        return;
    }
    let half = length / 2;
    let mut sums = [0.0; SIDE / 2];
    let mut differences = [0.0; SIDE / 2];
    for i in 0..half {
        sums[i] = input[i] + input[length - 1 - i];
        differences[i] = input[i] - input[length - 1 - i];
    }
    let mut even = [0.0; LOW / 2];
    let even = &mut even[..frequencies.len() / 2];
    dct(&sums[..half], even);
    for (k, pair) in frequencies.chunks_exact_mut(2).enumerate() {
        pair[0] = even[k];
        pair[1] = (0..half)
            .map(|i| differences[i] * COSINES[(2 * i + 1) * (2 * k + 1) * (SIDE / length) % 128])
            .sum();
    }
}

/// As numpy: of an even count, the mean of the middle two.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    (sorted[middle - 1] + sorted[middle]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_textbook_sum() {
        let input: [f64; SIDE] = std::array::from_fn(|i| ((i * i * 7 + i * 31) % 256) as f64);
        let mut frequencies = [0.0; LOW];
        dct(&input, &mut frequencies);
        for (k, &frequency) in frequencies.iter().enumerate() {
            let sum: f64 = (0..SIDE)
                .map(|i| input[i] * (PI * (2 * i + 1) as f64 * k as f64 / 64.0).cos())
                .sum();
            assert!(
                (frequency - sum).abs() < 1e-9,
                "frequency {k}: {frequency} is not {sum}"
            );
        }
    }

    #[test]
    fn a_flat_thumbnail_has_only_the_mean() {
        assert_eq!(phash(&[[77; SIDE]; SIDE]), 1 << 63);
    }
}
