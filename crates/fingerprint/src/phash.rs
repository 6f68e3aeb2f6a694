//! From a square of grey levels to a hash, as `imagehash.phash` does: a two-dimensional DCT-II, its lowest frequencies,
//! and for each one whether it exceeds their median.

use std::array;
use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::resample::Square;

/// The largest square's side.
const MAX_SIDE: usize = 64;

/// Differences below this are rounding. Flat and symmetric pictures have many coefficients that are exactly equal to
/// the median; without a margin the order of floating-point additions would decide their bits. Coefficients reach
/// 1,044,480 (4096 × 255), where one unit in the last place is 1e-10.
const ROUNDING: f64 = 1e-6;

/// `cos(π·m/128)`: the only cosines that transforms of 64 points and fewer need.
static COSINES: LazyLock<[f64; 4 * MAX_SIDE]> =
    LazyLock::new(|| array::from_fn(|m| (PI * m as f64 / (2 * MAX_SIDE) as f64).cos()));

/// Columns that are transformed at the same time.
const LANES: usize = 8;
type Values = [f64; LANES];

/// A bit for each of the `LOW`×`LOW` lowest frequencies: whether it exceeds their median. Vertical frequencies by row,
/// horizontal ones by column; the mean is the most significant bit of the first word.
pub(crate) fn hash<const SIDE: usize, const LOW: usize, const WORDS: usize>(
    square: &Square<SIDE>,
) -> [u64; WORDS] {
    const { assert!(LOW * LOW == 64 * WORDS && SIDE <= MAX_SIDE) };
    let coefficients = low_frequencies::<SIDE, LOW>(square);
    let mut sorted = coefficients;
    let threshold = median(sorted.as_flattened_mut()) + ROUNDING;
    let mut words = [0; WORDS];
    for (word, coefficients) in words.iter_mut().zip(coefficients.as_flattened().chunks(64)) {
        *word = coefficients.iter().fold(0, |bits, &coefficient| {
            (bits << 1) | u64::from(coefficient > threshold)
        });
    }
    words
}

/// Columns first, then rows.
fn low_frequencies<const SIDE: usize, const LOW: usize>(
    square: &Square<SIDE>,
) -> [[f64; LOW]; LOW] {
    let mut by_row = [[0.0; SIDE]; LOW];
    for first in (0..SIDE).step_by(LANES) {
        let mut columns: [Values; SIDE] =
            array::from_fn(|y| array::from_fn(|lane| f64::from(square[y][first + lane])));
        let mut frequencies = [[0.0; LANES]; LOW];
        dct(&mut columns, &mut frequencies, 1);
        for (row, frequencies) in by_row.iter_mut().zip(frequencies) {
            row[first..first + LANES].copy_from_slice(&frequencies);
        }
    }
    let mut low = [[0.0; LOW]; LOW];
    for first in (0..LOW).step_by(LANES) {
        let mut rows: [Values; SIDE] =
            array::from_fn(|x| array::from_fn(|lane| by_row[first + lane][x]));
        let mut frequencies = [[0.0; LANES]; LOW];
        dct(&mut rows, &mut frequencies, 1);
        for (x, frequencies) in frequencies.iter().enumerate() {
            for (lane, frequency) in frequencies.iter().enumerate() {
                low[first + lane][x] = *frequency;
            }
        }
    }
    low
}

/// The first frequencies of the unnormalised DCT-II of `values` (2, 4, … or 64 of them), half of what
/// `scipy.fftpack.dct` gives, for several inputs side by side. Writes every `stride`th of `frequencies`, and over
/// `values`. Even frequencies are those of the values folded in half, so that equal values cancel exactly.
fn dct(values: &mut [Values], frequencies: &mut [Values], stride: usize) {
    let length = values.len();
    if frequencies.len() == stride {
        frequencies[0] = values
            .iter()
            .fold([0.0; LANES], |sum, value| each(&sum, value, |a, b| a + b));
        return;
    }
    let (left, right) = values.split_at_mut(length / 2);
    for (left, right) in left.iter_mut().zip(right.iter_mut().rev()) {
        let sum = each(left, right, |a, b| a + b);
        *right = each(left, right, |a, b| a - b);
        *left = sum;
    }
    dct(left, frequencies, 2 * stride);
    for k in (1..frequencies.len() / stride).step_by(2) {
        let first = k * (MAX_SIDE / length);
        let turns = (first..).step_by(2 * first);
        let mut sum = [0.0; LANES];
        for (difference, turn) in right.iter().rev().zip(turns) {
            let cosine = COSINES[turn % COSINES.len()];
            sum = each(&sum, difference, |sum, value| sum + value * cosine);
        }
        frequencies[k * stride] = sum;
    }
}

fn each(left: &Values, right: &Values, combine: impl Fn(f64, f64) -> f64) -> Values {
    array::from_fn(|lane| combine(left[lane], right[lane]))
}

/// As numpy: of an even count, the mean of the middle two. Leaves the values in another order.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let (lower, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let below = lower.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (below + upper) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_textbook_sum() {
        for side in [32, 64] {
            let input: Vec<Values> = (0..side)
                .map(|i| array::from_fn(|lane| ((i * i * 7 + i * 31 + lane * 5) % 256) as f64))
                .collect();
            let mut frequencies = [[0.0; LANES]; 16];
            dct(&mut input.clone(), &mut frequencies, 1);
            for (k, frequency) in frequencies.iter().enumerate() {
                for (lane, &frequency) in frequency.iter().enumerate() {
                    let angle = |i: usize| PI * ((2 * i + 1) * k) as f64 / (2 * side) as f64;
                    let sum: f64 = (0..side).map(|i| input[i][lane] * angle(i).cos()).sum();
                    assert!(
                        (frequency - sum).abs() < 1e-8,
                        "frequency {k} of {side}: {frequency} is not {sum}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_flat_square_has_only_the_mean() {
        assert_eq!(hash::<32, 8, 1>(&[[77; 32]; 32]), [1 << 63]);
        assert_eq!(hash::<64, 16, 4>(&[[77; 64]; 64]), [1 << 63, 0, 0, 0]);
    }

    #[test]
    fn the_median_of_an_even_count_is_between_the_middle_two() {
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 2.0]), 3.0);
    }
}
