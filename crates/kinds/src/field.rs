//! Fields of orientations: the direction of the gradient, doubled, softly normalised. Light hardly changes them.

use rustfft::num_complex::Complex;

use crate::{HEIGHT, WIDTH};

/// Columns of a halved field.
pub(crate) const ACROSS: usize = WIDTH / 2;
/// Rows of a halved field.
pub(crate) const DOWN: usize = HEIGHT / 2;

/// Gradients below this, in grey levels a pixel, count ever less: noise.
const SOFT: f32 = 3.0;
/// The deviation, in pixels, of the Gaussian before the gradient, which reaches this far.
const SIGMA: f32 = 0.8;
const REACH: usize = 3;

/// 160×120 orientations and the lengths of the gradients that they are of.
pub(crate) struct Field {
    /// Row by row; the length is 0 to 1.
    pub(crate) orientations: Vec<Complex<f32>>,
    /// In grey levels a pixel.
    pub(crate) gradients: Vec<f32>,
}

impl Field {
    /// The field of 160×120 grey levels.
    pub(crate) fn of(luma: &[f32]) -> Self {
        let smooth = smoothed(luma);
        let mut orientations = Vec::with_capacity(luma.len());
        let mut gradients = Vec::with_capacity(luma.len());
        for y in 0..HEIGHT {
            let rows = [y.abs_diff(1), y, mirrored(y + 1, HEIGHT)];
            let rows = rows.map(|row| &smooth[row * WIDTH..][..WIDTH]);
            for x in 0..WIDTH {
                let (left, right) = (x.abs_diff(1), mirrored(x + 1, WIDTH));
                let across = |row: &[f32]| row[right] - row[left];
                let gx = (across(rows[0]) + 2.0 * across(rows[1]) + across(rows[2])) / 8.0;
                let down = |x: usize| rows[2][x] - rows[0][x];
                let gy = (down(left) + 2.0 * down(x) + down(right)) / 8.0;
                let length = (gx * gx + gy * gy).sqrt();
                let by = 1.0 / ((length + 1e-6) * (length + SOFT));
                orientations.push(Complex::new((gx * gx - gy * gy) * by, 2.0 * gx * gy * by));
                gradients.push(length);
            }
        }
        Field {
            orientations,
            gradients,
        }
    }

    /// With nothing where pixels are ignored.
    pub(crate) fn without(mut self, ignored: Option<&[bool]>) -> Self {
        let all = self.orientations.iter_mut().zip(&mut self.gradients);
        let ignored = all.zip(ignored.unwrap_or_default()).filter(|it| *it.1);
        for ((orientation, gradient), _) in ignored {
            *orientation = Complex::default();
            *gradient = 0.0;
        }
        self
    }

    /// At half the size: 80×60, each the mean of four, and nothing at the edges, whose gradients are made up.
    pub(crate) fn halved(&self) -> Vec<Complex<f32>> {
        let mut halved = vec![Complex::default(); ACROSS * DOWN];
        for y in 1..DOWN - 1 {
            for x in 1..ACROSS - 1 {
                let at = 2 * y * WIDTH + 2 * x;
                let of = &self.orientations;
                let sum = of[at] + of[at + 1] + of[at + WIDTH] + of[at + WIDTH + 1];
                halved[y * ACROSS + x] = sum / 4.0;
            }
        }
        halved
    }
}

/// The place that stands for one just beyond the last of `count`.
fn mirrored(at: usize, count: usize) -> usize {
    match at < count {
        true => at,
        false => 2 * (count - 1) - at,
    }
}

/// By a Gaussian, mirrored at the edges.
fn smoothed(luma: &[f32]) -> Vec<f32> {
    let weight = |at: usize| (-0.5 * (at as f32 / SIGMA).powi(2)).exp();
    let total: f32 = weight(0) + 2.0 * (1..=REACH).map(weight).sum::<f32>();
    let weights: [f32; REACH + 1] = std::array::from_fn(|at| weight(at) / total);
    let mut across = vec![0.0; luma.len()];
    for (row, to) in luma.chunks_exact(WIDTH).zip(across.chunks_exact_mut(WIDTH)) {
        for x in 0..WIDTH {
            let pair = |by: usize| row[x.abs_diff(by)] + row[mirrored(x + by, WIDTH)];
            to[x] = weights[0] * row[x] + (1..=REACH).map(|by| weights[by] * pair(by)).sum::<f32>();
        }
    }
    let mut smooth = vec![0.0; luma.len()];
    for (y, to) in smooth.chunks_exact_mut(WIDTH).enumerate() {
        let row = |y: usize| &across[y * WIDTH..][..WIDTH];
        for (to, from) in to.iter_mut().zip(row(y)) {
            *to = weights[0] * from;
        }
        for (by, weight) in weights.iter().enumerate().skip(1) {
            let pair = row(y.abs_diff(by))
                .iter()
                .zip(row(mirrored(y + by, HEIGHT)));
            for (to, (above, below)) in to.iter_mut().zip(pair) {
                *to += weight * (above + below);
            }
        }
    }
    smooth
}
