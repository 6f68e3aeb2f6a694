//! What is kept of a block at 1/4 scale besides its mean: how much its left half exceeds the right one, its upper half
//! the lower one, and one diagonal the other.
//!
//! A pixel at that scale is the mean of a quarter of a block, 4×4 pixels, as libjpeg's `jpeg_idct_2x2` (`jidctred.c`) has
//! it. It is the block's mean, plus or minus each of the three. Of the block's cosines (T.81, A.3.3) those of even
//! frequencies have the mean 0 over a half, so only coefficients whose frequencies are odd or 0 count: 24 and the DC one.

use std::array;
use std::f64::consts::{PI, SQRT_2};

/// Bits of a level's fraction.
const FRACTION: u32 = 11;

/// Bits of each of the three: levels from -512 to 512, more than which no picture has.
const FIELD: u32 = 21;

/// The three of a block, side by side in 64 bits: one multiplication and one addition take in a coefficient. Sums that no
/// picture has run over into one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slopes(i64);

impl Slopes {
    /// Takes in a coefficient's quantised value, with its weight.
    #[inline(always)]
    pub(super) fn add(&mut self, value: i32, weight: i64) {
        let product = i64::from(value).wrapping_mul(weight);
        self.0 = self.0.wrapping_add(product);
    }

    /// The same where `mask` is all ones, none where it is zero.
    #[inline(always)]
    pub(super) fn masked(self, mask: i64) -> Self {
        Self(self.0 & mask)
    }

    /// The levels of the four quarters: those of the upper half, then those of the lower one. `dc` is the DC coefficient,
    /// eight times the block's mean less 128.
    #[inline]
    pub(super) fn quarters(self, dc: i32) -> [[u8; 2]; 2] {
        let [across, down, crosswise] = self.split();
        let mean = dc
            .wrapping_shl(FRACTION - 3)
            .wrapping_add(1 << (FRACTION - 1));
        let level = |sum: i32| ((sum >> FRACTION) + 128).clamp(0, 255) as u8;
        let row = |down: i32, crosswise: i32| {
            let middle = mean.wrapping_add(down);
            let slope = across.wrapping_add(crosswise);
            [
                level(middle.wrapping_add(slope)),
                level(middle.wrapping_sub(slope)),
            ]
        };
        [row(down, crosswise), row(-down, -crosswise)]
    }

    fn split(self) -> [i32; 3] {
        let mut rest = self.0;
        array::from_fn(|_| {
            let field = rest << (64 - FIELD) >> (64 - FIELD);
            rest = rest.wrapping_sub(field) >> FIELD;
            field as i32
        })
    }
}

/// How much each coefficient adds to a block's [`Slopes`], by one of its steps.
pub(super) struct Weights([i64; 128]);

impl Default for Weights {
    fn default() -> Self {
        Self([0; 128])
    }
}

impl Weights {
    /// The weights of coefficients that were divided by these numbers, in zigzag order.
    pub(super) fn new(quantisation: &[u16; 64]) -> Self {
        let halves = array::from_fn(mean_of_half);
        let mut weights = Self::default();
        for (index, (row, column)) in zigzag().enumerate().skip(1) {
            let weight = one_weight(row, column, quantisation[index], &halves);
            weights.0[index + 1] = weight;
        }
        weights
    }

    /// The weight of the coefficient before this place in zigzag order.
    #[inline(always)]
    pub(super) fn before(&self, place: u32) -> i64 {
        self.0[place as usize % self.0.len()]
    }
}

/// Whether a coefficient of these frequencies counts.
fn counts(row: usize, column: usize) -> bool {
    let is_odd_or_0 = |frequency: usize| frequency == 0 || frequency % 2 == 1;
    is_odd_or_0(row) && is_odd_or_0(column)
}

fn one_weight(row: usize, column: usize, divisor: u16, halves: &[f64; 8]) -> i64 {
    if !counts(row, column) {
        return 0;
    }
    let field = match (row, column) {
        (0, _) => 0,
        (_, 0) => 1,
        _ => 2,
    };
    let level = halves[row] * halves[column] / 8.0 * f64::from(divisor);
    let weight = (level * f64::from(1 << FRACTION)).round() as i64;
    weight << (field * FIELD)
}

/// The mean, over the first half of a line, of the cosine of this frequency, beside that of frequency 0.
fn mean_of_half(frequency: usize) -> f64 {
    if frequency == 0 {
        return 1.0;
    }
    let cosine = |x: usize| (PI * ((2 * x + 1) * frequency) as f64 / 16.0).cos();
    SQRT_2 * (0..4).map(cosine).sum::<f64>() / 4.0
}

/// The coefficients' vertical and horizontal frequencies in the order in which they are coded (T.81, figure A.6): diagonal
/// by diagonal, up and down in turns.
fn zigzag() -> impl Iterator<Item = (usize, usize)> {
    (0..15_usize).flat_map(|diagonal| {
        let places = diagonal.saturating_sub(7)..=diagonal.min(7);
        places.map(move |place| match diagonal % 2 {
            0 => (diagonal - place, place),
            _ => (place, diagonal - place),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels of a block's pixels, by the textbook.
    fn pixels(coefficients: &[[f64; 8]; 8]) -> [[f64; 8]; 8] {
        let basis = |frequency: usize, at: usize| {
            let scale = if frequency == 0 { SQRT_2.recip() } else { 1.0 };
            scale * (PI * ((2 * at + 1) * frequency) as f64 / 16.0).cos()
        };
        array::from_fn(|y| {
            array::from_fn(|x| {
                let terms = (0..64).map(|i| (i / 8, i % 8));
                let terms = terms.map(|(v, u)| coefficients[v][u] * basis(v, y) * basis(u, x));
                terms.sum::<f64>() / 4.0 + 128.0
            })
        })
    }

    #[test]
    fn a_quarter_is_the_mean_of_its_pixels() {
        let quantisation = array::from_fn(|i| 1 + (i * 3 % 17) as u16);
        let weights = Weights::new(&quantisation);
        for turn in 0..200_usize {
            let (mut coefficients, mut slopes) = ([[0.0; 8]; 8], Slopes::default());
            let value = |i: usize| ((i * 71 + turn * 37) % 23) as i32 - 11;
            for (i, (row, column)) in zigzag().enumerate() {
                let value = value(i) / (1 + i as i32 / 4);
                coefficients[row][column] = f64::from(value * i32::from(quantisation[i]));
                if i > 0 {
                    slopes.add(value, weights.before(i as u32 + 1));
                }
            }
            let pixels = pixels(&coefficients);
            let quarters = slopes.quarters(coefficients[0][0] as i32);
            for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let rows = pixels[4 * y..].iter().take(4);
                let sum: f64 = rows.flat_map(|row| &row[4 * x..4 * x + 4]).sum();
                let difference = (sum / 16.0).clamp(0.0, 255.0) - f64::from(quarters[y][x]);
                assert!(difference.abs() < 0.6, "{difference} in turn {turn}");
            }
        }
    }

    #[test]
    fn the_order_of_the_coefficients_is_the_standards() {
        let first: Vec<_> = zigzag().take(10).collect();
        let expected = [
            (0, 0),
            (0, 1),
            (1, 0),
            (2, 0),
            (1, 1),
            (0, 2),
            (0, 3),
            (1, 2),
            (2, 1),
            (3, 0),
        ];
        assert_eq!(first, expected);
        assert_eq!(zigzag().count(), 64);
        assert_eq!(zigzag().last(), Some((7, 7)));
    }
}
