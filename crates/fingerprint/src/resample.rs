//! Grey pixels to a small square, in the arithmetic of Pillow's `Image.resize` with `LANCZOS` for 8-bit pictures
//! (`src/libImaging/Resample.c`): a horizontal pass, rounded to whole grey levels, then a vertical one, with weights
//! in fixed point. Any other resampling moves grey levels and with them bits of the hash.
//!
//! Pillow 13 does the vertical pass first for pictures higher than 32 pixels and than twice
//! their width less 32. Here the order is that of all versions before, so that hashes made with those stay comparable.

use std::f64::consts::PI;

use wide::{i16x8, i32x4, i32x8, u8x16};

use crate::luma::Luma;

/// Rows of grey levels.
pub(crate) type Square<const SIDE: usize> = [[u8; SIDE]; SIDE];

/// Pillow's `PRECISION_BITS`: what is left of 32 bits after 8 for the grey level and 2 for overshoot.
const PRECISION_BITS: u32 = 32 - 8 - 2;
/// What is added before the sum is cut to whole levels, so that it is rounded.
const HALF: i32 = 1 << (PRECISION_BITS - 1);
const LANCZOS_SUPPORT: f64 = 3.0;

/// For how many lengths weights are kept: the widths and heights of four sizes of picture.
const KEPT_LENGTHS: usize = 8;

/// The most that these lengths may be together, without the last. Weights take 96 bytes for each pixel of a length.
const KEPT_TOGETHER: usize = 16_384;

/// Reduces pictures one after the other, with the weights of those before.
#[derive(Default)]
pub(crate) struct Resampler<const SIDE: usize> {
    taps: KeptTaps,
    /// Column by column, each filled up to whole chunks.
    narrowed: Vec<u8>,
    rows: Lines,
}

impl<const SIDE: usize> Resampler<SIDE> {
    /// The picture in `SIDE`×`SIDE` pixels. `columns` are its columns.
    pub(crate) fn square(&mut self, columns: &Lines, width: usize, height: usize) -> Square<SIDE> {
        let length = columns.chunks * CHUNK;
        self.narrowed.resize(SIDE * length, 0);
        let taps = self.taps.get(width, SIDE);
        for chunk in 0..columns.chunks {
            for (column, tap) in self.narrowed.chunks_exact_mut(length).zip(taps) {
                column[chunk * CHUNK..][..CHUNK].copy_from_slice(&columns.weigh(tap, chunk));
            }
        }
        self.rows.take(&self.narrowed, length, height);
        let mut square = [[0; SIDE]; SIDE];
        for (row, tap) in square.iter_mut().zip(self.taps.get(height, SIDE)) {
            for (chunk, levels) in row.chunks_exact_mut(CHUNK).enumerate() {
                levels.copy_from_slice(&self.rows.weigh(tap, chunk));
            }
        }
        square
    }
}

/// Taps by length, those used last at the end.
#[derive(Default)]
struct KeptTaps(Vec<(usize, Vec<Tap>)>);

impl KeptTaps {
    fn get(&mut self, length: usize, side: usize) -> &[Tap] {
        match self.0.iter().position(|(kept, _)| *kept == length) {
            Some(place) => self.0[place..].rotate_left(1),
            None => {
                let kept = |kept: &Vec<(usize, _)>| kept.iter().map(|(of, _)| of).sum::<usize>();
                while self.0.len() == KEPT_LENGTHS
                    || (!self.0.is_empty() && kept(&self.0) + length > KEPT_TOGETHER)
                {
                    self.0.remove(0);
                }
                self.0.push((length, taps(length, side)));
            }
        }
        self.0.last().map_or(&[], |(_, taps)| taps)
    }
}

/// One weighted sum of neighbouring lines for each line of the result.
struct Tap {
    /// The first pair of lines.
    first: usize,
    /// For each pair of lines the weights' high and low parts, `high · 256 + low`: products of 16-bit numbers are added
    /// up several at a time by one instruction of any x86-64.
    weights: Vec<[i16x8; 2]>,
}

impl Tap {
    /// The weights of the lines from `start` on.
    fn new(start: usize, mut weights: Vec<i32>) -> Self {
        if start % 2 == 1 {
            weights.insert(0, 0);
        }
        if weights.len() % 2 == 1 {
            weights.push(0);
        }
        let in_turns =
            |[even, odd]: [i16; 2]| i16x8::new([even, odd, even, odd, even, odd, even, odd]);
        let split = |pair: &[i32; 2]| {
            [
                in_turns(pair.map(|weight| (weight >> 8) as i16)),
                in_turns(pair.map(|weight| (weight & 0xFF) as i16)),
            ]
        };
        Self {
            first: start / 2,
            weights: weights.as_chunks().0.iter().map(split).collect(),
        }
    }
}

/// Samples that are weighted at a time.
const CHUNK: usize = 16;

/// Parallel lines of grey levels, made ready to be weighted: columns of a picture in order to narrow it, rows in order to
/// flatten it.
#[derive(Default)]
pub(crate) struct Lines {
    /// By pair of lines, then by [`CHUNK`] along the lines: the levels of both, in turns.
    pairs: Vec<[i16x8; CHUNK / 4]>,
    /// Chunks along a line.
    chunks: usize,
}

impl Lines {
    /// What hashing a picture of this size takes, in bytes: its columns, what is made of them, and the weights of two sizes.
    pub(crate) fn bytes_for(width: usize, height: usize) -> u64 {
        let whole = height.next_multiple_of(CHUNK) as u64;
        let (width, height) = (width.next_multiple_of(2) as u64, height as u64);
        2 * width * whole + 320 * whole + 2 * 96 * (width + height)
    }

    /// The columns of a picture.
    pub(crate) fn take_columns(&mut self, luma: &Luma) {
        self.take(&luma.pixels, luma.width, luma.width);
    }

    /// Takes the first `count` columns of rows that are `stride` levels long. Where a pair or a chunk isn't full, any
    /// levels fill it up: they weigh nothing, or nobody asks for their sums.
    fn take(&mut self, levels: &[u8], stride: usize, count: usize) {
        let length = levels.len() / stride;
        self.chunks = length.div_ceil(CHUNK);
        let pairs = count.div_ceil(2);
        let black = [i16x8::ZERO; CHUNK / 4];
        self.pairs.resize(pairs * self.chunks, black);
        for group in 0..self.chunks * CHUNK / 4 {
            let rows: [&[u8]; 4] = std::array::from_fn(|row| {
                let row = (group * 4 + row).min(length - 1);
                &levels[row * stride..][..stride]
            });
            let (chunk, group) = (group / (CHUNK / 4), group % (CHUNK / 4));
            let places = self.pairs[chunk..].iter_mut().step_by(self.chunks);
            for (pair, place) in places.enumerate() {
                place[group] = interleaved(rows, 2 * pair);
            }
        }
    }

    /// The weighted sums, as levels, of [`CHUNK`] samples.
    fn weigh(&self, tap: &Tap, chunk: usize) -> [u8; CHUNK] {
        let mut high = [i32x4::ZERO; CHUNK / 4];
        let mut low = [i32x4::ZERO; CHUNK / 4];
        let mut add = |(levels, weights): (&[i16x8; CHUNK / 4], &[i16x8; 2])| {
            for i in 0..CHUNK / 4 {
                high[i] += levels[i].dot(weights[0]);
                low[i] += levels[i].dot(weights[1]);
            }
        };
        let pairs = self.pairs[tap.first * self.chunks + chunk..].iter();
        let mut pairs = pairs.step_by(self.chunks).zip(&tap.weights);
        // Two in each turn: the compiler then moves the sums between registers half as often.
        while let Some(pair) = pairs.next() {
            add(pair);
            if let Some(pair) = pairs.next() {
                add(pair);
            }
        }
        let levels = |i: usize| {
            let sums = [i, i + 1].map(|i| ((high[i] << 8_i32) + low[i] + HALF) >> PRECISION_BITS);
            i16x8::from_i32x8_saturate(i32x8::from(sums.map(i32x4::to_array).as_flattened()))
        };
        u8x16::narrow_i16x8(levels(0), levels(2)).to_array()
    }
}

/// The levels at `at` and `at + 1` of each row.
#[inline]
fn interleaved(rows: [&[u8]; 4], at: usize) -> i16x8 {
    let bits = rows.iter().rev().fold(0_u64, |bits, row| {
        let pair = match row.get(at..at + 2) {
            Some(pair) => [pair[0], pair[1]],
            None => [row[at], 0],
        };
        bits << 16 | u64::from(u16::from_le_bytes(pair))
    });
    let bytes = u128::from(bits).to_le_bytes();
    i16x8::from_u8x16_low(u8x16::new(bytes))
}

/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`. The filter widens with the reduction and never narrows.
fn taps(length: usize, side: usize) -> Vec<Tap> {
    let scale = length as f64 / side as f64;
    let filter_scale = scale.max(1.0);
    let support = LANCZOS_SUPPORT * filter_scale;
    (0..side)
        .map(|i| {
            let center = (i as f64 + 0.5) * scale;
            let start = (center - support + 0.5) as usize;
            let end = ((center + support + 0.5) as usize).min(length);
            // Multiplied by the reciprocal as Pillow does: a division rounds differently.
            let weigh = |x: usize| lanczos((x as f64 - center + 0.5) * (1.0 / filter_scale));
            let weights = (start..end).map(weigh).collect::<Vec<_>>();
            Tap::new(start, to_fixed_point(&weights))
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
        let lengths = || (1..3000).chain([8192, 16_384, 65_535, 1_000_000]);
        for (length, side) in lengths().map(|n| (n, 32)).chain(lengths().map(|n| (n, 64))) {
            for tap in taps(length, side) {
                let magnitude = |[high, low]: &[i16x8; 2]| -> i64 {
                    let parts = high.to_array().into_iter().zip(low.to_array()).take(2);
                    parts
                        .map(|(high, low)| (i64::from(high) * 256 + i64::from(low)).abs())
                        .sum()
                };
                let magnitude: i64 = tap.weights.iter().map(magnitude).sum();
                assert!(
                    magnitude * 255 + (1 << PRECISION_BITS) < i64::from(i32::MAX),
                    "length {length}"
                );
                assert!(!tap.weights.is_empty(), "length {length}");
                assert!(2 * (tap.first + tap.weights.len()) <= length.next_multiple_of(2));
            }
        }
    }

    #[test]
    fn a_picture_of_the_squares_size_stays_as_it_is() {
        let pixels: Vec<u8> = (0..32 * 32).map(|i| (i * 37 % 256) as u8).collect();
        let luma = Luma {
            width: 32,
            height: 32,
            pixels: pixels.clone(),
        };
        let mut columns = Lines::default();
        columns.take_columns(&luma);
        let square = Resampler::<32>::default().square(&columns, 32, 32);
        assert_eq!(square.as_flattened(), pixels);
    }
}
